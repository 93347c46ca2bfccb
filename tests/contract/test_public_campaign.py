"""`Campaign`: from the start to election, its events, and what can be asked of it."""

from __future__ import annotations

import asyncio
import traceback
from typing import Any

import pytest

from election_core import CampaignClosed, CampaignState, ElectionError, InvalidConfig, LeadershipLost, NotLeader

from .world import Heard, World, lost, soon, told, until


async def test_wait_returns_the_campaign_once_elected(world: World) -> None:
    campaign = world.election.campaign("a")
    assert await soon(campaign.wait()) is campaign
    assert campaign.is_leader
    assert campaign.state is CampaignState.LEADING
    assert await soon(campaign.wait()) is campaign


async def test_awaiting_the_campaign_is_waiting(world: World) -> None:
    campaign = world.election.campaign("a")
    assert await soon(campaign) is campaign


async def test_the_next_in_line_is_elected_when_the_leader_leaves(world: World) -> None:
    first = await world.leading()
    second = world.elsewhere.campaign("second")
    await until(lambda: second.state is CampaignState.WAITING, "it waits")
    assert not second.is_leader
    assert second.ahead is not None
    assert second.ahead.key == first.key
    await first.resign()
    await soon(second.wait())
    assert second.ahead is None
    assert second.fencing_token > first.fencing_token
    assert await world.values() == [b"second"]


async def test_all_in_line_are_elected_in_order(world: World) -> None:
    campaigns = [await world.leading("0")] + [await world.waiting(str(i)) for i in range(1, 5)]
    tokens = []
    for campaign in campaigns:
        await soon(campaign.wait())
        assert [each.is_leader for each in campaigns].count(True) == 1
        tokens.append(campaign.fencing_token)
        await campaign.resign()
    assert tokens == sorted(set(tokens))


async def test_a_timeout_around_the_campaign_itself_withdraws_it(world: World) -> None:
    """H75: whoever has given it up is not at home when it is elected."""
    await world.leading()
    campaign = await world.waiting()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(campaign, 0.01)
    assert campaign.state is CampaignState.RESIGNED
    assert await world.values() == [b"first"]


