"""The live view without a screen."""

from __future__ import annotations

import asyncio

from election_core import Client
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
