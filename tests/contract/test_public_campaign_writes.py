"""What a campaign writes: `proclaim`, `resign`, `abandon`, and taking up a candidacy after a restart."""

from __future__ import annotations

import asyncio

import pytest

from election_core import CampaignClosed, CampaignState, InvalidConfig, LeadershipLost
from election_core.core.model import KeyPut
from election_core.store import Put

from .world import Heard, World, soon, until


async def test_proclaim_while_leading(world: World) -> None:
    campaign = await world.leading("first")
    await campaign.proclaim("host-a:8080")
    assert await world.elsewhere.leader() == "host-a:8080"
    assert campaign.value == b"host-a:8080"
    await campaign.proclaim(b"\xff\0")
    assert await world.elsewhere.leader(encoding=None) == b"\xff\0"
    assert campaign.is_leader


async def test_proclaim_while_starting_waits_for_the_key(world: World) -> None:
    campaign = world.election.campaign("first")
    assert campaign.state is CampaignState.STARTING
    await soon(campaign.proclaim("second"))
    assert await world.values() == [b"second"]
    assert (await soon(campaign.wait())).value == b"second"


async def test_proclaim_while_waiting_keeps_the_place_in_line(world: World) -> None:
    first, second, third = await world.leading("1"), await world.waiting("2"), await world.waiting("3")
    await second.proclaim("2 again")
    assert await world.values() == [b"1", b"2 again", b"3"]
    assert not second.is_leader
    await first.resign()
    await soon(second.wait())
    assert await world.elsewhere.leader() == "2 again"
    assert not third.is_leader


async def test_proclaims_take_effect_in_the_order_of_their_calls(world: World) -> None:
    async with world.raw.store.watch([world.raw.all]) as stream:
        campaign = world.election.campaign("start")
        values = [str(i) for i in range(20)]
        await soon(asyncio.gather(*map(campaign.proclaim, values)))
        seen: list[str] = []
        async with asyncio.timeout(10):
            async for response in stream:
                for event in (event for revision in response.revisions for event in revision.events):
                    assert isinstance(event, KeyPut)
                    seen.append(event.candidate.value.decode())
                if seen[-1:] == values[-1:]:
                    break
    assert seen == ["start", *values]
    assert campaign.value == b"19"


@pytest.mark.parametrize("end", ["resigned", "abandoned", "lost"])
async def test_proclaim_after_the_end(world: World, end: str) -> None:
    campaign = await world.leading()
    lease_id = campaign.lease_id
    if end == "resigned":
        await campaign.resign()
    elif end == "abandoned":
        campaign.abandon()
        await world.raw.store.revoke(lease_id)
    else:
        await world.raw.store.revoke(lease_id)
        await until(lambda: campaign.state is CampaignState.LOST, "the loss is noticed")
    assert campaign.state == end
    for _ in range(2):
        with pytest.raises(CampaignClosed) as caught:
            await campaign.proclaim("again")
        assert (caught.value.election, caught.value.key) == (world.name, campaign.key)
    assert await world.values() == []


async def test_proclaim_that_finds_the_key_gone_writes_nothing_and_is_the_loss(world: World) -> None:
    campaign = await world.leading()
    heard = Heard(campaign)
    await world.delete(campaign.key)
    with pytest.raises((LeadershipLost, CampaignClosed)):
        await campaign.proclaim("again")
    assert not campaign.is_leader
    assert heard.kinds == ["elected", "LeadershipLost"]
    assert await world.values() == []


async def test_a_value_that_somebody_else_writes_is_seen_and_costs_nothing(world: World) -> None:
    campaign = await world.leading()
    await world.raw.do(Put(campaign.key, b"overwritten", campaign.lease_id))
    await until(lambda: campaign.value == b"overwritten", "the value is seen")
    assert campaign.is_leader
    await campaign.proclaim("mine")
    assert await world.elsewhere.leader() == "mine"
    assert campaign.value == b"mine"


async def test_resign_removes_key_and_lease(world: World) -> None:
    campaign = await world.leading()
    key, lease_id = campaign.key, campaign.lease_id
    await campaign.resign()
    assert campaign.state is CampaignState.RESIGNED
    assert not campaign.is_leader
    assert await world.values() == []
    assert await world.client.lease(lease_id) is None
    assert (campaign.key, campaign.lease_id) == (key, lease_id)


async def test_from_the_call_to_resign_on_it_does_not_lead(world: World) -> None:
    campaign = await world.leading()
    resigning = asyncio.create_task(campaign.resign())
    await asyncio.sleep(0)
    assert not campaign.is_leader
    await soon(resigning)


