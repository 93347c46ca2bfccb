"""Guarantee 2: who loses its lease knows before etcd can elect a successor. Every time here is on a clock by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from election_core import CampaignState, Client, LeadershipLost, NotLeader, Unavailable
from election_core.clock import Timer, sleep
from election_core.store import LeaseInfo
from election_core.testing import ManualClock

from .stage import Log, SlowAnswers, Stage


@pytest.mark.parametrize("ttl", [2, 5, 60])
@pytest.mark.parametrize("moment", [0.0, 0.3, 0.34, 0.6, 0.99])
async def test_a_cut_off_leader_stops_before_its_successor_starts(stage: Stage, ttl: int, moment: float) -> None:
    store = stage.store()
    old = stage.client(store).election("job", ttl=ttl).campaign("old")
    await stage.finish(old.wait())
    new = stage.client().election("job", ttl=ttl).campaign("new")
    log = Log(stage.clock)
    log.follow("old", old)
    log.follow("new", new)
    await stage.clock.elapse(ttl * (5 + moment))
    assert old.is_leader
    cut_at = stage.clock.now()
    store.partition()
    while not new.is_leader:
        await stage.clock.elapse(ttl / 50)
        assert not (old.is_leader and new.is_leader)
    assert log.events == ["old elected", "old LeadershipLost", "new elected"]
    assert log.moment("old LeadershipLost") < log.moment("new elected")
    assert not log.entries[1][3]
    assert log.moment("old LeadershipLost") - cut_at >= ttl / 2, "it gave up too early"
    assert log.moment("new elected") - cut_at <= ttl + 0.1
    with pytest.raises(LeadershipLost):
        await old.wait()
    store.heal()


@pytest.mark.parametrize("delay", [0.0, 5.0, 15.0, 19.0, 25.0])
async def test_the_deadline_counts_from_sending(stage: Stage, delay: float) -> None:
    """H29: answers that take long are no reason to trust the lease for longer."""
    store = stage.store(timeout=60.0)  # so that the stream is not given up as silent
    old = stage.client(SlowAnswers(store, stage.clock, delay)).election("job", ttl=60).campaign("old")
    await stage.finish(old.wait())
    new = stage.client().election("job").campaign("new")
    log = Log(stage.clock)
    log.follow("old", old)
    log.follow("new", new)
    for _ in range(200):
        await stage.clock.elapse(1.7)
        info = await stage.server.lease(old.lease_id)
        assert info is not None
        assert 0 < old.lease_remaining < info.remaining + 1
    store.partition()
    while not new.is_leader:
        await stage.clock.elapse(0.5)
        assert not (old.is_leader and new.is_leader)
    assert log.events == ["old elected", "old LeadershipLost", "new elected"]
    assert log.moment("old LeadershipLost") < log.moment("new elected")
    store.heal()


async def test_the_first_deadline_counts_from_sending_too(stage: Stage) -> None:
    class SlowGrant:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        async def grant(self, lease_id: int, ttl: int) -> LeaseInfo:
            info: LeaseInfo = await store.grant(lease_id, ttl)
            await sleep(stage.clock, 7)
            return info

    store = SlowAnswers(stage.store(), stage.clock, 1000)
    campaign = stage.client(SlowGrant()).election("job", ttl=10).campaign("a")
    await stage.clock.elapse(7)
    assert campaign.is_leader
    assert campaign.lease_remaining == pytest.approx(10 - 7 - 1)


async def test_a_lease_that_was_there_counts_for_what_is_left(stage: Stage) -> None:
    """Taken up after a restart, it has not got its whole TTL."""
    before = stage.client().election("job", ttl=30).campaign("before")
    await stage.finish(before.wait())
    before.abandon()
    await stage.clock.elapse(12.5)
    answers = SlowAnswers(stage.store(), stage.clock, 1000)
    again = stage.client(answers).election("job", ttl=30).campaign("again", lease_id=before.lease_id)
    await stage.finish(again.wait())
    # etcd tells what is left in whole seconds.
    assert again.lease_remaining == pytest.approx(17 - 1)


async def test_a_blocked_loop_leads_no_more_when_it_wakes(stage: Stage) -> None:
    """H31: known at once, before anything else has run."""
    old = stage.client().election("job", ttl=10).campaign("old")
    await stage.finish(old.wait())
    new = stage.client().election("job", ttl=10).campaign("new")
    log = Log(stage.clock)
    log.follow("old", old)
    log.follow("new", new)
    await stage.clock.elapse(25)
    assert old.is_leader
    stage.clock.advance(9.5)
    assert not old.is_leader
    assert old.lease_remaining == 0
    assert log.events == ["old elected"]
    assert old.state is CampaignState.LEADING
    with pytest.raises(NotLeader):
        old.guard()
    stage.clock.advance(10)
    assert log.events == ["old elected"]
    await stage.clock.elapse(0)
    assert not old.is_leader
    assert log.events[:2] == ["old elected", "old LeadershipLost"]


@pytest.mark.parametrize("rounds", range(16))
async def test_a_waiter_whose_lease_has_run_out_is_not_elected_any_more(stage: Stage, rounds: int) -> None:
    """H1 and H31: the loop is blocked while it is on its way from the leader's delete to the election."""
    leader = stage.client().election("job", ttl=60).campaign("leader")
    await stage.finish(leader.wait())
    unanswered = SlowAnswers(stage.store(), stage.clock, 1000)
    waiter = stage.client(unanswered).election("job", ttl=4).campaign("waiter")
    log = Log(stage.clock)
    log.follow("waiter", waiter)
    await stage.clock.elapse(1)
    assert waiter.state is CampaignState.WAITING
    stage.clock.advance(waiter.lease_remaining - 0.1)
    stage.server.expire(leader.lease_id)
    for _ in range(rounds):
        await asyncio.sleep(0)
    told = list(log.events)
    stage.clock.advance(0.2)
    await stage.clock.elapse(0)
    assert log.events == [*told, "waiter LeadershipLost"]
    assert not waiter.is_leader


