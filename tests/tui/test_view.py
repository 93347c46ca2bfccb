"""The live view without a screen."""

from __future__ import annotations

import asyncio

from election_core import Client
from election_core.testing import ManualClock, MemoryStore
from electiontui.embedded import EmbeddedEtcd
from electiontui.sources import ClusterView


async def test_what_came_before_the_view_took_over_is_in_its_timeline(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client, client.monitor() as monitor:
        seen = asyncio.Event()
        monitor.on("change", lambda each: seen.set() if each.after and each.after.value == b"node-2" else None)
        election = client.election("pay")
        first = await election.campaign("node-1").wait()
        await first.resign()
        second = await election.campaign("node-2").wait()
        async with asyncio.timeout(10):
            await seen.wait()
        view = ClusterView(lambda: client, "election/")
        view._adopt(monitor)
        leaders = [term.leader for term in view.logs["pay"].terms]
        assert [None if leader is None else leader.value for leader in leaders] == [None, b"node-1", None, b"node-2"]
        assert all(term.began_known for term in view.logs["pay"].terms)
        assert all(term.ended_at is None or term.began_at <= term.ended_at for term in view.logs["pay"].terms)
        assert [transition.revision for transition in view.events("pay")][-1] == second.fencing_token
        assert view.take_news()
        assert view.flush() == {"pay"}
        assert view.rows["pay"].leader == "node-2"
        assert not view.take_news()


async def test_what_the_monitor_forgets_the_view_forgets_too() -> None:
    """H61: names made for each job must not fill the memory of a dashboard."""
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    async with Client.over(store.another(), clock) as client, client.monitor() as monitor:
        view = ClusterView(lambda: client, "election/")
        view._adopt(monitor)
        campaign = await client.election("job-1").campaign("node").wait()
        await campaign.resign()
        await clock.elapse(1)
        assert view.take_news()
        assert view.flush() == {"job-1"}
        assert set(view.rows) == set(view.logs) == {"job-1"}
        await clock.elapse(3700)
        assert view.take_news()
        assert view.flush() == {"job-1"}
        assert not view.rows
        assert not view.logs
        assert not view.events("job-1")