async def test_cancelling_wait_ends_the_waiting_only(world: World) -> None:
    """H75: the campaign is kept by whoever has it."""
    first, second = await world.leading(), await world.waiting()
    waiting = asyncio.create_task(second.wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert second.state is CampaignState.WAITING
    await first.resign()
    assert await soon(second.wait()) is second


async def test_wait_raises_what_error_carries(world: World) -> None:
    await world.leading()
    campaign = await world.waiting()
    heard, waiting = Heard(campaign), asyncio.create_task(campaign.wait())
    await world.raw.store.revoke(campaign.lease_id)
    with pytest.raises(LeadershipLost) as caught:
        await soon(waiting)
    assert heard.told == [told(caught.value)]
    with pytest.raises(LeadershipLost) as again:
        await campaign.wait()
    assert told(again.value) == told(caught.value)


async def test_each_wait_raises_an_error_of_its_own(world: World) -> None:
    """One that is raised again and again would collect a traceback without end, and lose its cause."""
    campaign = await world.leading()
    await world.raw.store.revoke(campaign.lease_id)
    await until(lambda: campaign.error is not None, "the loss is noticed")
    raised: list[ElectionError] = []
    for number in range(50):
        with pytest.raises(LeadershipLost) as caught:
            await campaign.wait()
        raised.append(caught.value)
        raised[-1].__cause__ = KeyError(number)
    assert len({id(each) for each in raised}) == 50
    assert {len(traceback.extract_tb(each.__traceback__)) for each in raised} == {2}
    assert [each.__cause__.args for each in raised if each.__cause__ is not None] == [(number,) for number in range(50)]
    assert campaign.error is not None
    assert campaign.error.__cause__ is None
    assert campaign.error.__traceback__ is None
    assert all(told(each) == told(campaign.error) for each in raised)


async def test_four_on_one_client_are_told_of_their_own_loss_each(world: World) -> None:
    """They share a watch, and what ends it; not the error."""
    campaigns = [world.client.election(world.name).campaign(str(number)) for number in range(4)]
    await until(lambda: all(each.state is not CampaignState.STARTING for each in campaigns), "all have joined")
    await until(lambda: any(each.is_leader for each in campaigns), "one of them leads")
    for each in campaigns:
        await world.raw.store.revoke(each.lease_id)
    for each in campaigns:
        error = await lost(each)
        assert (error.election, error.key) == (world.name, each.key)
    assert len({id(each.error) for each in campaigns}) == 4


async def test_error_is_what_ended_it(world: World) -> None:
    campaign = await world.leading()
    assert campaign.error is None
    await campaign.resign()
    assert isinstance(campaign.error, CampaignClosed)


async def test_a_callback_can_be_removed(world: World) -> None:
    waiter_events: list[str] = []
    first = await world.leading()
    waiter = await world.waiting()
    remove = waiter.on("elected", lambda: waiter_events.append("removed"))
    waiter.on("elected", lambda: waiter_events.append("kept"))
    remove()
    remove()
    await first.resign()
    await soon(waiter.wait())
    assert waiter_events == ["kept"]


async def test_wait_raises_after_a_loss_and_after_resigning(world: World) -> None:
    campaign = await world.leading()
    await world.raw.store.revoke(campaign.lease_id)
    await until(lambda: campaign.state is CampaignState.LOST, "the loss is noticed")
    with pytest.raises(LeadershipLost):
        await campaign.wait()
    campaign = await world.leading()
    await campaign.resign()
    with pytest.raises(CampaignClosed):
        await campaign.wait()


async def test_events_call_functions_and_coroutines(world: World) -> None:
    campaign = world.election.campaign("a")
    told: list[Any] = []
    done = asyncio.Event()

    async def elected() -> None:
        await asyncio.sleep(0)
        told.append("coroutine")

    async def error(exc: ElectionError) -> None:
        await asyncio.sleep(0)
        told.append(exc)
        done.set()

    campaign.on("elected", lambda: told.append("function"))
    campaign.on("elected", elected)
    campaign.on("error", told.append)
    campaign.on("error", error)
    await soon(campaign.wait())
    await until(lambda: len(told) == 2, "both are told")
    assert told == ["function", "coroutine"]
    await world.raw.store.revoke(campaign.lease_id)
    await soon(done.wait())
    assert len(told) == 4
    assert isinstance(told[2], LeadershipLost)
    assert told[2] is told[3]


async def test_late_listeners_are_told_on_the_spot(world: World) -> None:
    campaign = await world.leading()
    heard = Heard(campaign)
    assert heard.kinds == ["elected"]
    await world.raw.store.revoke(campaign.lease_id)
    await until(lambda: len(heard.events) == 2, "the loss is told")
    late = Heard(campaign)
    assert late.kinds == ["LeadershipLost"]
    assert late.events == heard.events[1:]


async def test_resigning_and_abandoning_are_no_events(world: World) -> None:
    leader, waiter, abandoned = await world.leading(), await world.waiting(), await world.waiting()
    heard = [Heard(each) for each in (leader, waiter, abandoned)]
    await waiter.resign()
    abandoned.abandon()
    await leader.resign()
    await world.raw.store.revoke(abandoned.lease_id)
    await world.leading()
    assert [each.kinds for each in heard] == [["elected"], [], []]
    assert [Heard(each).kinds for each in (leader, waiter, abandoned)] == [[], [], []]


async def test_a_failing_listener_harms_nobody(world: World) -> None:
    campaign = world.election.campaign("a")
    campaign.on("elected", lambda: 1 / 0)
    heard = Heard(campaign)
    await soon(campaign.wait())
    assert heard.kinds == ["elected"]
    assert campaign.is_leader
    (context,) = world.unhandled
    assert isinstance(context["exception"], ZeroDivisionError)
    world.unhandled.clear()


@pytest.mark.parametrize(("event", "callback"), [("elect", print), ("", print), ("elected", None), ("error", "print")])
async def test_an_unknown_event_or_listener_is_refused(world: World, event: Any, callback: Any) -> None:
    campaign = await world.leading()
    with pytest.raises(InvalidConfig):
        campaign.on(event, callback)


async def test_the_key_is_written_as_go_writes_it(world: World) -> None:
    campaign = await world.leading()
    assert campaign.key == b"election/%s/%x" % (world.name.encode(), campaign.lease_id)
    assert await world.raw.names() == [format(campaign.lease_id, "x")]
    (candidate,) = await world.election.candidates()
    assert (candidate.key, candidate.lease_id) == (campaign.key, campaign.lease_id)


async def test_a_short_lease_id_is_not_padded(world: World) -> None:
    campaign = world.election.campaign("a", lease_id=0xABC)
    await soon(campaign.wait())
    assert campaign.key == world.raw.key("abc")
    assert await world.raw.names() == ["abc"]


async def test_fencing_tokens_are_the_create_revisions_and_grow(world: World) -> None:
    tokens = []
    for _ in range(3):
        async with world.election.campaign("a") as campaign:
            (candidate,) = await world.elsewhere.candidates()
            assert campaign.fencing_token == candidate.create_revision
            await campaign.proclaim("b")
            assert campaign.fencing_token == candidate.create_revision
            tokens.append(campaign.fencing_token)
        assert campaign.fencing_token == tokens[-1]
    assert tokens == sorted(set(tokens))


async def test_who_was_never_elected_has_no_token_and_guards_nothing(world: World) -> None:
    first, second = await world.leading(), await world.waiting()
    with pytest.raises(NotLeader) as caught:
        _ = second.fencing_token
    assert (caught.value.election, caught.value.key) == (world.name, second.key)
    with pytest.raises(NotLeader):
        second.guard()
    await first.resign()
    await soon(second.wait())
    assert second.fencing_token
    assert second.guard()


async def test_guarded_writes_fail_once_leadership_is_gone(world: World) -> None:
    target = world.raw.key("outside/of-candidates")
    campaign = await world.leading()
    guard = campaign.guard()
    assert await world.write_if(guard, target)
    await world.delete(target)
    await campaign.proclaim("a proclaimed value changes nothing")
    assert await world.write_if(guard, target)
    await world.delete(target)
    await world.raw.store.revoke(campaign.lease_id)
    assert not await world.write_if(guard, target)
    await until(lambda: campaign.state is CampaignState.LOST, "the loss is noticed")
    with pytest.raises(NotLeader):
        campaign.guard()


async def test_guarded_writes_fail_after_resigning_and_for_a_successor_of_the_same_name(world: World) -> None:
    target = world.raw.key("outside/of-candidates")
    old = await world.leading()
    guard = old.guard()
    await old.resign()
    assert not await world.write_if(guard, target)
    new = await soon(world.election.campaign("new", lease_id=old.lease_id))
    assert new.key == old.key
    assert not await world.write_if(guard, target)
    assert await world.write_if(new.guard(), target)


async def test_lease_remaining(world: World) -> None:
    """Never more than etcd itself gives, and nothing before and after."""
    campaign = world.election.campaign("a")
    assert campaign.lease_remaining == 0
    await soon(campaign.wait())
    assert 50 < campaign.lease_remaining < 60
    await campaign.resign()
    assert campaign.lease_remaining == 0


async def test_a_ttl_below_the_servers_minimum_is_granted_as_that(world: World) -> None:
    campaign = await soon(world.client.election(world.name, ttl=1).campaign("a"))
    info = await world.client.lease(campaign.lease_id)
    assert info is not None
    assert info.granted_ttl == 2
    # More than a second can be left of no shorter one; it is after each renewal, if not at once.
    await until(lambda: 1 < campaign.lease_remaining < 2, "more than a second is left")
