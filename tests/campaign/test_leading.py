"""Leadership for long: work while leading, campaign again after a loss, resume after a restart."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from election_core import (
    Campaign,
    CampaignState,
    Client,
    Election,
    ElectionError,
    InvalidConfig,
    LeadershipLost,
    Unavailable,
)

from .stage import Stage


class Work:
    """Runs until cancelled, or until told to return, and keeps a diary."""

    def __init__(self) -> None:
        self.diary: list[str] = []
        self.campaigns: list[Campaign] = []
        self.finish = asyncio.Event()
        self.rolling_back = asyncio.Event()
        self.rolled_back = asyncio.Event()
        self.rolled_back.set()

    async def __call__(self, campaign: Campaign) -> str:
        self.campaigns.append(campaign)
        self.diary.append(f"begins, leader {campaign.is_leader}")
        try:
            await self.finish.wait()
        except asyncio.CancelledError:
            self.rolling_back.set()
            await self.rolled_back.wait()
            self.diary.append("rolled back")
            raise
        return "done"


async def test_the_works_result_is_returned_after_resigning(stage: Stage) -> None:
    election, work = stage.client().election("job"), Work()
    work.finish.set()
    assert await stage.finish(election.lead("node-a", work)) == "done"
    assert work.campaigns[0].state is CampaignState.RESIGNED
    assert await election.candidates() == []


async def test_a_loss_cancels_and_awaits_the_work_before_it_campaigns_again(stage: Stage) -> None:
    election, work = stage.client().election("job"), Work()
    work.rolled_back.clear()
    leading = asyncio.create_task(election.lead("node-a", work))
    await stage.clock.elapse(1)
    stage.server.expire(work.campaigns[0].lease_id)
    await stage.clock.elapse(20)
    assert work.rolling_back.is_set()
    assert await stage.values() == [], "it campaigns again although the work goes on"
    work.rolled_back.set()
    await stage.clock.elapse(1)
    assert work.diary == ["begins, leader True", "rolled back", "begins, leader True"]
    tokens = [campaign.fencing_token for campaign in work.campaigns]
    assert tokens == sorted(set(tokens))
    work.finish.set()
    assert await stage.finish(leading) == "done"


class Diary(Election):
    """An election whose campaigns write down, term by term, what they tell."""

    def __init__(self, client: Client) -> None:
        super().__init__(client._runtime, "job")
        self.terms: list[list[str]] = []
        self.campaigns: list[Campaign] = []

    def campaign(self, value: str | bytes, **how: Any) -> Campaign:
        campaign = super().campaign(value, **how)
        campaign.on("elected", lambda: self.terms.append([f"elected, leader {campaign.is_leader}"]))
        campaign.on("error", lambda _: self.terms[-1].append(f"lost, leader {campaign.is_leader}"))
        self.campaigns.append(campaign)
        return campaign

    async def work(self, _: Campaign) -> None:
        """The second term's comes to an end by itself."""
        term = self.terms[-1]
        term.append("begins")
        try:
            if len(self.terms) == 1:
                await asyncio.Event().wait()
        finally:
            term.append("ends")


async def test_a_terms_events_frame_its_work_and_come_before_the_next_terms(stage: Stage) -> None:
    """H46."""
    diary = Diary(stage.client())
    leading = asyncio.create_task(diary.lead("node-a", diary.work))
    await stage.clock.elapse(1)
    stage.server.expire(diary.campaigns[0].lease_id)
    await stage.finish(leading)
    assert diary.terms == [
        ["elected, leader True", "begins", "lost, leader False", "ends"],
        ["elected, leader True", "begins", "ends"],
    ]


async def test_what_the_work_raises_ends_it_with_a_resignation(stage: Stage) -> None:
    election = stage.client().election("job")

    async def work(campaign: Campaign) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await stage.finish(election.lead("node-a", work))
    assert await election.candidates() == []


async def test_the_works_own_trouble_with_etcd_is_the_works(stage: Stage) -> None:
    async def work(campaign: Campaign) -> None:
        raise Unavailable("the work's own client found nobody")

    with pytest.raises(Unavailable, match="own client"):
        await stage.finish(stage.client().election("job").lead("node-a", work))


