"""The guarantees where other libraries fail, on one healthy member. Numbers are those of ELECTIONS_ON_ETCD.md."""

from __future__ import annotations

import asyncio
import logging

import pytest

from election_core import CampaignState, Compacted, LeadershipLost
from election_core.store import Put

from .world import Heard, World, lost, soon, told, until


@pytest.fixture(params=["apart", "together"])
def world(request: pytest.FixtureRequest, world: World) -> World:
    """Candidates that watch for themselves, and candidates of one client that share a watch."""
    world.apart = request.param == "apart"
    return world


async def test_a_waiter_whose_lease_dies_fails_at_once_and_is_never_elected(world: World) -> None:
    """H1, the phantom leader."""
    first, phantom = await world.leading("first"), await world.waiting("phantom")
    third = await world.waiting("third")
    heard = Heard(phantom)
    await world.raw.store.revoke(phantom.lease_id)
    with pytest.raises(LeadershipLost):
        await soon(phantom.wait())
    assert first.is_leader
    await first.resign()
    await soon(third.wait())
    assert heard.kinds == ["LeadershipLost"]
    assert phantom.state is CampaignState.LOST
    assert not phantom.is_leader
    assert await world.values() == [b"third"]


@pytest.mark.parametrize("place", [1, 2])
async def test_a_waiter_whose_key_is_deleted_fails_at_once(world: World, place: int) -> None:
    """H1 and H14: next in line, and further back."""
    campaigns = [await world.leading("0"), await world.waiting("1"), await world.waiting("2")]
    await world.delete(campaigns[place].key)
    with pytest.raises(LeadershipLost) as caught:
        await soon(campaigns[place].wait())
    assert caught.value.key == campaigns[place].key
    assert campaigns[0].is_leader


async def test_the_waiters_death_and_the_leaders_leaving_in_one_revision_elect_nobody(world: World) -> None:
    """H1: whichever of the two deletes the waiter reads first."""
    first, second, third = await world.leading("1"), await world.waiting("2"), await world.waiting("3")
    for campaign in (first, second):
        world.may_stay.add(campaign.key)
    lease_id = await world.raw.lease()
    heard = Heard(second), Heard(third)
    await world.raw.do(Put(first.key, b"moved", lease_id), Put(second.key, b"moved", lease_id))
    await world.raw.store.revoke(lease_id)
    await soon(third.wait())
    await lost(second)
    assert [each.kinds for each in heard] == [["LeadershipLost"], ["elected"]]


async def test_elected_never_fires_after_resign(world: World) -> None:
    """H2: a waiter resigns, then the leader leaves."""
    first, second, third = await world.leading("1"), await world.waiting("2"), await world.waiting("3")
    heard = Heard(second)
    await asyncio.gather(second.resign(), first.resign())
    await soon(third.wait())
    assert heard.kinds == []
    assert second.state is CampaignState.RESIGNED
    assert not second.is_leader


@pytest.mark.parametrize("steps", range(12))
async def test_elected_never_fires_after_resign_while_it_joins(world: World, steps: int) -> None:
    """H2: at any moment of the way into the line."""
    campaign = world.election.campaign("a")
    heard = Heard(campaign)
    for _ in range(steps):
        await asyncio.sleep(0)
    before = list(heard.kinds)
    await soon(campaign.resign())
    successor = await world.leading("successor")
    assert heard.kinds == before
    assert campaign.state is CampaignState.RESIGNED
    assert await world.values() == [b"successor"]
    assert successor.is_leader


@pytest.mark.parametrize("count", [3, 5])
@pytest.mark.parametrize("how", ["resigned", "lease revoked", "key deleted"])
async def test_a_candidate_in_the_middle_that_leaves_elects_nobody(world: World, count: int, how: str) -> None:
    """H4."""
    campaigns = [await world.leading("0")] + [await world.waiting(str(i)) for i in range(1, count)]
    heard = [Heard(campaign) for campaign in campaigns]
    last = campaigns[-1]
    for campaign in reversed(campaigns[1:-1]):
        ahead_of_it = campaign.ahead
        if how == "resigned":
            await campaign.resign()
        elif how == "lease revoked":
            await world.raw.store.revoke(campaign.lease_id)
        else:
            await world.delete(campaign.key)
        await until(lambda ahead=ahead_of_it: last.ahead == ahead, "the last one moves up")  # type: ignore[misc]
        assert campaigns[0].is_leader
        assert not last.is_leader
    assert await world.values() == [b"0", str(count - 1).encode()]
    await campaigns[0].resign()
    await soon(last.wait())
    assert [each.kinds.count("elected") for each in heard] == [1] + [0] * (count - 2) + [1]


