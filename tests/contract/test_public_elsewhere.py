"""`Election.proclaim_for`: a guarded write for a candidate whose campaign is elsewhere."""

from __future__ import annotations

import pytest

from election_core import CampaignState, CandidateGone, InvalidConfig

from .world import World, until


async def test_a_value_is_written_for_a_leader_and_for_one_who_waits(world: World) -> None:
    leader, waiter = await world.leading("a"), await world.waiting("b")
    first, second = await world.elsewhere.candidates()
    await world.elsewhere.proclaim_for(second, b"b again")
    await world.elsewhere.proclaim_for(first, "a again")
    assert await world.values() == [b"a again", b"b again"]
    await until(lambda: leader.value == b"a again", "the leader sees it")
    assert (leader.is_leader, waiter.state) == (True, CampaignState.WAITING)
    assert [each.create_revision for each in await world.election.candidates()] == [
        first.create_revision,
        second.create_revision,
    ]


async def test_one_that_was_replaced_is_left_alone(world: World) -> None:
    """Its key is the same, but for the create revision."""
    key = world.raw.key("1f")
    await world.write(key, b"old")
    (old,) = await world.election.candidates()
    await world.delete(key)
    for replaced in (False, True):
        if replaced:
            await world.write(key, b"replaced")
        with pytest.raises(CandidateGone) as caught:
            await world.election.proclaim_for(old, "new")
        assert (caught.value.election, caught.value.key) == (world.name, key)
    assert await world.values() == [b"replaced"]


async def test_a_value_that_can_never_be_written_is_refused(world: World) -> None:
    await world.leading("a")
    (candidate,) = await world.election.candidates()
    with pytest.raises(InvalidConfig):
        await world.elsewhere.proclaim_for(candidate, b"x" * 2_000_000)
    assert await world.values() == [b"a"]


async def test_a_candidate_of_another_election_is_refused(world: World) -> None:
    await world.leading("a")
    (candidate,) = await world.election.candidates()
    with pytest.raises(InvalidConfig, match="no key of this election"):
        await world.client.election("another").proclaim_for(candidate, "b")
    assert await world.values() == [b"a"]
