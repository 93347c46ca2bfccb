"""The live view without a screen."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from election_core import Client
from election_core.core.model import Candidate, Transition
from election_core.testing import ManualClock, MemoryStore
from electiontui.embedded import EmbeddedEtcd
from electiontui.sources import ClusterView
from electiontui.sources.event_log import EventLog

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


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
        assert view.watched.lost_at is None
        assert all(term.ended_at is None or term.began_at <= term.ended_at for term in view.logs["pay"].terms)
        assert [transition.revision for transition in view.events("pay")][-1] == second.fencing_token
        assert view.take_news()
        assert view.flush() == {"pay"}
        assert view.rows["pay"].leader == "node-2"
        assert not view.take_news()


def test_what_a_leader_proclaims_pushes_no_change_of_leadership_out() -> None:
    log, leader = EventLog(), Candidate(b"e/a/1", b"node-1", 1, 1, 1)
    log.add(Transition("job", 1, None, leader, False, START))
    for revision in range(2, 2000):
        after = leader._replace(value=b"round %d" % revision)
        log.add(Transition("job", revision, leader, after, False, START))
        leader = after
    log.add(Transition("job", 2000, leader, None, False, START))
    events = list(log)
    assert [event.revision for event in events] == [1, *range(1800, 2000), 2000]
    assert [event.kind for event in (events[0], events[1], events[-1])] == ["elected", "proclaimed", "vacated"]


def test_changes_of_leadership_are_bounded_too() -> None:
    log, leader = EventLog(), Candidate(b"e/a/1", b"node-1", 1, 1, 1)
    for revision in range(1, 1201):
        before, after = (None, leader) if revision % 2 else (leader, None)
        log.add(Transition("job", revision, before, after, False, START))
    assert [event.revision for event in log] == list(range(701, 1201))


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


# It only computes, for ten seconds, and for a minute where each line is counted.
@pytest.mark.timeout(300)
def test_a_day_of_changes_is_kept_in_bounded_memory_and_the_rare_ones_of_it_whole() -> None:
    """Ten a second for so long that both bounds are passed; one of the elections changes once an hour."""
    client = SimpleNamespace(endpoints=("10.0.0.1:2379",))
    view = ClusterView(lambda: cast(Client, client), "election/")
    leaders = [Candidate(b"e/%d" % number, b"node-%d" % number, number + 1, 1, 1) for number in range(2)]
    last: dict[str, Candidate] = {}
    for number in range(260_000):
        name = "rare" if number % 36_000 == 0 else f"job-{number % 1000}"
        before, after = last.get(name), leaders[len(name) % 2 if name not in last else last[name] is leaders[0]]
        last[name] = after
        view._take(Transition(name, number, before, after, False, START + timedelta(seconds=number / 10)))
    assert sum(len(log.terms_kept) for log in view.logs.values()) == 200_000 + 1001
    assert sum(len(log._changes) for log in view.logs.values()) <= 200_000 + 1001
    assert len(view._events) <= 100_000
    assert len(view.events("rare")) == 8
    assert len(view.events("job-1")) == 62
    assert len(view.recent) == 2_000
