"""etcd is wiped or restored from a backup under running clients: its revisions go back, and mean something else."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from election_core import Campaign, Client, LeadershipLost, Unavailable
from election_core.errors import Compacted, Restored
from election_core.store import KeyRange, Put, Read
from electiontui.embedded import EmbeddedEtcd

from ..servers import Etcdctl, binary_for, is_alive
from .clients import Moments, Raw, eventually, in_line, new_client, note, raw_store, read_until, value_of
from .scripted import RANGE, ScriptedEtcd

TTL = 30
WITHIN = 5.0
"""Seconds after etcd answers again; gRPC takes up to two to connect. Renewals are ten apart, re-reads thirty."""


class LoneEtcd:
    """A server of one's own, to be set back."""

    def __init__(self, etcd: EmbeddedEtcd) -> None:
        self._etcd = etcd
        (self._member,) = etcd.members
        self.endpoint = self._member.endpoint
        self._data = etcd.folder / self._member.name
        self._backup: Path | None = None

    def save(self) -> None:
        """Make a backup, which `set_back` restores; without one it wipes."""
        self._backup = self._etcd.folder / "backup"
        Etcdctl(self.endpoint).run("snapshot", "save", str(self._backup))

    async def set_back(self) -> float:
        """Return when it answers again."""
        options = self._options()
        self._member.kill()
        await eventually(self._is_down, "it is killed")
        shutil.rmtree(self._data)
        if self._backup is not None:
            Etcdctl(self.endpoint).run(
                *("snapshot", "restore", str(self._backup), "--data-dir", str(self._data)),
                *(word for name in _RESTORED for word in (name, options[name])),
            )
        self._member.restart()
        await asyncio.to_thread(self._etcd.wait_healthy)
        return time.monotonic()

    def freeze(self) -> None:
        self._member.freeze()

    def thaw(self) -> None:
        self._member.thaw()

    async def _is_down(self) -> bool:
        return not is_alive(self._member.pid)

    def _options(self) -> dict[str, str]:
        words = Path(f"/proc/{self._member.pid}/cmdline").read_bytes().decode().split("\0")
        return dict(pairwise(words))


async def is_so(condition: bool) -> bool:
    return condition


_RESTORED = ("--name", "--initial-cluster", "--initial-cluster-token", "--initial-advertise-peer-urls")


@pytest.fixture
async def lone() -> AsyncIterator[LoneEtcd]:
    async with EmbeddedEtcd(binary=binary_for("3.5")) as embedded:
        yield LoneEtcd(embedded)


@pytest.fixture(params=["wiped", "restored"])
async def history(request: pytest.FixtureRequest, lone: LoneEtcd, name: str) -> str | None:
    """What leads once etcd was set back, while "now" leads today. Much else has happened in between."""
    async with new_client(lone.endpoint) as client:
        if request.param == "restored":
            past = await client.election(name, ttl=600).campaign("past")
            lone.save()
            await past.resign()
        async with raw_store(lone.endpoint) as store:
            await Raw(store).busy(30)
    return "past" if request.param == "restored" else None


@pytest.mark.parametrize("kind", ["observer", "monitor"])
async def test_who_looks_on_is_told_of_the_gap(lone: LoneEtcd, history: str | None, name: str, kind: str) -> None:
    """H54: the old leader was shown forever, by a view that called itself connected."""
    async with new_client(lone.endpoint) as other, new_client(lone.endpoint) as client:
        await other.election(name, ttl=TTL).campaign("now").wait()
        subscription: Any = client.election(name).observe() if kind == "observer" else client.monitor()
        async with subscription:
            back = await lone.set_back()
            seen = await read_until(subscription, lambda each: value_of(each) == history, WITHIN)
            note(f"{kind}, {history} leads", told_after=time.monotonic() - back)
            assert seen[-1].gap
            await eventually(lambda: is_so(subscription.connected), "it is connected", WITHIN)
            if history is None:
                async with new_client(lone.endpoint) as third:
                    leader = await third.election(name, ttl=TTL).campaign("next")
                    (transition,) = await read_until(subscription, lambda each: True, WITHIN)
                    assert (value_of(transition), transition.revision) == ("next", leader.fencing_token)


