"""Closing a campaign or a session by hand, from inside and outside of the bodies that run."""

from __future__ import annotations

import asyncio

import pytest

from election_core import Campaign, CampaignClosed, CampaignState, Client, LeadershipLost, Session

from .world import World, soon


class Working:
    """A body in a task of its own, which says in what order things happen."""

    def __init__(self, campaign: Campaign, order: list[str]) -> None:
        self.campaign, self._order = campaign, order
        self.entered, self.go_on = asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async with self.campaign:
            self.entered.set()
            try:
                await self.go_on.wait()
            finally:
                self._order.append("the body has ended")


async def test_a_body_that_leaves_another_session_is_ended_all_the_same(world: World) -> None:
    """Waiting for the end of something else is no reason to work on under the next leader."""
    client, order = world.another_client(), list[str]()
    session, other = await client.session().__aenter__(), await client.session().__aenter__()
    inner = Stubborn(client.election(world.name + "x").campaign("b", session=other), order)
    await soon(inner.entered.wait())

    async def work() -> None:
        async with client.election(world.name).campaign("a", session=session):
            await other.close()
            order.append("the outer body goes on")

    working = asyncio.create_task(work())
    await soon(inner.asked.wait())
    await soon(session.close())
    inner.go_on.set()
    for ended in (working, inner.task):
        with pytest.raises(CampaignClosed):
            await soon(ended)
    assert "the outer body goes on" not in order
    await client.close()


class Stubborn(Working):
    """One that takes its time to end."""

    def __init__(self, campaign: Campaign, order: list[str]) -> None:
        super().__init__(campaign, order)
        self.asked = asyncio.Event()

    async def _run(self) -> None:
        async with self.campaign:
            self.entered.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.asked.set()
                await self.go_on.wait()


async def test_closing_a_session_inside_a_body_on_it_ends_its_lease(world: World) -> None:
    session = await world.client.session().__aenter__()
    async with world.client.election(world.name).campaign("a", session=session) as campaign:
        await soon(session.close())
        assert campaign.state is CampaignState.RESIGNED
    assert not session.is_alive
    assert await world.client.lease(session.lease_id) is None


@pytest.mark.parametrize("what", ["campaign", "session"])
async def test_cancelling_a_close_stops_none_of_it(world: World, what: str) -> None:
    order: list[str] = []
    client = world.another_client()
    session = await client.session().__aenter__()
    body = Working(client.election(world.name).campaign("a", session=session), order)
    await soon(body.entered.wait())
    closing = asyncio.create_task(_close(body.campaign if what == "campaign" else session))
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    with pytest.raises(CampaignClosed):
        await soon(body.task)
    await soon(body.campaign.resign())
    assert body.campaign.state is CampaignState.RESIGNED
    assert order == ["the body has ended"]
    await client.close()
    assert await world.client.lease(session.lease_id) is None


async def _close(what: Campaign | Session | Client) -> None:
    await what.close()


async def test_a_campaign_is_entered_once_at_a_time(world: World) -> None:
    """A second body under it would not be ended by a loss."""
    body = Working(world.client.election(world.name).campaign("a"), [])
    await soon(body.entered.wait())
    with pytest.raises(CampaignClosed, match="Another body"):
        await soon(body.campaign.__aenter__())
    await world.raw.store.revoke(body.campaign.lease_id)
    with pytest.raises(LeadershipLost):
        await soon(body.task)
