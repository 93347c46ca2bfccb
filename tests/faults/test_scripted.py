"""Answers that only a cluster in trouble gives, or a server other than ours, from a scripted one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial

import pytest
from grpc import StatusCode

from election_core import Client, PermissionDenied, Unavailable
from election_core.clock import SystemClock, Timer
from election_core.config import parse_endpoints
from election_core.etcd import EtcdStore
from election_core.store import Delete, KeyRange, Read
from electiontui.embedded import EmbeddedEtcd

from .clients import Moments, Raw, eventually, holds, in_line, new_client, note, raw_store, read_until, value_of
from .scripted import AUTHENTICATE, GRANT, KEEP_ALIVE, RANGE, REVOKE, TXN, WATCH, Refusal, ScriptedEtcd

PASSING: list[Refusal] = [
    (StatusCode.UNAVAILABLE, "etcdserver: no leader"),
    (StatusCode.UNAVAILABLE, "etcdserver: leader changed"),
    (StatusCode.UNAVAILABLE, "etcdserver: request timed out"),
    (StatusCode.UNAVAILABLE, "etcdserver: request timed out, possibly due to previous leader failure"),
    (StatusCode.UNAVAILABLE, "etcdserver: request timed out, possibly due to connection lost"),
    (StatusCode.UNAVAILABLE, "etcdserver: server stopped"),
    (StatusCode.UNAVAILABLE, "etcdserver: unhealthy cluster"),
    (StatusCode.RESOURCE_EXHAUSTED, "etcdserver: too many requests"),
    (StatusCode.UNKNOWN, "raft: stopped"),
]
UNARY = (GRANT, TXN, RANGE, REVOKE)


@pytest.mark.parametrize("refusal", PASSING, ids=[text.removeprefix("etcdserver: ") for _, text in PASSING])
async def test_a_passing_refusal_is_tried_again(
    scripted: ScriptedEtcd, direct: Client, name: str, refusal: Refusal
) -> None:
    """Each kind of call meets it three times; the whole life of a campaign goes through."""
    for method in UNARY:
        scripted.refuse(method, refusal, 3)
    async with new_client(scripted.endpoint) as client:
        began = time.monotonic()
        assert await client.election(name).leader() is None
        campaign = await client.election(name, ttl=10).campaign("leader")
        elected = time.monotonic() - began
        scripted.refuse(TXN, refusal, 3)
        await campaign.proclaim("another")
        assert await direct.election(name).leader() == "another"
        await campaign.resign()
        assert await direct.lease(campaign.lease_id) is None
        note(f"three times {refusal[1]!r} each", elected_after=elected)


async def test_a_refusal_that_stays_ends_the_call_in_time(scripted: ScriptedEtcd, name: str) -> None:
    scripted.refuse(RANGE, (StatusCode.UNAVAILABLE, "etcdserver: no leader"), 10_000)
    async with new_client(scripted.endpoint, timeout=1.5) as client:
        began = time.monotonic()
        with pytest.raises(Unavailable, match="no leader"):
            await client.election(name).leader()
        assert time.monotonic() - began < 2.9
        assert scripted.calls[RANGE] < 30  # backed off


async def test_a_try_that_is_cut_short_does_not_hide_what_was_refused_before(scripted: ScriptedEtcd, name: str) -> None:
    """The second answer would come after the end of the call."""
    scripted.delay(RANGE, 1.8)
    scripted.refuse(RANGE, (StatusCode.UNAVAILABLE, "etcdserver: no leader"), 10_000)
    async with new_client(scripted.endpoint, timeout=3) as client:
        with pytest.raises(Unavailable, match="no leader"):
            await client.election(name).leader()


@pytest.mark.parametrize("method", [GRANT, TXN])
async def test_a_lost_reply_makes_one_candidate(scripted: ScriptedEtcd, direct: Client, name: str, method: str) -> None:
    """H12: the request was carried out, and is repeated."""
    scripted.lose_replies(method, 2)
    async with new_client(scripted.endpoint) as client:
        campaign = await client.election(name).campaign("leader")
        (candidate,) = await direct.election(name).candidates()
        assert (candidate.key, candidate.create_revision) == (campaign.key, campaign.fencing_token)
        scripted.lose_replies(TXN, 1)
        await campaign.proclaim("another")
        scripted.lose_replies(REVOKE, 1)
        await campaign.resign()
        assert await direct.election(name).candidates() == []


async def test_refused_renewals_are_repeated_with_a_new_token(scripted: ScriptedEtcd, name: str) -> None:
    """H34b: since CVE-2026-33413 an expired token ends the stream of renewals."""
    scripted.require_tokens()
    async with Client(scripted.endpoint, username="u", password="p") as client:
        leader = Moments(client.election(name, ttl=3).campaign("leader"))
        await leader.elected()
        for _ in range(4):
            known, renewed = scripted.authenticated, scripted.replies[KEEP_ALIVE]
            scripted.expire_tokens()
            await holds(lambda: leader.campaign.is_leader and not leader.has_failed, 2)
            await eventually(partial(went_on, scripted, known, renewed), "a new token, and an answer to a renewal")
            assert leader.campaign.is_leader
        scripted.expire_tokens()
        await leader.campaign.proclaim("still")
        scripted.expire_tokens()
        await leader.campaign.resign()


async def went_on(scripted: ScriptedEtcd, authenticated: int, renewed: int) -> bool:
    """Whether there was a log-in since then, and an answer to a renewal."""
    return scripted.authenticated > authenticated and scripted.replies[KEEP_ALIVE] > renewed


async def test_a_watch_refused_for_an_expired_token_is_opened_with_a_new_one(scripted: ScriptedEtcd, name: str) -> None:
    """H33: etcd 3.5.1 calls an expired token a missing permission there. Both who waits and who observes go on."""
    scripted.require_tokens()
    async with (
        Client(scripted.endpoint, username="u", password="p") as other,
        Client(scripted.endpoint, username="u", password="p") as client,
    ):
        leader = await other.election(name, ttl=30).campaign("leader")
        waiter = Moments(client.election(name, ttl=30).campaign("waiter"))
        await in_line(other, name, 2)
        async with client.election(name).observe() as observer:
            scripted.expire_tokens()
            scripted.end_streams()
            await leader.resign()
            await waiter.elected(10)
            seen = await read_until(observer, lambda each: value_of(each) == "waiter", 10)
            assert [value_of(each) for each in seen] == ["waiter"]


async def test_a_refused_watch_leaves_the_others_alone(scripted: ScriptedEtcd, direct: Client, name: str) -> None:
    """H35: "created" and "canceled" at once, with the id of another watch."""
    async with new_client(scripted.endpoint) as client, client.election(name).observe() as established:
        scripted.refuse_watches("etcdserver: mvcc: something passing", 2)
        async with client.election(f"{name}-2").observe() as refused_at_first:
            assert refused_at_first.connected
        campaign = await direct.election(name).campaign("leader")
        assert [value_of(each) for each in await read_until(established, lambda each: True)] == ["leader"]
        await campaign.resign()


async def test_a_denied_watch_is_an_error_and_no_silence(scripted: ScriptedEtcd, direct: Client, name: str) -> None:
    """H34: aetcd takes it for a watch that is silent."""
    leader = await direct.election(name).campaign("leader")
    denied = "rpc error: code = PermissionDenied desc = etcdserver: permission denied"
    async with new_client(scripted.endpoint) as client:
        scripted.refuse_watches(denied, 10_000)
        with pytest.raises(PermissionDenied, match="permission"):
            await client.election(name).observe()
        waiter = client.election(name, ttl=10).campaign("waiter")
        async with asyncio.timeout(5):
            with pytest.raises(PermissionDenied, match="permission"):
                await waiter.wait()
        await in_line(direct, name, 1)
    await leader.resign()


@pytest.mark.parametrize("code", [StatusCode.PERMISSION_DENIED, StatusCode.UNKNOWN])
async def test_a_missing_permission_is_an_error_of_its_own(scripted: ScriptedEtcd, name: str, code: StatusCode) -> None:
    """For calls, watches and renewals alike."""
    async with raw_store(scripted.endpoint) as store:
        scripted.refuse(RANGE, (code, "etcdserver: permission denied"), 1)
        with pytest.raises(PermissionDenied, match="read and write on the prefix"):
            await store.read(Read(KeyRange(name.encode())))
        scripted.refuse_watches("rpc error: code = PermissionDenied desc = etcdserver: permission denied", 1)
        # etcd tells a user without the right and no user apart for calls, and not for watches.
        with pytest.raises(PermissionDenied, match="give username and password"):
            await store.watch([KeyRange(name.encode())]).__aenter__()
        scripted.refuse(KEEP_ALIVE, (code, "etcdserver: permission denied"), 1)
        async with store.renewals() as renewals:
            with pytest.raises(PermissionDenied, match="read and write on the prefix") as caught:
                await anext(aiter(renewals))
        assert caught.value.endpoint == scripted.endpoint


async def test_a_slow_login_is_part_of_the_call(scripted: ScriptedEtcd) -> None:
    """The login, the wait for that of others, and the call itself: all of it ends within the timeout."""
    scripted.delay(AUTHENTICATE, 0.6)
    scripted.delay(RANGE, 0.6)
    scripted.delay("/etcdserverpb.Maintenance/Status", 0.6)
    async with Client(scripted.endpoint, username="u", password="p", timeout=1) as client:
        began = time.monotonic()
        calls = asyncio.gather(*(client.election("x").leader() for _ in range(5)), return_exceptions=True)
        (status,) = await client.status()
        assert [type(each) for each in await calls] == [Unavailable] * 5
        assert not status.reachable
        assert time.monotonic() - began < 1.9


async def test_logins_that_nobody_answers_do_not_queue_up(scripted: ScriptedEtcd) -> None:
    scripted.delay(AUTHENTICATE, 60)
    async with Client(scripted.endpoint, username="u", password="p", timeout=1) as client:
        began = time.monotonic()
        results = await asyncio.gather(*(client.election("x").leader() for _ in range(5)), return_exceptions=True)
        assert [type(each) for each in results] == [Unavailable] * 5
        assert "log the user in" in str(results[-1]) or "did not answer in time" in str(results[-1])
        assert time.monotonic() - began < 1.9


async def test_a_lease_that_exists_is_described_within_the_same_timeout(scripted: ScriptedEtcd) -> None:
    scripted.refuse(GRANT, (StatusCode.FAILED_PRECONDITION, "etcdserver: lease already exists"), 1)
    scripted.delay(GRANT, 0.7)
    scripted.delay("/etcdserverpb.Lease/LeaseTimeToLive", 0.7)
    async with raw_store(scripted.endpoint, timeout=1) as store:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await store.grant(1, 10)
        assert time.monotonic() - began < 1.9


async def test_a_waiter_survives_a_lost_delete(scripted: ScriptedEtcd, direct: Client, name: str) -> None:
    """H24: the server never delivers the DELETE; the place in line is read anew once per TTL."""
    leader = await direct.election(name).campaign("leader")
    async with new_client(scripted.endpoint) as client:
        scripted.lose_deletes()
        waiter = Moments(client.election(name, ttl=3).campaign("waiter"))
        await in_line(direct, name, 2)
        await eventually(scripted.has_created_a_watch, "the waiter watches")
        resigned_at = time.monotonic()
        await leader.resign()
        took = await waiter.elected() - resigned_at
        assert took < 3 + 3
        assert scripted.calls[WATCH] > 0
        note("lost DELETE, ttl 3", elected_after=took)


async def test_a_leader_learns_of_its_deleted_key_although_the_delete_is_lost(
    scripted: ScriptedEtcd, etcd: EmbeddedEtcd, name: str
) -> None:
    async with new_client(scripted.endpoint) as client, raw_store(etcd.endpoint) as store:
        scripted.lose_deletes()
        leader = Moments(client.election(name, ttl=3).campaign("leader"))
        await leader.elected()
        await eventually(scripted.has_created_a_watch, "the leader watches its key")
        began = time.monotonic()
        await Raw(store).do(Delete(leader.campaign.key))
        lost = await leader.failed()
        assert lost.at - began < 3 + 3
        note("lost DELETE of the own key, ttl 3", told_after=lost.at - began)


class HastyClock(SystemClock):
    """Runs twenty times as fast, so that what happens each minute happens within seconds."""

    def now(self) -> float:
        return super().now() * 20

    def call_at(self, moment: float, callback: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later((moment - self.now()) / 20, callback)


async def test_an_observer_survives_a_lost_delete(scripted: ScriptedEtcd, direct: Client, name: str) -> None:
    """H24: the leader is gone and the observer still shows it. Within ten minutes of its clock it has to find out."""
    # Of the hasty clock's seconds, too.
    store = EtcdStore(parse_endpoints(scripted.endpoint), username=None, password=None, tls=None, timeout=100.0)
    leader = await direct.election(name).campaign("leader")
    async with Client.over(store, HastyClock()) as client, client.election(name).observe() as observer:
        scripted.lose_deletes()
        await leader.resign()
        (seen,) = await read_until(observer, lambda each: True, 30)
        assert (value_of(seen), seen.gap) == (None, True)


async def test_refused_streams_of_renewals_cost_no_leadership(scripted: ScriptedEtcd, name: str) -> None:
    scripted.refuse(KEEP_ALIVE, (StatusCode.FAILED_PRECONDITION, "etcdserver: not leader"), 3)
    async with new_client(scripted.endpoint) as client:
        leader = Moments(client.election(name, ttl=3).campaign("leader"))
        await leader.elected()
        await holds(lambda: leader.campaign.is_leader and not leader.has_failed, 4)
    assert scripted.calls[KEEP_ALIVE] > 3
