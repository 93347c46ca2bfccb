"""Events that a server loses are found out by a read from time to time, and said to be a gap."""

from __future__ import annotations

from typing import Any

import pytest

from election_core import CampaignState
from election_core.core.model import Snapshot
from election_core.store import Delete, Read, Store

from .stage import Stage


async def vacancy_is_lost(stage: Stage) -> None:
    """A leader leaves and the subscription is not told of it."""
    leader = (await stage.candidates())[0]
    await stage.clock.elapse(1)
    stage.lossy.lose_event(leader.key)
    await stage.do(Delete(leader.key))
    await stage.clock.elapse(5)


@pytest.fixture
async def lossy(stage: Stage) -> Stage:
    await stage.client().election("job").campaign("node-a").wait()
    await stage.client().election("job").campaign("node-b").proclaim("node-b")
    stage.lossy = stage.store()
    return stage


async def test_an_observer_makes_up_for_a_lost_delete(lossy: Stage) -> None:
    async with lossy.client(lossy.lossy).election("job").observe() as observer:
        await vacancy_is_lost(lossy)
        assert observer.leader() == "node-a", "the event was not lost"
        await lossy.clock.elapse(70)
        assert observer.leader() == "node-b"
        transition = await anext(observer)
        assert (transition.kind, transition.gap) == ("succeeded", True)


async def test_a_monitor_makes_up_for_a_lost_delete_and_leaves_other_elections_alone(lossy: Stage) -> None:
    await lossy.client().election("other").campaign("node-c").wait()
    async with lossy.client(lossy.lossy).monitor() as monitor:
        await vacancy_is_lost(lossy)
        await lossy.clock.elapse(310)
        assert [candidate.value for candidate in monitor.elections["job"].queue] == [b"node-b"]
        transition = await anext(monitor)
        assert (transition.election, transition.kind, transition.gap) == ("job", "succeeded", True)
        await lossy.do(Delete((await lossy.client().election("other").candidates())[0].key))
        await lossy.clock.elapse(1)
        transition = await anext(monitor)
        assert (transition.election, transition.kind, transition.gap) == ("other", "vacated", False)
        await lossy.client().election("unseen").campaign("node-d").wait()
        transition = await anext(monitor)
        assert (transition.election, transition.kind, transition.gap) == ("unseen", "elected", True), (
            "what was lost may have been its terms"
        )


async def test_where_nothing_is_lost_an_audit_changes_nothing(stage: Stage) -> None:
    election = stage.client().election("job")
    first = await election.campaign("node-a").wait()
    async with stage.client().election("job").observe() as observer:
        await stage.clock.elapse(200)
        await first.resign()
        await stage.clock.elapse(200)
        transition = await anext(observer)
        assert (transition.kind, transition.gap) == ("vacated", False)


class FailingRead:
    """A store of which one read fails as none should."""

    def __init__(self, store: Store) -> None:
        self._below = store
        self.failure: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)

    async def read(self, query: Read) -> Snapshot:
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        return await self._below.read(query)


async def test_a_defect_in_an_audit_is_reported_and_the_next_one_is_made(lossy: Stage) -> None:
    store = FailingRead(lossy.lossy)
    async with lossy.client(store).election("job").observe() as observer:
        await vacancy_is_lost(lossy)
        store.failure = RuntimeError("odd")
        await lossy.clock.elapse(70)
        (context,) = lossy.unhandled
        assert isinstance(context["exception"], RuntimeError)
        lossy.unhandled.clear()
        assert observer.leader() == "node-a"
        await lossy.clock.elapse(60)
        assert observer.leader() == "node-b"


async def test_two_candidates_that_share_a_watch_make_up_for_a_lost_delete(stage: Stage) -> None:
    leader = await stage.client().election("job", ttl=10).campaign("node-a").wait()
    lossy = stage.store()
    election = stage.client(lossy).election("job", ttl=10)
    waiting = [election.campaign("node-b"), election.campaign("node-c")]
    await stage.clock.elapse(1)
    assert {campaign.state for campaign in waiting} == {CampaignState.WAITING}
    lossy.lose_event(leader.key)
    await leader.resign()
    await stage.clock.elapse(12)
    assert [campaign.state for campaign in waiting].count(CampaignState.LEADING) == 1