async def test_a_blocked_loop_is_warned_of(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    campaign = stage.client().election("job", ttl=60).campaign("a")
    await stage.finish(campaign.wait())
    await stage.clock.elapse(30)
    assert not caplog.records
    stage.clock.advance(30)
    await stage.clock.elapse(0)
    assert any("blocked" in record.getMessage() for record in caplog.records)
    assert campaign.is_leader


class SleepyMachine:
    """A clock that goes on while the machine sleeps, with timers that do not."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock, self.slept = clock, 0.0

    def now(self) -> float:
        return self._clock.now() + self.slept

    def call_at(self, moment: float, callback: Callable[[], None]) -> Timer:
        return self._clock.call_at(moment - self.slept, callback)


async def test_a_loss_while_the_machine_sleeps_is_told_soon_after_it_wakes(stage: Stage) -> None:
    """H30: the timer for the deadline has nearly its whole time still to go then."""
    clock, store = SleepyMachine(stage.clock), stage.store()
    client = Client.over(store, clock)
    campaign = await stage.finish(client.election("job", ttl=60).campaign("a").wait())
    log = Log(stage.clock)
    log.follow("a", campaign)
    store.partition()
    clock.slept = 61.0
    woke_at = stage.clock.now()
    await stage.clock.elapse(5)
    assert log.events == ["a elected", "a LeadershipLost"]
    assert log.moment("a LeadershipLost") - woke_at <= 1
    store.heal()
    await stage.finish(client.close())


@pytest.mark.parametrize("ttl", [2, 10, 60])
async def test_a_lease_is_kept_for_as_long_as_the_server_answers(stage: Stage, ttl: int) -> None:
    leader = stage.client().election("job", ttl=ttl).campaign("leader")
    waiter = stage.client().election("job", ttl=ttl).campaign("waiter")
    await stage.finish(leader.wait())
    lowest = ttl * 1.0
    for _ in range(50):
        await stage.clock.elapse(ttl / 5)
        lowest = min(lowest, leader.lease_remaining)
    assert leader.is_leader
    assert waiter.state is CampaignState.WAITING
    assert lowest >= ttl / 2, "it is renewed three times per TTL"


@pytest.mark.parametrize("silence", [0.5, 3.0, 5.0])
async def test_a_silence_shorter_than_the_ttl_costs_nothing(stage: Stage, silence: float) -> None:
    """Guarantee 6 and H28: losing the streams is not losing the lease."""
    stores = stage.store(), stage.store()
    campaigns = [stage.client(store).election("job", ttl=10).campaign(str(i)) for i, store in enumerate(stores)]
    await stage.finish(campaigns[0].wait())
    log = Log(stage.clock)
    for _ in range(10):
        for store in stores:
            store.partition()
        await stage.clock.elapse(silence)
        for store in stores:
            store.heal()
            store.break_streams()
        await stage.clock.elapse(3)
        assert campaigns[0].is_leader
    for i, campaign in enumerate(campaigns):
        log.follow(str(i), campaign)
    assert log.events == ["0 elected"]
    await stage.finish(campaigns[0].resign())
    await stage.finish(campaigns[1].wait())


async def test_who_cannot_reach_the_server_at_the_start_fails_in_time(stage: Stage) -> None:
    store = stage.store(timeout=3.0)
    store.partition()
    campaign = stage.client(store).election("job").campaign("a")
    log = Log(stage.clock)
    log.follow("a", campaign)
    await stage.clock.elapse(3.1)
    assert campaign.state is CampaignState.FAILED
    assert log.events == ["a Unavailable"]
    with pytest.raises(Unavailable):
        await campaign.wait()
    store.heal()


@pytest.mark.parametrize(("ttl", "margin"), [(2, 0.2), (8, 0.8), (60, 1.0)])
async def test_a_margin_pays_for_clocks_that_differ(stage: Stage, ttl: int, margin: float) -> None:
    """A tenth of the TTL, a second at most, before the server may expire the lease."""
    campaign = stage.client().election("job", ttl=ttl).campaign("a")
    await stage.finish(campaign.wait())
    assert campaign.lease_remaining == pytest.approx(ttl - margin)
