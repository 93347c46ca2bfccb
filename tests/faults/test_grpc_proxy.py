"""What is behind etcd's own proxy fails; the proxies themselves fail in `test_failover`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from election_core import Client
from electiontui.embedded import EmbeddedEtcd

from ..grpc_proxy import GrpcProxy
from ..servers import needed_binary
from .clients import Moments, holds, in_line, new_client, note, read_until, value_of
from .cluster import Cluster
from .proxy import Proxy

TTL = 6
LONG_TTL = 15
"""A raft leader that is killed and comes back has two of them elected, while the proxy renews every third of a TTL."""


@pytest.fixture(scope="module", params=["", "behind/"], ids=["plain", "namespace"])
def through(request: pytest.FixtureRequest, _three_members: EmbeddedEtcd) -> Iterator[GrpcProxy]:
    """One proxy in front of all members."""
    with GrpcProxy(needed_binary("3.5"), _three_members.endpoints, request.param) as proxy:
        yield proxy


@pytest.mark.timeout(90)
async def test_each_member_behind_it_is_killed_in_turn_under_everything(
    cluster: Cluster, through: GrpcProxy, name: str
) -> None:
    """Leading, waiting, a session, observing and monitoring go on, and no transition is missed or told twice."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(new_client(through.endpoint))
        session = await stack.enter_async_context(client.session(LONG_TTL))
        election = client.election(name, ttl=LONG_TTL)
        leader = Moments(election.campaign("one"))
        await leader.elected()
        waiter = Moments(election.campaign("two", session=session))
        await in_line(client, name, 2)
        observer = await stack.enter_async_context(election.observe())
        monitor = await stack.enter_async_context(client.monitor(f"election/{name}"))
        for number, member in enumerate(cluster.members):
            member.kill()
            await holds(lambda: leader.campaign.is_leader and not leader.has_failed, LONG_TTL / 3)
            member.restart()
            await asyncio.to_thread(cluster.etcd.wait_healthy)
            await leader.campaign.proclaim(f"after {number}")
        assert session.is_alive
        await leader.campaign.resign()
        await waiter.elected()
        await waiter.campaign.proclaim("the end")
        for subscription in (observer, monitor):
            seen = await read_until(subscription, lambda each: value_of(each) == "the end")
            assert [value_of(each) for each in seen] == ["after 0", "after 1", "after 2", "two", "the end"]
            assert not any(each.gap for each in seen)
        await waiter.campaign.resign()


LATE = 2.5


@pytest.mark.timeout(60)
async def test_two_leaders_are_bounded_by_how_late_etcd_answers_the_proxy(
    etcd: EmbeddedEtcd, proxy: Proxy, direct: Client, name: str
) -> None:
    """That nobody else leads cannot be promised here: the proxy may answer a renewal with one that it had sent
    earlier, and says nothing of when. Where etcd answers it late and is then cut off, the old leader may go on past
    the end of its lease, but for no longer than etcd's answers are late."""
    with GrpcProxy(etcd.binary, [proxy.endpoint]) as through:
        async with new_client(through.endpoint, timeout=5) as client:
            old = Moments(client.election(name, ttl=TTL).campaign("old"))
            await old.elected()
            new = Moments(direct.election(name, ttl=TTL).campaign("new"))
            await in_line(direct, name, 2)
            proxy.delay(LATE, "replies")
            await asyncio.sleep(2 * TTL / 3 + LATE)  # a renewal was answered that late
            proxy.black_hole("requests")
            cut_at = time.monotonic()
            lost, elected_at = await asyncio.gather(old.failed(), new.elected())
            note("two leaders behind a proxy", overlap=lost.at - elected_at, lost_after=lost.at - cut_at)
            assert lost.at - elected_at <= LATE
            proxy.heal()
            await new.campaign.resign()
