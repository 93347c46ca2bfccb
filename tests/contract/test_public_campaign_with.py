"""`async with campaign`: entered once elected, cancelled on loss, resigned on the way out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from election_core import Campaign, CampaignClosed, CampaignState, ElectionError, LeadershipLost

from .world import Heard, World, soon, told, until


class Body:
    """A body in a task of its own, with what a test wants to know of it."""

    def __init__(self, campaign: Campaign, work: Callable[[Campaign], Awaitable[object]]) -> None:
        self.campaign = campaign
        self.entered = asyncio.Event()
        self.cancelled = False
        self.was_leader_on_entry = False
        self.task = asyncio.create_task(self._run(work))

    async def _run(self, work: Callable[[Campaign], Awaitable[object]]) -> str:
        async with self.campaign as campaign:
            assert campaign is self.campaign
            self.was_leader_on_entry = campaign.is_leader
            self.entered.set()
            try:
                await work(campaign)
            except asyncio.CancelledError:
                self.cancelled = True
                raise
        return "after the body"


async def for_ever(_: Campaign) -> None:
    await asyncio.Event().wait()


async def nothing(_: Campaign) -> None:
    pass


async def test_the_body_runs_once_elected(world: World) -> None:
    first = await world.leading()
    second = Body(world.election.campaign("second"), nothing)
    await until(lambda: second.campaign.state is CampaignState.WAITING, "it waits")
    assert not second.entered.is_set()
    await first.resign()
    assert await soon(second.task) == "after the body"
    assert second.was_leader_on_entry


async def test_it_is_resigned_on_the_way_out(world: World) -> None:
    async with world.election.campaign("a") as campaign:
        assert await world.elsewhere.leader() == "a"
        lease_id = campaign.lease_id
    assert campaign.state is CampaignState.RESIGNED
    assert not campaign.is_leader
    assert await world.elsewhere.leader() is None
    assert await world.client.lease(lease_id) is None


@pytest.mark.parametrize("how", ["lease revoked", "key deleted"])
async def test_the_body_is_cancelled_when_leadership_is_lost(world: World, how: str) -> None:
    body = Body(world.election.campaign("a"), for_ever)
    await soon(body.entered.wait())
    if how == "lease revoked":
        await world.raw.store.revoke(body.campaign.lease_id)
    else:
        await world.delete(body.campaign.key)
    with pytest.raises(LeadershipLost) as caught:
        await soon(body.task)
    assert body.cancelled
    assert not body.task.cancelling()
    assert (caught.value.election, caught.value.key) == (world.name, body.campaign.key)
    assert Heard(body.campaign).told == [told(caught.value)]


async def test_lost_leadership_raises_only_after_the_body_has_ended(world: World) -> None:
    cleaned_up = asyncio.Event()

    async def work(campaign: Campaign) -> None:
        try:
            await for_ever(campaign)
        finally:
            assert not campaign.is_leader
            await asyncio.sleep(0.01)
            cleaned_up.set()

    body = Body(world.election.campaign("a"), work)
    await soon(body.entered.wait())
    await world.raw.store.revoke(body.campaign.lease_id)
    with pytest.raises(LeadershipLost):
        await soon(body.task)
    assert cleaned_up.is_set()


@pytest.mark.parametrize("lost", [False, True])
async def test_the_bodys_own_exception_is_kept(world: World, lost: bool) -> None:
    async def work(campaign: Campaign) -> None:
        try:
            if lost:
                await for_ever(campaign)
        finally:
            raise KeyError("mine")

    body = Body(world.election.campaign("a"), work)
    await soon(body.entered.wait())
    if lost:
        await world.raw.store.revoke(body.campaign.lease_id)
    with pytest.raises(KeyError):
        await soon(body.task)
    assert await world.values() == []


async def test_a_loss_that_the_body_learns_by_its_own_call_is_raised_as_such(world: World) -> None:
    """`proclaim` raises it inside the body; no stray cancellation is left to hit what comes next."""

    async def work(campaign: Campaign) -> None:
        await world.raw.store.revoke(campaign.lease_id)
        await campaign.proclaim("too late")

    for _ in range(5):
        body = Body(world.election.campaign("a"), work)
        with pytest.raises(LeadershipLost):
            await soon(body.task)
        assert not body.task.cancelling()


async def test_a_body_that_swallows_the_loss_does_not_hide_it(world: World) -> None:
    async def work(campaign: Campaign) -> None:
        await world.raw.store.revoke(campaign.lease_id)
        try:
            await campaign.proclaim("too late")
            await for_ever(campaign)
        except (ElectionError, asyncio.CancelledError):
            pass

    body = Body(world.election.campaign("a"), work)
    with pytest.raises(LeadershipLost):
        await soon(body.task)
    assert not body.task.cancelling()


async def test_an_outer_cancellation_passes_through(world: World) -> None:
    body = Body(world.election.campaign("a"), for_ever)
    await soon(body.entered.wait())
    body.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await soon(body.task)
    assert body.task.cancelled()
    assert body.campaign.state is CampaignState.RESIGNED
    await soon(body.campaign.resign())
    assert await world.values() == []


async def test_an_outer_cancellation_wins_over_a_loss_at_the_same_moment(world: World) -> None:
    body = Body(world.election.campaign("a"), for_ever)
    await soon(body.entered.wait())
    body.campaign.on("error", lambda _: body.task.cancel())
    await world.raw.store.revoke(body.campaign.lease_id)
    with pytest.raises(asyncio.CancelledError):
        await soon(body.task)
    assert body.campaign.state is CampaignState.LOST


async def test_a_timeout_around_it_is_a_timeout(world: World) -> None:
    campaign = world.election.campaign("a")

    async def run_out() -> None:
        async with asyncio.timeout(None) as timeout, campaign:
            timeout.reschedule(asyncio.get_running_loop().time())
            await for_ever(campaign)

    with pytest.raises(TimeoutError):
        await run_out()
    assert campaign.state is CampaignState.RESIGNED


async def test_a_timeout_inside_it_is_a_timeout(world: World) -> None:
    async with world.election.campaign("a") as campaign:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await asyncio.Event().wait()
        assert campaign.is_leader


async def test_cancelling_the_wait_for_election_leaves_the_line(world: World) -> None:
    await world.leading()
    body = Body(world.election.campaign("second"), nothing)
    await until(lambda: body.campaign.state is CampaignState.WAITING, "it waits")
    body.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await soon(body.task)
    assert body.campaign.state is CampaignState.RESIGNED
    await soon(body.campaign.resign())
    assert await world.values() == [b"first"]


async def test_a_candidate_that_fails_while_it_waits_is_never_entered(world: World) -> None:
    await world.leading()
    body = Body(world.election.campaign("second"), nothing)
    await until(lambda: body.campaign.state is CampaignState.WAITING, "it waits")
    await world.raw.store.revoke(body.campaign.lease_id)
    with pytest.raises(LeadershipLost):
        await soon(body.task)
    assert not body.entered.is_set()


async def test_an_ended_campaign_is_not_entered(world: World) -> None:
    campaign = await world.leading()
    await campaign.resign()
    with pytest.raises(CampaignClosed):
        await Body(campaign, nothing).task


async def test_resigning_inside_the_body_is_no_loss(world: World) -> None:
    async def work(campaign: Campaign) -> None:
        await campaign.resign()
        assert not campaign.is_leader

    body = Body(world.election.campaign("a"), work)
    assert await soon(body.task) == "after the body"
    assert not body.cancelled