async def test_cancelling_cancels_the_work_and_resigns(stage: Stage) -> None:
    election, work = stage.client().election("job"), Work()
    leading = asyncio.create_task(election.lead("node-a", work))
    await stage.clock.elapse(1)
    leading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stage.finish(leading)
    assert work.diary[-1] == "rolled back"
    assert await election.candidates() == []


async def test_an_etcd_that_is_not_there_yet_is_waited_for(stage: Stage) -> None:
    store = stage.store()
    election, work = stage.client(store).election("job"), Work()
    work.finish.set()
    store.partition()
    leading = asyncio.create_task(election.lead("node-a", work))
    await stage.clock.elapse(30)
    assert work.diary == []
    store.heal()
    assert await stage.finish(leading) == "done"


async def test_a_malformed_value_is_refused_at_once(stage: Stage) -> None:
    with pytest.raises(InvalidConfig):
        await stage.client().election("job").lead("x" * 2_000_000, Work())


async def test_resuming_keeps_the_place_and_the_value(stage: Stage) -> None:
    before = await stage.client().election("job", ttl=30).campaign("node-a").wait()
    waiting = stage.client().election("job").campaign("node-b")
    await stage.clock.elapse(1)
    token, lease_id = before.fencing_token, before.lease_id
    before.abandon()

    after = await stage.client().election("job", ttl=30).resume(lease_id)
    await stage.finish(after.wait())
    assert (after.fencing_token, after.value, after.key) == (token, b"node-a", before.key)
    await stage.clock.elapse(120)
    assert after.is_leader, "the lease is not renewed"
    await after.resign()
    await stage.finish(waiting.wait())


async def test_there_is_nothing_to_resume_once_the_key_is_gone(stage: Stage) -> None:
    election = stage.client().election("job")
    before = await election.campaign("node-a").wait()
    await before.resign()
    with pytest.raises(LeadershipLost, match="campaign again") as caught:
        await election.resume(before.lease_id)
    assert (caught.value.election, caught.value.key) == ("job", before.key)
    with pytest.raises(InvalidConfig):
        await election.resume(0)


async def test_a_resumed_candidate_that_campaigns_again_has_one_key_of_the_common_form(stage: Stage) -> None:
    """Go's ResumeElection writes a key without the slash, and two leaders coexist."""
    election = stage.client().election("job")
    before = await election.campaign("node-a").wait()
    before.abandon()
    resumed = await election.resume(before.lease_id)
    await stage.finish(resumed.wait())
    await resumed.resign()
    again = await election.campaign("node-a").wait()
    (candidate,) = await election.candidates()
    assert candidate.key == b"election/job/%x" % again.lease_id


async def test_a_waiting_candidate_says_on_whom(stage: Stage) -> None:
    election = stage.client().election("job", ttl=30)
    leader = await election.campaign("node-a").wait()
    waiting = stage.client().election("job").campaign("node-b")
    await stage.clock.elapse(1)
    found = await waiting.waiting_on()
    assert found is not None
    ahead, lease = found
    assert (ahead.value, ahead.key) == (b"node-a", leader.key)
    assert lease is not None
    assert lease.granted_ttl == 30
    assert await leader.waiting_on() is None
    await leader.resign()
    await stage.finish(waiting.wait())
    assert await waiting.waiting_on() is None


async def test_a_lease_is_not_taken_up_while_an_old_campaign_would_revoke_it(stage: Stage) -> None:
    store = stage.store()
    election = stage.client(store).election("job", ttl=30)
    lost = await election.campaign("node-a").wait()
    store.partition()
    await stage.clock.elapse(29.5)
    assert lost.state is CampaignState.LOST
    with pytest.raises(ElectionError, match="cleaned up"):
        election.campaign("node-a", lease_id=lost.lease_id)
    store.heal()
    await stage.finish(lost.resign())
    again = election.campaign("node-a", lease_id=lost.lease_id)
    await stage.finish(again.wait())
    await stage.clock.elapse(60)
    assert again.is_leader


async def test_a_listener_may_end_the_campaign_and_nothing_goes_on(stage: Stage) -> None:
    campaign = stage.client().election("job").campaign("node-a")
    campaign.on("elected", campaign.abandon)
    await stage.clock.elapse(5)
    assert campaign.state is CampaignState.ABANDONED
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "campaign in job"]
    await stage.clock.elapse(60)
