"""A lease counts as dead before an answer comes that says it lives: it stays dead. On a clock by hand."""

from __future__ import annotations

import pytest

from election_core import Campaign, CampaignState, LeadershipLost

from .stage import Log, SlowAnswers, Stage


class BlockedWithAnAnswerUnderWay:
    """A leader whose event loop stands still from a moment at which a renewal is under way, until it counts as dead.

    The answer comes afterwards, and says that the lease lives: etcd has it for a while yet, and would the deadline
    count from that renewal it would still be ahead.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.answers = SlowAnswers(stage.store(timeout=60.0), stage.clock, 0.5)
        self.election = stage.client(self.answers).election("job", ttl=6)

    async def block(self, campaign: Campaign) -> None:
        await self.stage.clock.elapse(2.1)
        assert self.answers.under_way == 1
        self.stage.clock.advance(4)
        # Asked without an await, which would let the event loop go on.
        assert self.stage.server._server.lease(campaign.lease_id) is not None
        assert not campaign.is_leader

    async def check_it_is_over(self, campaign: Campaign) -> None:
        """Nobody home, and nobody in the way: neither now nor after the late answer."""
        assert campaign.state is CampaignState.LOST
        for _ in range(20):
            await self.stage.clock.elapse(1)
            assert not campaign.is_leader
        assert await self.stage.living_leases() == []
        successor = self.stage.client().election("job").campaign("successor")
        await self.stage.finish(successor.wait())


async def test_waiting_tells_a_loss_only_after_it_has_ended_the_campaign(stage: Stage) -> None:
    scene = BlockedWithAnAnswerUnderWay(stage)
    campaign = scene.election.campaign("a")
    log = Log(stage.clock)
    log.follow("a", campaign)
    await stage.finish(campaign.wait())
    await scene.block(campaign)
    with pytest.raises(LeadershipLost):
        await campaign.wait()
    assert log.events == ["a elected", "a LeadershipLost"]
    await scene.check_it_is_over(campaign)
    assert log.events == ["a elected", "a LeadershipLost"]


async def test_a_late_answer_revives_no_lease(stage: Stage) -> None:
    """Nobody asks in between: the answer itself comes after the deadline."""
    scene = BlockedWithAnAnswerUnderWay(stage)
    campaign = scene.election.campaign("a")
    await stage.finish(campaign.wait())
    await scene.block(campaign)
    await stage.clock.elapse(0)
    await scene.check_it_is_over(campaign)


async def test_entering_a_body_after_the_deadline_ends_the_campaign(stage: Stage) -> None:
    """A callback that blocks is enough: the body is never entered, and the candidate does not lead unseen."""
    scene = BlockedWithAnAnswerUnderWay(stage)
    campaign = scene.election.campaign("a")
    campaign.on("elected", lambda: stage.clock.advance(5.5))

    async def enter() -> None:
        async with campaign:
            pytest.fail("it does not lead")

    with pytest.raises(LeadershipLost):
        await stage.finish(enter())
    await scene.check_it_is_over(campaign)


async def test_leaving_a_body_after_the_deadline_tells_the_loss(stage: Stage) -> None:
    """What it did in the end may have been done beside a successor."""
    scene = BlockedWithAnAnswerUnderWay(stage)

    async def work() -> None:
        async with scene.election.campaign("a") as campaign:
            stage.clock.advance(5.5)
            assert not campaign.is_leader

    with pytest.raises(LeadershipLost):
        await stage.finish(work())


async def test_leading_again_and_again_outlives_a_late_answer(stage: Stage) -> None:
    """`lead` campaigns again after a loss that only the clock has told, with a campaign that has ended behind it."""
    scene = BlockedWithAnAnswerUnderWay(stage)
    terms: list[Campaign] = []

    async def work(campaign: Campaign) -> str:
        terms.append(campaign)
        if len(terms) == 1:
            stage.clock.advance(5.5)
            return "too late"
        return "done"

    assert await stage.finish(scene.election.lead("a", work)) == "done"
    assert [each.state for each in terms] == [CampaignState.LOST, CampaignState.RESIGNED]


async def test_a_late_answer_revives_no_session(stage: Stage) -> None:
    scene = BlockedWithAnAnswerUnderWay(stage)
    client = stage.client(scene.answers)
    session = await stage.finish(client.session(6).__aenter__())
    campaign = client.election("job").campaign("a", session=session)
    await stage.finish(campaign.wait())
    stage.clock.advance(5.5)
    assert not session.is_alive
    await stage.clock.elapse(0)
    for _ in range(20):
        assert not session.is_alive
        assert not campaign.is_leader
        await stage.clock.elapse(1)
    assert campaign.state is CampaignState.LOST


async def test_a_callback_that_comes_after_the_deadline_is_told_of_the_loss_alone(stage: Stage) -> None:
    scene = BlockedWithAnAnswerUnderWay(stage)
    campaign = scene.election.campaign("a")
    await stage.finish(campaign.wait())
    await scene.block(campaign)
    log = Log(stage.clock)
    log.follow("late", campaign)
    assert log.events == ["late LeadershipLost"]
    await scene.check_it_is_over(campaign)
