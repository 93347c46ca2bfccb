"""Taking somebody out of the line, and nobody else; and what hangs on a lease."""

from __future__ import annotations

import pytest

from election_core import CampaignState, Candidate, CandidateGone, InvalidConfig
from election_core.store import Delete, Guard, Put, Txn

from .world import World, lost, soon


async def test_an_evicted_leader_is_told_and_the_next_one_leads(world: World) -> None:
    leader = await world.leading("a")
    waiter = await world.waiting("b")
    (first, _) = await world.elsewhere.candidates()
    await world.elsewhere.evict(first)
    await soon(waiter.wait())
    assert "deleted" in str(await lost(leader))
    assert leader.state is CampaignState.LOST
    assert await world.values() == [b"b"]


async def test_an_evicted_waiter_is_told_and_the_leader_stays(world: World) -> None:
    leader = await world.leading("a")
    waiter = await world.waiting("b")
    (_, second) = await world.election.candidates()
    await world.election.evict(second)
    assert "deleted" in str(await lost(waiter))
    assert leader.is_leader
    assert await world.values() == [b"a"]


async def test_whoever_came_later_with_the_same_key_is_left_alone(world: World) -> None:
    campaign = await world.leading("a")
    (old,) = await world.election.candidates()
    replaced = await world.raw.store.txn(Txn(Guard(old.key, old.create_revision), (Delete(old.key),)))
    assert replaced.succeeded
    await lost(campaign)
    lease = await world.raw.store.grant(0x4711, 60)
    await world.raw.store.txn(Txn(Guard(old.key, 0), (Put(old.key, b"new", lease.lease_id),)))
    for revoke in (False, True):
        with pytest.raises(CandidateGone) as caught:
            await world.election.evict(old, revoke=revoke)
    assert (caught.value.election, caught.value.key) == (world.name, old.key)
    assert await world.values() == [b"new"]
    await world.raw.store.revoke(lease.lease_id)


async def test_with_its_lease_everything_else_on_it_goes(world: World) -> None:
    async with world.client.session() as session:
        campaign = world.election.campaign("a", session=session)
        other = world.client.election(f"{world.name}-other").campaign("a", session=session)
        await soon(campaign.wait())
        await soon(other.wait())
        (candidate,) = await world.election.candidates()
        keys = await world.client.keys_on(candidate.lease_id)
        assert keys == sorted([campaign.key, other.key])
        await world.election.evict(candidate)
        assert await world.client.keys_on(candidate.lease_id) == [other.key]
        (candidate,) = await world.client.election(f"{world.name}-other").candidates()
        await world.client.election(f"{world.name}-other").evict(candidate, revoke=True)
        assert await world.client.keys_on(candidate.lease_id) == []
        assert await world.client.lease(candidate.lease_id) is None
        await lost(campaign)
        await lost(other)


async def test_what_can_never_be_evicted_is_refused_before_anything_is_written(world: World) -> None:
    elsewhere = Candidate(b"election/another/1", b"a", 1, 1, 1)
    with pytest.raises(InvalidConfig, match="no key of this election"):
        await world.election.evict(elsewhere)
    stray = elsewhere._replace(key=f"election/{world.name}/1".encode(), lease_id=0)
    with pytest.raises(InvalidConfig, match="none to revoke"):
        await world.election.evict(stray, revoke=True)
    with pytest.raises(CandidateGone):
        await world.election.evict(stray)


async def test_a_lease_that_does_not_exist_has_no_keys(world: World) -> None:
    assert await world.client.keys_on(0x815) == []
