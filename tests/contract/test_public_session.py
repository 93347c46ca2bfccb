"""`client.session(ttl)`: one lease for many campaigns, and what becomes of them when it ends."""

from __future__ import annotations

import asyncio

import pytest

from election_core import CampaignClosed, CampaignState, LeadershipLost, Session

from .world import Heard, World, soon, until


async def test_it_is_granted_on_entering_and_revoked_on_leaving(world: World) -> None:
    session = world.client.session(30)
    assert not session.is_alive
    async with session as entered:
        assert entered is session
        assert session.is_alive
        assert 20 < session.remaining < 30
        info = await world.client.lease(session.lease_id)
        assert info is not None
        assert info.granted_ttl == session.ttl == 30
    assert not session.is_alive
    assert session.remaining == 0
    assert await world.client.lease(session.lease_id) is None


async def test_the_granted_ttl_is_what_counts(world: World) -> None:
    async with world.client.session(1) as session:
        assert session.ttl == 2


async def test_one_session_serves_many_elections(world: World) -> None:
    async with world.client.session() as session:
        elections = [world.client.election(f"{world.name}/{i}") for i in range(3)]
        campaigns = [await soon(each.campaign("a", session=session)) for each in elections]
        assert {each.lease_id for each in campaigns} == {session.lease_id}
        assert all(each.is_leader for each in campaigns)
        assert len(await world.raw.names()) == 3
        await campaigns[0].resign()
        assert len(await world.raw.names()) == 2
        assert await world.client.lease(session.lease_id) is not None
        assert campaigns[1].is_leader


async def test_closing_it_ends_its_campaigns(world: World) -> None:
    async with world.client.session() as session:
        leader = await soon(world.election.campaign("leader", session=session))
        heard = Heard(leader)
    assert leader.state is CampaignState.LOST
    assert heard.kinds == ["elected", "LeadershipLost"]
    assert not leader.is_leader
    assert await world.values() == []
    with pytest.raises(LeadershipLost) as caught:
        await leader.wait()
    assert (caught.value.election, caught.value.key) == (world.name, leader.key)


async def test_its_campaigns_end_before_the_lease_does(world: World) -> None:
    """A successor elsewhere is elected only after the body has been told."""
    successor_leads = asyncio.Event()
    async with world.client.session() as session:
        leader = await soon(world.election.campaign("leader", session=session))
        successor = world.elsewhere.campaign("successor")
        order: list[str] = []
        leader.on("error", lambda _: order.append("lost"))
        successor.on("elected", lambda: order.append("elected"))
        successor.on("elected", successor_leads.set)
    await soon(successor_leads.wait())
    assert order == ["lost", "elected"]


async def test_a_session_that_somebody_revokes_ends_its_campaigns(world: World) -> None:
    async with world.client.session() as session:
        elections = [world.client.election(f"{world.name}/{i}") for i in range(2)]
        campaigns = [await soon(each.campaign("a", session=session)) for each in elections]
        await world.raw.store.revoke(session.lease_id)
        await until(lambda: all(each.state is CampaignState.LOST for each in campaigns), "the loss is told")


async def test_abandoning_it_is_what_a_crash_leaves(world: World) -> None:
    async with world.client.session() as session:
        campaign = await soon(world.election.campaign("a", session=session))
        session.abandon()
        assert not campaign.is_leader
        assert campaign.state is CampaignState.LOST
        assert not session.is_alive


async def test_a_body_on_a_session_is_cancelled_when_the_session_ends(world: World) -> None:
    entered = asyncio.Event()

    async def lead(session: Session) -> None:
        async with world.election.campaign("a", session=session):
            entered.set()
            await asyncio.Event().wait()

    async with world.client.session() as session:
        leading = asyncio.create_task(lead(session))
        await soon(entered.wait())
    with pytest.raises(LeadershipLost):
        await soon(leading)


async def test_it_can_be_revoked_again(world: World) -> None:
    async with world.client.session() as session:
        await session.revoke()
        await session.revoke()
    with pytest.raises(CampaignClosed):
        await session.__aenter__()


async def test_its_lease_is_renewed(world: World) -> None:
    """It outlives its TTL of two seconds: a second lease of the same TTL, not renewed, has ended meanwhile."""
    async with world.client.session(2) as session:
        campaign = await soon(world.election.campaign("a", session=session))
        key, lease_id = world.raw.key("unrenewed"), await world.raw.lease(ttl=2)
        async with world.raw.store.watch([world.raw.all], deletes_only=True) as stream:
            await world.write(key, lease_id=lease_id)
            async with asyncio.timeout(10):
                async for response in stream:
                    if response.revisions:
                        break
        assert [event.key for event in response.revisions[0].events] == [key]
        assert campaign.is_leader
        assert session.is_alive