async def test_an_old_handle_leaves_a_newer_key_alone(world: World) -> None:
    """H11: a key of the same name on the same lease is somebody else's by its create revision."""
    async with world.client.session() as session:
        old = await soon(world.election.campaign("old", session=session))
        await world.delete(old.key)
        await lost(old)
        await old.resign()
        new = await soon(world.election.campaign("new", session=session))
        assert new.key == old.key
        await old.resign()
        await old.close()
        assert new.is_leader
        assert await world.values() == [b"new"]
    assert await world.values() == []


async def test_resigning_right_after_the_key_was_replaced_leaves_it_alone(world: World) -> None:
    """H11: the handle has not noticed yet."""
    async with world.client.session() as session:
        old = await soon(world.election.campaign("old", session=session))
        await world.delete(old.key)
        await world.raw.do(Put(old.key, b"newer", session.lease_id))
        await old.resign()
        assert await world.values() == [b"newer"]


@pytest.mark.parametrize("how", ["key deleted", "lease revoked", "moved to another lease", "lease taken off"])
@pytest.mark.parametrize("shared", [False, True])
async def test_a_leader_whose_key_is_tampered_with_is_lost_at_once(world: World, how: str, shared: bool) -> None:
    """H14."""
    async with world.client.session() as session:
        campaign = await soon(world.election.campaign("a", session=session if shared else None))
        heard = Heard(campaign)
        other = await world.raw.lease()
        if how == "key deleted":
            await world.delete(campaign.key)
        elif how == "lease revoked":
            await world.raw.store.revoke(campaign.lease_id)
        else:
            await world.write(campaign.key, b"moved", other if how.startswith("moved") else 0)
        error = await lost(campaign)
        assert heard.told == [None, told(error)]
        if "lease " in how and how != "lease revoked":
            assert "lease" in str(error)


async def test_a_stray_key_ahead_is_waited_for_and_warned_of(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """H15."""
    stray = world.raw.key("stray")
    await world.write(stray, b"nobody's")
    with caplog.at_level(logging.WARNING, "election_core.campaign"):
        campaign = await world.waiting()
        await until(lambda: any(record.levelno == logging.WARNING for record in caplog.records), "it is warned of")
    (warning,) = (record for record in caplog.records if record.levelno == logging.WARNING)
    assert repr(stray) in warning.getMessage()
    assert campaign.ahead is not None
    assert (campaign.ahead.key, campaign.ahead.lease_id) == (stray, 0)
    await world.delete(stray)
    await soon(campaign.wait())


async def test_compaction_does_not_disturb_who_waits_or_leads(world: World) -> None:
    """H23: the place in line is kept."""
    first, second, third = await world.leading("1"), await world.waiting("2"), await world.waiting("3")
    before = await world.election.candidates()
    await world.raw.compact(await world.write(world.raw.key("zz"), b""))
    assert first.is_leader
    await second.proclaim("2 again")
    after = await world.election.candidates()
    assert [each.create_revision for each in after[:3]] == [each.create_revision for each in before]
    await first.resign()
    await soon(second.wait())
    assert second.fencing_token == before[1].create_revision
    await world.raw.do(Put(second.key, b"2, says another", second.lease_id))
    await until(lambda: second.value == b"2, says another", "the new leader watches its key")
    await second.resign()
    await soon(third.wait())


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 8, 13, 21, 34, 55])
async def test_a_campaign_that_ends_while_its_watch_opens_disturbs_no_other(world: World, steps: int) -> None:
    """H36: the next one on the same client, which has no watch but its own, is woken by its own events."""
    first = await soon(world.elsewhere.campaign("first"))
    world.apart = False
    hasty = await world.waiting("hasty")
    for _ in range(steps):
        await asyncio.sleep(0)
    await hasty.resign()
    second = await world.waiting("second")
    await first.resign()
    await soon(second.wait())
    assert await world.values() == [b"second"]


async def test_a_watch_that_is_refused_leaves_established_ones_alone(etcd_world: World) -> None:
    """H35, on the wire: one that asks for compacted history, while the waiter's watch on the same client goes on."""
    first, second = await etcd_world.leading("1"), await etcd_world.waiting("2")
    revision = await etcd_world.write(etcd_world.raw.key("zz"), b"")
    await etcd_world.raw.compact(revision)
    for _ in range(3):
        with pytest.raises(Compacted):
            await _watch_from(etcd_world, revision - 1)
    await first.resign()
    await soon(second.wait())


async def _watch_from(world: World, revision: int) -> None:
    async with world.client._runtime.store.watch([world.raw.all], start_revision=revision) as stream:
        await soon(anext(aiter(stream)))


async def test_the_program_is_told_in_words_that_lead_on(world: World) -> None:
    """Errors say whose they are and what to do next, and can be logged as they are."""
    campaign = await world.leading()
    await world.delete(campaign.key)
    error = await lost(campaign)
    assert "ampaign again" in error.message
    assert str(error) == error.message
    assert (error.election, error.key) == (world.name, campaign.key)
