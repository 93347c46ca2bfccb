"""`Election`: asking who leads and who waits, and what is refused before anything is written."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from election_core import Campaign, CampaignClosed, CampaignState, Candidate, Client, ElectionError, InvalidConfig
from election_core.core.names import MAX_VALUE
from election_core.testing import MemoryStore

from .world import World, soon, until


async def test_campaign_returns_at_once(world: World) -> None:
    """It is no coroutine, and the loop has not run: the campaign is under way by itself from here on."""
    campaign = world.election.campaign("a")
    assert isinstance(campaign, Campaign)
    assert campaign.state is CampaignState.STARTING
    assert not campaign.is_leader
    async with asyncio.timeout(10), world.election.observe() as observer:
        while not observer.has_leader:
            await anext(observer)
        assert observer.candidates[0].key == campaign.key


def test_campaign_needs_a_running_loop() -> None:
    """Told at once, and not by a coroutine that was never awaited."""
    election = Client.over(MemoryStore()).election("job")
    with pytest.raises(RuntimeError, match="loop"):
        election.campaign("a")


async def test_nobody_leads_an_election_without_candidates(world: World) -> None:
    assert await world.election.leader() is None
    assert await world.election.leader(encoding=None) is None
    assert await world.election.candidates() == []


@pytest.mark.parametrize(
    ("value", "raw", "text"),
    [
        ("host-a:8080", b"host-a:8080", "host-a:8080"),
        ("wächter", "wächter".encode(), "wächter"),
        ("", b"", ""),
        (b"\xff\0bytes", b"\xff\0bytes", "\\xff\0bytes"),
    ],
)
async def test_the_leader_is_told_as_text_or_bytes(world: World, value: str | bytes, raw: bytes, text: str) -> None:
    campaign = await world.leading(value)
    assert await world.elsewhere.leader() == text
    assert await world.elsewhere.leader(encoding=None) == raw
    assert campaign.value == raw


async def test_the_leader_in_another_encoding(world: World) -> None:
    await world.leading("wächter".encode("latin-1"))
    assert await world.election.leader("latin-1") == "wächter"


async def test_a_value_may_be_as_long_as_etcd_takes(world: World) -> None:
    await world.leading(b"x" * MAX_VALUE)
    assert len(await world.election.leader(encoding=None) or b"") == MAX_VALUE


async def test_candidates_come_leader_first(world: World) -> None:
    first = await world.leading("first")
    second, third = await world.waiting("second"), await world.waiting("third")
    await first.proclaim("first again")
    found = await world.elsewhere.candidates()
    assert all(isinstance(each, Candidate) for each in found)
    assert [each.value for each in found] == [b"first again", b"second", b"third"]
    assert [each.key for each in found] == [first.key, second.key, third.key]
    assert [each.lease_id for each in found] == [first.lease_id, second.lease_id, third.lease_id]
    assert found[0].create_revision == first.fencing_token < found[1].create_revision < found[2].create_revision
    assert found[0].mod_revision > found[2].mod_revision == found[2].create_revision


async def test_order_is_the_create_revision_and_not_the_key(world: World) -> None:
    keys = [world.raw.key(suffix) for suffix in ("zz", "00", "not a lease")]
    for key in keys:
        await world.write(key, key)
    assert [each.key for each in await world.election.candidates()] == keys
    assert await world.election.leader(encoding=None) == keys[0]


async def test_candidates_are_frozen(world: World) -> None:
    await world.leading()
    (candidate,) = await world.election.candidates()
    with pytest.raises(AttributeError):
        candidate.value = b"other"  # type: ignore[misc]


async def test_only_its_own_keys_count(world: World) -> None:
    """Election ``a`` does not see ``ab``: the slash is part of what it reads."""
    async with world.another_client().session() as session:
        await soon(world.client.election(world.name + "b").campaign("neighbour", session=session))
        assert await world.election.leader() is None
        await session.revoke()


@pytest.mark.parametrize("prefix", ["", "jobs", "jobs/", "/jobs", "a/b"])
async def test_prefixes_are_apart(world: World, prefix: str) -> None:
    election = world.client.election(world.name, prefix=prefix)
    async with election.campaign("elsewhere") as campaign:
        base = prefix and prefix.rstrip("/") + "/"
        assert campaign.key == f"{base}{world.name}/{campaign.lease_id:x}".encode()
        assert await election.leader() == "elsewhere"
        assert await world.election.leader() is None


@pytest.mark.parametrize("name", ["", "/a", "/", "a/", "a//b", 7, None])
async def test_a_name_that_can_never_work_is_refused(world: World, name: Any) -> None:
    with pytest.raises(InvalidConfig, match="name"):
        world.client.election(name)


@pytest.mark.parametrize("ttl", [0, -1, 9_000_000_001, 1.5, True, "60", None])
async def test_a_ttl_that_can_never_work_is_refused(world: World, ttl: Any) -> None:
    with pytest.raises(ValueError, match="ttl"):
        world.client.election(world.name, ttl=ttl)
    with pytest.raises(InvalidConfig, match="ttl"):
        world.client.session(ttl)


@pytest.mark.parametrize("value", [b"x" * (MAX_VALUE + 1), "ä" * (MAX_VALUE // 2 + 1), "\ud800", 7, None])
async def test_a_value_that_can_never_be_written_is_refused(world: World, value: Any) -> None:
    with pytest.raises(InvalidConfig, match="value") as caught:
        world.election.campaign(value)
    assert caught.value.election == world.name
    campaign = await world.leading("good")
    with pytest.raises(InvalidConfig, match="value"):
        await campaign.proclaim(value)
    assert campaign.is_leader
    assert await world.values() == [b"good"]


async def test_a_session_and_a_lease_are_one_too_many(world: World) -> None:
    async with world.client.session() as session:
        with pytest.raises(InvalidConfig, match="not both") as caught:
            world.election.campaign("a", session=session, lease_id=1)
        assert caught.value.election == world.name
        assert await world.raw.names() == []


@pytest.mark.parametrize("lease_id", [0, -1, 2**63, True, "7", 1.0])
async def test_a_lease_that_cannot_exist_is_refused(world: World, lease_id: Any) -> None:
    with pytest.raises(InvalidConfig, match="lease id"):
        world.election.campaign("a", lease_id=lease_id)
    assert await world.raw.names() == []


async def test_one_session_gives_one_candidate_per_election(world: World) -> None:
    async with world.client.session() as session:
        first = await soon(world.election.campaign("a", session=session))
        with pytest.raises(ElectionError, match="session") as caught:
            world.election.campaign("b", session=session)
        assert caught.value.key == first.key
        assert await world.values() == [b"a"]
        await first.resign()
        await soon(world.election.campaign("b", session=session))
        assert await world.values() == [b"b"]


async def test_two_campaigns_of_one_election_are_two_candidates(world: World) -> None:
    """H13: a lease and a key for each; one leads and the other waits for its turn."""
    election = world.election
    campaigns = [election.campaign("a"), election.campaign("b")]
    states = {CampaignState.LEADING, CampaignState.WAITING}
    await until(lambda: {each.state for each in campaigns} == states, "one leads and the other waits")
    leader, waiter = sorted(campaigns, key=lambda each: each.state)
    found = await election.candidates()
    assert [each.key for each in found] == [leader.key, waiter.key]
    assert [each.lease_id for each in found] == [leader.lease_id, waiter.lease_id]
    await leader.resign()
    await soon(waiter.wait())
    assert leader.state is CampaignState.RESIGNED
    assert await world.values() == [waiter.value]


async def test_an_ended_session_takes_no_campaign(world: World) -> None:
    async with world.client.session() as session:
        pass
    with pytest.raises(CampaignClosed, match="session"):
        world.election.campaign("a", session=session)
    assert await world.raw.names() == []


async def test_an_election_may_be_made_any_number_of_times(world: World) -> None:
    campaign = await soon(world.client.election(world.name).campaign("a"))
    assert await world.client.election(world.name).leader() == "a"
    assert (await world.client.election(world.name).candidates())[0].key == campaign.key
