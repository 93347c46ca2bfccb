"""`client.session(ttl)`: one lease for many campaigns, and what becomes of them when it ends."""

from __future__ import annotations

import asyncio

import pytest

from election_core import Campaign, CampaignClosed, CampaignState, Client, ElectionError, InvalidConfig, Session

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


async def test_leaving_it_resigns_its_campaigns(world: World) -> None:
    """In good order: no error, and the end that was asked for."""
    async with world.client.session() as session:
        leader = await soon(world.election.campaign("leader", session=session))
        heard = Heard(leader)
    assert leader.state is CampaignState.RESIGNED
    assert heard.kinds == ["elected"]
    assert not leader.is_leader
    assert await world.values() == []
    with pytest.raises(CampaignClosed) as caught:
        await leader.wait()
    assert (caught.value.election, caught.value.key) == (world.name, leader.key)


async def test_revoking_it_loses_its_campaigns_before_the_lease_ends(world: World) -> None:
    """A successor elsewhere is elected only after the old leader has been told."""
    successor_leads = asyncio.Event()
    async with world.client.session() as session:
        leader = await soon(world.election.campaign("leader", session=session))
        successor = world.elsewhere.campaign("successor")
        order: list[str] = []
        leader.on("error", lambda _: order.append("lost"))
        successor.on("elected", lambda: order.append("elected"))
        successor.on("elected", successor_leads.set)
        await session.revoke()
        await soon(successor_leads.wait())
    assert order == ["lost", "elected"]
    assert leader.state is CampaignState.LOST


async def test_campaigning_on_it_again_right_after_a_loss(world: World) -> None:
    """The lost candidate is still being cleaned up: the new one waits for that, and has a key of its own."""
    again: list[Campaign] = []
    async with world.client.session() as session:
        first = await soon(world.election.campaign("first", session=session))
        first.on("error", lambda _: again.append(world.election.campaign("again", session=session)))
        await world.write(first.key, b"moved", lease_id=await world.raw.lease())
        await until(lambda: bool(again), "the loss is told")
        second = await soon(again[0].wait())
        assert second.fencing_token > first.fencing_token
        assert (await world.values(), second.key) == ([b"again"], first.key)


async def test_resigning_on_it_makes_room_for_the_next_at_once(world: World) -> None:
    async with world.client.session() as session:
        campaigns = [await soon(world.election.campaign("0", session=session))]
        for number in range(1, 4):
            resigning = asyncio.create_task(campaigns[-1].resign())
            await asyncio.sleep(0)
            campaigns.append(world.election.campaign(str(number), session=session))
            await soon(campaigns[-1].wait())
            await soon(resigning)
        assert await world.values() == [b"3"]
        with pytest.raises(ElectionError, match="under way"):
            world.election.campaign("4", session=session)


async def test_one_that_was_never_entered_is_refused_in_words(world: World) -> None:
    with pytest.raises(InvalidConfig, match="not entered"):
        world.election.campaign("a", session=world.client.session())
    assert await world.raw.names() == []


async def test_its_lease_is_not_given_to_a_campaign_that_would_revoke_it(world: World) -> None:
    async with world.client.session() as session:
        with pytest.raises(ElectionError, match="session="):
            world.election.campaign("a", lease_id=session.lease_id)
        assert session.is_alive
    async with world.election.campaign("a", lease_id=session.lease_id) as campaign:
        assert campaign.lease_id == session.lease_id


def test_it_shows_what_a_user_needs_and_nothing_else(world: World) -> None:
    public = {name for name in dir(world.client.session()) if not name.startswith("_")}
    assert public == {"abandon", "close", "is_alive", "lease_id", "remaining", "revoke", "ttl"}


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


@pytest.mark.parametrize("end", ["session", "client"])
async def test_a_body_ends_before_the_session_or_the_client_does(world: World, end: str) -> None:
    """Work in another task has stopped, clean-up included, before a successor can begin."""
    entered, order = asyncio.Event(), list[str]()

    async def lead(client: Client, session: Session | None) -> None:
        async with client.election(world.name).campaign("a", session=session) as campaign:
            entered.set()
            try:
                await asyncio.Event().wait()
            finally:
                assert campaign.is_leader
                await asyncio.sleep(0.01)
                order.append("the body has ended")

    client = world.another_client()
    session = await client.session().__aenter__()
    leading = asyncio.create_task(lead(client, session if end == "session" else None))
    await soon(entered.wait())
    successor = world.elsewhere.campaign("b")
    successor.on("elected", lambda: order.append("the successor begins"))
    await (session.__aexit__(None, None, None) if end == "session" else client.close())
    with pytest.raises(CampaignClosed):
        await soon(leading)
    assert not leading.cancelling()
    await soon(successor.wait())
    assert order == ["the body has ended", "the successor begins"]
    await client.close()


async def test_closing_the_client_inside_a_body_waits_for_no_body(world: World) -> None:
    client = world.another_client()
    async with client.election(world.name).campaign("a") as campaign:
        await soon(client.close())
        assert campaign.state is CampaignState.RESIGNED


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
