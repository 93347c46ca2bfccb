"""etcd forgets its history under a candidate that waits, an observer and a monitor."""

from __future__ import annotations

import asyncio

import pytest

from election_core import Client
from election_core.shell.subscription import Subscription
from electiontui.embedded import EmbeddedEtcd

from .clients import Moments, Raw, compact, in_line, new_client, note, raw_store, read_until, value_of
from .proxy import Proxy


class Breaks:
    """How often a subscription was disconnected and connected again."""

    def __init__(self, subscription: Subscription) -> None:
        self.events: asyncio.Queue[str] = asyncio.Queue()
        subscription.on("disconnected", lambda _: self.events.put_nowait("disconnected"))
        subscription.on("connected", lambda: self.events.put_nowait("connected"))

    async def wait_for(self, event: str) -> None:
        async with asyncio.timeout(15):
            while await self.events.get() != event:
                pass


@pytest.mark.parametrize("how", ["live", "while cut off"])
async def test_a_waiter_keeps_its_place_across_a_compaction(
    etcd: EmbeddedEtcd, proxy: Proxy, direct: Client, name: str, how: str
) -> None:
    """H23: whatever history is gone, the place in line is read anew."""
    leader = await direct.election(name).campaign("leader")
    async with new_client(proxy.endpoint) as client, raw_store(etcd.endpoint) as store:
        waiter = Moments(client.election(name).campaign("waiter"))
        await in_line(direct, name, 2)
        if how == "while cut off":
            proxy.cut()
        await compact(etcd.endpoint, await Raw(store).busy(200))
        await leader.resign()
        await compact(etcd.endpoint, await Raw(store).busy(2))  # the DELETE itself is history
        proxy.heal()
        await waiter.elected()
        (candidate,) = await direct.election(name).candidates()
        assert candidate.create_revision == waiter.campaign.fencing_token


@pytest.mark.parametrize("kind", ["observer", "monitor"])
async def test_a_quiet_prefix_on_a_busy_cluster(
    etcd: EmbeddedEtcd, proxy: Proxy, direct: Client, name: str, kind: str
) -> None:
    """The compaction passes the last event of the prefix by far, the connection breaks, and nothing had happened.
    The view is right again, and what happens next is told once."""
    leader = await direct.election(name).campaign("leader")
    async with new_client(proxy.endpoint) as client, raw_store(etcd.endpoint) as store:
        subscription = await _watch(client, name, kind)
        breaks = Breaks(subscription)
        await compact(etcd.endpoint, await Raw(store).busy(300))
        proxy.cut()
        proxy.heal()
        await breaks.wait_for("disconnected")
        await breaks.wait_for("connected")
        await leader.proclaim("next")
        (seen,) = await read_until(subscription, lambda each: True)
        assert value_of(seen) == "next"
        assert seen.before is not None
        assert seen.before.value == b"leader"
        note(f"quiet {kind}", said_gap=seen.gap)
        await leader.proclaim("and next")
        (seen,) = await read_until(subscription, lambda each: True)
        assert (value_of(seen), seen.gap) == ("and next", False)
        await subscription.cancel()


@pytest.mark.parametrize("kind", ["observer", "monitor"])
@pytest.mark.parametrize("vacant", [False, True], ids=["a-successor", "vacant-again"])
async def test_what_a_compaction_took_is_a_gap(
    etcd: EmbeddedEtcd, proxy: Proxy, direct: Client, name: str, kind: str, vacant: bool
) -> None:
    """Terms came and went while it was cut off, and their history is gone."""
    async with new_client(proxy.endpoint) as client, raw_store(etcd.endpoint) as store:
        election = direct.election(name)
        first = await election.campaign("first")
        subscription = await _watch(client, name, kind)
        breaks = Breaks(subscription)
        proxy.cut()
        await breaks.wait_for("disconnected")
        await first.resign()
        await (await election.campaign("unseen")).resign()
        last = None if vacant else await election.campaign("last")
        await compact(etcd.endpoint, await Raw(store).busy(10))
        proxy.heal()
        (seen,) = await read_until(subscription, lambda each: True)
        assert seen.gap
        assert seen.before is not None
        assert seen.before.value == b"first"
        assert value_of(seen) == (None if vacant else "last")
        if last is not None:
            await last.resign()
        after = await election.campaign("after")
        seen_later = await read_until(subscription, lambda each: value_of(each) == "after")
        assert not any(each.gap for each in seen_later)
        await after.resign()
        await subscription.cancel()


@pytest.mark.parametrize("kind", ["observer", "monitor"])
async def test_the_same_leader_on_both_sides_of_a_gap(
    etcd: EmbeddedEtcd, proxy: Proxy, direct: Client, name: str, kind: str
) -> None:
    """Vacant before and after, with a whole term compacted in between: the next transition owns up to it."""
    async with new_client(proxy.endpoint) as client, raw_store(etcd.endpoint) as store:
        election = direct.election(name)
        await (await election.campaign("first")).resign()
        seed = await election.campaign("known")  # a monitor has to have seen the election
        subscription = await _watch(client, name, kind)
        breaks = Breaks(subscription)
        await seed.resign()
        await read_until(subscription, lambda each: each.after is None)
        proxy.cut()
        await breaks.wait_for("disconnected")
        await (await election.campaign("unseen")).resign()
        await compact(etcd.endpoint, await Raw(store).busy(10))
        proxy.heal()
        await breaks.wait_for("connected")
        campaign = await election.campaign("after")
        (seen,) = await read_until(subscription, lambda each: True)
        assert (value_of(seen), seen.before, seen.gap) == ("after", None, True)
        await campaign.resign()
        await subscription.cancel()


async def _watch(client: Client, name: str, kind: str) -> Subscription:
    if kind == "observer":
        return await client.election(name).observe()
    return await client.monitor(f"election/{name}")