async def test_resigning_twice_does_nothing_more(world: World) -> None:
    campaign = await world.leading()
    await asyncio.gather(campaign.resign(), campaign.resign())
    successor = await soon(world.election.campaign("successor", lease_id=campaign.lease_id))
    await campaign.resign()
    assert await world.values() == [b"successor"]
    assert successor.is_leader


async def test_resigning_while_it_starts_leaves_nothing_behind(world: World) -> None:
    campaign = world.election.campaign("a")
    await soon(campaign.resign())
    with pytest.raises(CampaignClosed):
        await campaign.wait()
    assert await world.values() == []
    assert await world.client.lease(campaign.lease_id) is None


async def test_resigning_as_a_waiter_leaves_the_line(world: World) -> None:
    first, second, third = await world.leading("1"), await world.waiting("2"), await world.waiting("3")
    await second.resign()
    assert await world.values() == [b"1", b"3"]
    assert await world.client.lease(second.lease_id) is None
    await first.resign()
    await soon(third.wait())
    assert second.state is CampaignState.RESIGNED


async def test_resigning_after_a_loss_does_nothing_and_keeps_the_loss(world: World) -> None:
    campaign = await world.leading()
    await world.delete(campaign.key)
    await until(lambda: campaign.state is CampaignState.LOST, "the loss is noticed")
    await campaign.resign()
    assert campaign.state is CampaignState.LOST
    assert await world.client.lease(campaign.lease_id) is None
    with pytest.raises(LeadershipLost):
        await campaign.wait()


async def test_abandon_is_what_a_crash_leaves(world: World) -> None:
    campaign = await world.leading("crashed")
    waiter = await world.waiting("waiter")
    campaign.abandon()
    assert campaign.state is CampaignState.ABANDONED
    assert not campaign.is_leader
    assert campaign.lease_remaining == 0
    with pytest.raises(CampaignClosed):
        await campaign.wait()
    await campaign.resign()
    assert await world.values() == [b"crashed", b"waiter"]
    assert await world.client.lease(campaign.lease_id) is not None
    assert not waiter.is_leader
    await world.raw.store.revoke(campaign.lease_id)
    await soon(waiter.wait())


async def test_an_abandoned_lease_runs_out_because_nobody_renews_it(world: World) -> None:
    election = world.client.election(world.name, ttl=2)
    crashed = await soon(election.campaign("crashed"))
    successor = world.elsewhere.campaign("successor")
    crashed.abandon()
    await soon(successor.wait())
    assert await world.values() == [b"successor"]


async def test_a_campaign_on_a_session_cannot_be_abandoned_alone(world: World) -> None:
    async with world.client.session() as session:
        campaign = await soon(world.election.campaign("a", session=session))
        with pytest.raises(InvalidConfig, match="session"):
            campaign.abandon()
        assert campaign.is_leader


async def test_a_restart_takes_up_its_candidacy(world: World) -> None:
    """As leader, or at the same place in line; what it proclaims is new."""
    leader, waiter, last = await world.leading("leader"), await world.waiting("waiter"), await world.waiting("last")
    before = await world.election.candidates()
    leader.abandon()
    waiter.abandon()
    again = world.elsewhere.campaign("waiter again", lease_id=waiter.lease_id)
    await until(lambda: again.state is CampaignState.WAITING, "it waits again")
    leads = await soon(world.elsewhere.campaign("leader", lease_id=leader.lease_id))
    assert leads.fencing_token == before[0].create_revision
    after = await world.election.candidates()
    assert [each.key for each in after] == [each.key for each in before]
    assert [each.create_revision for each in after] == [each.create_revision for each in before]
    await until(lambda: again.value == b"waiter again", "it proclaims")
    await leads.resign()
    await soon(again.wait())
    assert await world.values() == [b"waiter again", b"last"]
    assert not last.is_leader


async def test_what_is_proclaimed_while_it_takes_up_its_candidacy_stays(world: World) -> None:
    """The last value that the program gave wins, however the writes cross."""
    before = await world.leading("before the restart")
    before.abandon()
    again = world.elsewhere.campaign("at the restart", lease_id=before.lease_id)
    await soon(again.proclaim("after the restart"))
    await soon(again.wait())
    for _ in range(5):
        assert await world.values() == [b"after the restart"]
    assert again.value == b"after the restart"


async def test_a_restart_after_the_lease_has_ended_begins_anew(world: World) -> None:
    old = await world.leading("old")
    other = await world.waiting("other")
    old.abandon()
    await world.raw.store.revoke(old.lease_id)
    await soon(other.wait())
    new = world.elsewhere.campaign("new", lease_id=old.lease_id)
    await until(lambda: new.state is CampaignState.WAITING, "it waits")
    assert await world.values() == [b"other", b"new"]
    await other.resign()
    await soon(new.wait())
    assert new.fencing_token > other.fencing_token > old.fencing_token
