"""`ElectionObserver`: who leads from the first moment on, every change, and every transition in order."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta
from itertools import pairwise
from typing import Any

import pytest

from election_core import CampaignClosed, ElectionObserver, InvalidConfig, Transition
from election_core.clock import utc_now
from election_core.shell.subscription import Subscription
from election_core.store import Delete, Put

from .world import World, soon, take, until


async def test_the_leader_is_known_at_once(world: World) -> None:
    campaign = await world.leading("host-a")
    observer = await world.elsewhere.observe()
    assert isinstance(observer, ElectionObserver)
    assert observer.has_leader
    assert observer.leader() == "host-a"
    assert observer.leader(encoding=None) == b"host-a"
    assert [each.key for each in observer.candidates] == [campaign.key]


async def test_a_vacancy_is_known_at_once(world: World) -> None:
    async with world.election.observe() as observer:
        assert not observer.has_leader
        assert observer.leader() is None
        assert observer.leader(encoding=None) is None
        assert observer.candidates == ()


async def test_bytes_that_are_no_text_are_shown(world: World) -> None:
    await world.leading(b"\xffa")
    async with world.election.observe() as observer:
        assert observer.leader() == "\\xffa"
        assert observer.leader(encoding="latin-1") == "\xffa"
        assert observer.leader(encoding=None) == b"\xffa"


async def test_change_tells_every_value_and_every_vacancy(world: World) -> None:
    changes: list[str | None] = []
    async with world.elsewhere.observe() as observer:
        observer.on("change", changes.append)
        for value in ("a", "b"):
            async with world.election.campaign(value) as campaign:
                await campaign.proclaim(f"{value} again")
        await take(observer, 6)
    assert changes == ["a", "a again", None, "b", "b again", None]


async def test_change_calls_coroutines_too(world: World) -> None:
    told = asyncio.Event()

    async def tell(value: str | None) -> None:
        await asyncio.sleep(0)
        assert value == "a"
        told.set()

    async with world.elsewhere.observe() as observer:
        observer.on("change", tell)
        await world.leading("a")
        await soon(told.wait())


async def test_a_succession_is_told_even_if_the_values_are_equal(world: World) -> None:
    first = await world.leading("same")
    second = await world.waiting("same")
    changes: list[str | None] = []
    async with world.elsewhere.observe() as observer:
        observer.on("change", changes.append)
        await first.resign()
        (transition,) = await take(observer, 1)
    assert changes == ["same"]
    assert transition.before is not None
    assert transition.after is not None
    assert (transition.before.key, transition.after.key) == (first.key, second.key)
    assert transition.kind == "succeeded"
    assert not transition.gap


async def test_transitions_say_all_there_is_to_know(world: World) -> None:
    began = utc_now()
    async with world.elsewhere.observe() as observer:
        campaign = await world.leading("a")
        (candidate,) = await world.election.candidates()
        await campaign.proclaim("b")
        await campaign.resign()
        elected, proclaimed, vacated = await take(observer, 3)
    assert elected == Transition(world.name, campaign.fencing_token, None, candidate, False, elected.observed_at)
    assert (proclaimed.before, vacated.after) == (candidate, None)
    assert proclaimed.after == vacated.before
    assert proclaimed.after is not None
    assert (proclaimed.after.value, proclaimed.after.create_revision) == (b"b", candidate.create_revision)
    assert elected.revision < proclaimed.revision == proclaimed.after.mod_revision < vacated.revision
    assert [each.kind for each in (elected, proclaimed, vacated)] == ["elected", "proclaimed", "vacated"]
    for each in (elected, proclaimed, vacated):
        assert each.observed_at.tzinfo is UTC
        assert began <= each.observed_at <= began + timedelta(minutes=1)
    with pytest.raises(AttributeError):
        elected.gap = True  # type: ignore[misc]


async def test_no_transition_is_skipped_and_none_comes_twice(world: World) -> None:
    """Read late, after many terms: in revision order, each beginning where the one before ended."""
    async with world.elsewhere.observe() as observer:
        for i in range(30):
            async with world.election.campaign(str(i)):
                pass
        transitions = await take(observer, 60)
    assert [each.after and each.after.value for each in transitions[::2]] == [b"%d" % i for i in range(30)]
    assert all(each.after is None for each in transitions[1::2])
    assert all(a.revision < b.revision and a.after == b.before for a, b in pairwise(transitions))
    assert not any(each.gap for each in transitions)


async def test_candidates_that_wait_are_no_transition(world: World) -> None:
    leader = await world.leading("1")
    async with world.elsewhere.observe() as observer:
        second, third = await world.waiting("2"), await world.waiting("3")
        await second.proclaim("2 again")
        await second.resign()
        await until(lambda: len(observer.candidates) == 2, "both candidates are seen")
        assert observer.leader() == "1"
        await leader.resign()
        (transition,) = await take(observer, 1)
    assert transition.after is not None
    assert transition.after.key == third.key


async def test_a_revision_is_taken_whole(world: World) -> None:
    """Two candidates join and the leader leaves in one transaction: the oldest leads, and nobody in between."""
    key = world.raw.key
    await world.write(key("old"), b"old")
    world.may_stay |= {key("b"), key("a")}
    async with world.elsewhere.observe() as observer:
        await world.raw.do(Put(key("b"), b"b", 0), Delete(key("old")), Put(key("a"), b"a", 0))
        await world.delete(key("a"))
        first, second = await take(observer, 2)
    leaders = [each.after.value if each.after else None for each in (first, second)]
    assert leaders == [b"a", b"b"]
    assert first.before is not None
    assert first.before.value == b"old"


async def test_cancel_ends_the_iteration_after_what_was_not_read(world: World) -> None:
    observer = await world.elsewhere.observe()
    async with world.election.campaign("a"):
        await until(lambda: observer.has_leader, "it sees the leader")
        await observer.cancel()
    assert observer.closed
    transitions = [transition async for transition in observer]
    assert [each.kind for each in transitions] == ["elected"]
    await observer.cancel()


async def test_cancel_wakes_who_reads(world: World) -> None:
    observer = await world.election.observe()

    async def read() -> list[Transition]:
        return [transition async for transition in observer]

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    await observer.cancel()
    assert await soon(reading) == []


async def test_cancelling_a_read_loses_nothing(world: World) -> None:
    async with world.elsewhere.observe() as observer:
        reading = asyncio.create_task(anext(observer))
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await world.leading("a")
        (transition,) = await take(observer, 1)
        assert transition.kind == "elected"


async def test_it_ends_with_its_block(world: World) -> None:
    async with world.election.observe() as observer:
        assert not observer.closed
        assert observer.connected
    assert observer.closed
    assert not observer.connected
    with pytest.raises(CampaignClosed):
        await observer


async def test_it_is_read_only_once_it_watches(world: World) -> None:
    with pytest.raises(CampaignClosed, match="async with"):
        await anext(world.election.observe())


@pytest.mark.parametrize(("event", "callback"), [("changed", print), ("change", None)])
async def test_an_unknown_event_or_listener_is_refused(world: World, event: Any, callback: Any) -> None:
    subscriptions: tuple[Subscription, ...] = (world.election.observe(), world.client.monitor())
    for subscription in subscriptions:
        with pytest.raises(InvalidConfig):
            subscription.on(event, callback)
        for known in ("change", "disconnected", "error"):
            subscription.on(known, print)


async def test_its_view_is_as_current_as_etcds_last_sign_of_life(world: World) -> None:
    async with world.election.observe() as observer:
        assert 0 <= observer.staleness < 2
        before = observer.revision
        await world.leading("a")
        await take(observer, 1)
        assert observer.revision > before