async def test_a_leader_and_who_waits_are_told(lone: LoneEtcd, history: str | None, name: str) -> None:
    """H55: neither their keys nor, after a wipe, their leases exist any more."""
    async with new_client(lone.endpoint) as client, new_client(lone.endpoint) as other:
        leader = Moments(client.election(name, ttl=TTL).campaign("now"))
        await leader.elected()
        waiter = Moments(other.election(name, ttl=TTL).campaign("waiter"))
        await in_line(client, name, 2)
        back = await lone.set_back()
        for each in (leader, waiter):
            failure = await each.failed(WITHIN)
            assert isinstance(failure.error, LeadershipLost)
            note(f"{each.campaign.value!r}, {history} leads", told_after=failure.at - back)


async def test_candidates_that_share_a_line_are_told(lone: LoneEtcd, history: str | None, name: str) -> None:
    """H55: the line they share is read anew, although all of it is older than what was known."""
    async with new_client(lone.endpoint) as client:
        first = client.election(name, ttl=TTL).campaign("now")
        await first.wait()
        campaigns: list[Campaign] = [first]
        for value in ("second", "third"):
            campaigns.append(client.election(name, ttl=TTL).campaign(value))
            await in_line(client, name, len(campaigns))
        moments = [Moments(each) for each in campaigns]
        back = await lone.set_back()
        for each in moments:
            failure = await each.failed(WITHIN)
            assert isinstance(failure.error, LeadershipLost)
            note(f"shared line, {history} leads", told_after=failure.at - back)


async def test_a_watch_does_not_wait_for_revisions_to_come_again(lone: LoneEtcd, name: str) -> None:
    """H54: etcd itself takes a start in its future for one, and is silent until then."""
    key = KeyRange(name.encode())
    async with raw_store(lone.endpoint) as store:
        last = await Raw(store).busy(20)
        await lone.set_back()
        with pytest.raises(Restored):
            async with asyncio.timeout(WITHIN):
                await resumed(store, key, last + 1)
        assert store.rewinds == 1
        assert (await store.read(Read(key))).revision < last


async def resumed(store: Any, key: KeyRange, start_revision: int) -> None:
    """Watch as one who resumes does, until it fails for good."""
    while True:
        try:
            async with store.watch([key], start_revision=start_revision) as watch:
                await anext(aiter(watch))
        except Unavailable as exc:
            if isinstance(exc, Compacted):
                raise
            await asyncio.sleep(0.1)


async def test_a_member_that_lags_behind_is_no_restored_one(scripted: ScriptedEtcd, direct: Client, name: str) -> None:
    """H56: a read tells them apart, and nothing is missed or marked."""

    def lagging(response: Any) -> Any:
        response.header.revision = max(response.header.revision - 2, 1)
        return response

    async with new_client(scripted.endpoint) as client, client.election(name).observe() as observer:
        for _ in range(3):
            await (await direct.election(f"{name}-2").campaign("elsewhere")).resign()
        await client.election(name).leader()
        scripted.edit_watch(lagging)
        scripted.end_streams()
        asked = scripted.calls[RANGE]
        leader = await direct.election(name).campaign("leader")
        seen = await read_until(observer, lambda each: value_of(each) == "leader")
        assert [(value_of(each), each.gap) for each in seen] == [("leader", False)]

        async def was_asked() -> bool:
            return scripted.calls[RANGE] > asked

        await eventually(was_asked, "the member is asked")
        assert client._runtime.store.rewinds == 0
        await leader.resign()
        (vacated,) = await read_until(observer, lambda each: True)
        assert (value_of(vacated), vacated.gap) == (None, False)


async def test_another_cluster_behind_the_same_name_is_told(lone: LoneEtcd, scripted: ScriptedEtcd, name: str) -> None:
    """H56: whatever answer says so first, and however new its revisions."""
    async with raw_store(scripted.endpoint) as store, store.watch([KeyRange(name.encode())]) as watch:
        async with raw_store(lone.endpoint) as there:
            await Raw(there).do(Put(b"x", b"", 0))
        scripted.switch(lone.endpoint)
        await store.lease(1)
        with pytest.raises(Restored):
            async with asyncio.timeout(10):
                await anext(aiter(watch))
        assert store.rewinds == 1
