"""Streams are cut at the worst moments: right after a watch was created, again and again, or ended without an error."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from election_core import Client
from election_core.shell.subscription import Subscription

from .clients import Moments, eventually, holds, in_line, new_client, read_until, value_of
from .cluster import BOTH_WAYS
from .proxy import Proxy
from .scripted import KEEP_ALIVE, WATCH, ScriptedEtcd

CREATED = b"\x18\x01"
"""``created: true`` in a `WatchResponse`. In other replies the tag 18 has a revision or a TTL behind it, never 1."""


class CutAtCreation:
    """Cuts the connection right after each of the next watches was created, and heals it until the last one."""

    def __init__(self, proxy: Proxy, times: int) -> None:
        self._proxy, self._left = proxy, times
        self.done = asyncio.Event()
        self._arm()

    def _arm(self) -> None:
        self._proxy.heal()
        self._proxy.after_reply(CREATED, self._created)

    def _created(self) -> None:
        self._proxy.cut()
        self._left -= 1
        if self._left:
            self._arm()
        else:
            self.done.set()


@pytest.mark.parametrize("proxy", BOTH_WAYS, indirect=True)
@pytest.mark.parametrize("times", [1, 3])
async def test_a_waiter_is_woken_although_its_watch_is_cut_when_created(
    proxy: Proxy, direct: Client, name: str, times: int
) -> None:
    """H20: the leader leaves while it is cut off."""
    leader = await direct.election(name).campaign("leader")
    async with new_client(proxy.endpoint) as client:
        cutting = CutAtCreation(proxy, times)
        waiter = Moments(client.election(name).campaign("waiter"))
        async with asyncio.timeout(15):
            await cutting.done.wait()
        await leader.resign()
        proxy.heal()
        await waiter.elected()


@pytest.mark.parametrize("proxy", BOTH_WAYS, indirect=True)
@pytest.mark.parametrize("kind", ["observer", "monitor"])
@pytest.mark.parametrize("times", [1, 3])
async def test_pending_history_outlives_a_cut_when_created(
    proxy: Proxy, direct: Client, name: str, kind: str, times: int
) -> None:
    """H20: the header of ``created`` is newer than the history that was not delivered; resuming there loses it."""
    election = direct.election(name)
    first = await election.campaign("first")
    async with new_client(proxy.endpoint) as client:
        subscription: Subscription = (
            client.election(name).observe() if kind == "observer" else client.monitor(f"election/{name}")
        )
        await subscription
        proxy.cut()
        await first.resign()
        await (await election.campaign("second")).resign()
        cutting = CutAtCreation(proxy, times)
        async with asyncio.timeout(15):
            await cutting.done.wait()
        third = await election.campaign("third")
        proxy.heal()
        seen = await read_until(subscription, lambda each: value_of(each) == "third")
        assert [value_of(each) for each in seen] == [None, "second", None, "third"]
        assert not any(each.gap for each in seen)
        await third.resign()
        await subscription.cancel()


async def test_a_first_watch_cut_when_created_still_begins(proxy: Proxy, direct: Client, name: str) -> None:
    campaign = await direct.election(name).campaign("leader")
    async with new_client(proxy.endpoint) as client:
        cutting = CutAtCreation(proxy, 2)
        async with asyncio.TaskGroup() as group:
            observing = group.create_task(_observe(client, name))
            await cutting.done.wait()
            proxy.heal()
        assert observing.result() == "leader"
    await campaign.resign()


async def _observe(client: Client, name: str) -> str | None:
    async with client.election(name).observe() as observer:
        return observer.leader()


async def test_renewals_that_end_after_each_answer_cost_no_leadership(scripted: ScriptedEtcd, name: str) -> None:
    """H42: some proxies and servers end the stream of renewals gracefully from time to time."""
    scripted.end_renewals_after(1)
    async with new_client(scripted.endpoint) as client:
        leader = Moments(client.election(name, ttl=2).campaign("leader"))
        await leader.elected()
        await holds(lambda: leader.campaign.is_leader and not leader.has_failed, 6)
    assert scripted.calls[KEEP_ALIVE] >= 6
    assert scripted.replies[KEEP_ALIVE] >= 6


async def has_more(scripted: ScriptedEtcd, watches: int) -> bool:
    return scripted.calls[WATCH] > watches


async def test_streams_that_end_without_an_error_are_opened_again(
    scripted: ScriptedEtcd, direct: Client, name: str
) -> None:
    """H17, H37: a graceful end is no silence: nothing is missed."""
    election = direct.election(name)
    leader = await election.campaign("0")
    async with new_client(scripted.endpoint) as client:
        waiter = Moments(client.election(name, ttl=3).campaign("waiter"))
        await in_line(direct, name, 2)
        async with client.election(name).observe() as observer:
            for each in range(1, 6):
                opened = scripted.calls[WATCH]
                scripted.end_streams()
                await leader.proclaim(str(each))
                seen = await read_until(observer, lambda transition: True)
                assert [(value_of(transition), transition.gap) for transition in seen] == [(str(each), False)]
                # What was under way when they ended may have brought it.
                await eventually(partial(has_more, scripted, opened), "a stream is opened again", 5)
            assert not waiter.has_failed
            await leader.resign()
            await waiter.elected()
