"""`Client.past`: what etcd's own history tells, in bounds."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from election_core import Past
from election_core.core.model import Snapshot
from election_core.shell import past as shell_past

from .world import World


async def terms(world: World, number: int) -> list[int]:
    """Somebody leads so often, one after the other; the tokens."""
    tokens = []
    for value in range(number):
        campaign = await world.leading(f"host-{value}")
        tokens.append(campaign.fencing_token)
        await campaign.resign()
    return tokens


def told(past: Past) -> list[tuple[str, bytes | None]]:
    return [(each.kind, None if each.after is None else each.after.value) for each in past.transitions]


async def test_it_tells_who_led_after_whom(world: World) -> None:
    tokens = await terms(world, 3)
    past = await world.another_client().past(f"election/{world.name}")
    assert told(past) == [step for n in range(3) for step in (("elected", b"host-%d" % n), ("vacated", None))]
    assert [each.after.create_revision for each in past.transitions if each.after] == tokens
    assert all(each.election == world.name and not each.gap for each in past.transitions)
    revisions = [each.revision for each in past.transitions]
    assert revisions == sorted(set(revisions))
    assert past.until == past.revision >= revisions[-1]


async def test_it_goes_on_where_somebody_knows_already(world: World) -> None:
    await terms(world, 1)
    known = (await world.client.past(f"election/{world.name}")).revision
    leader = await world.leading("second")
    past = await world.client.past(f"election/{world.name}", since=known)
    assert (past.since, told(past)) == (known, [("elected", b"second")])
    again = await world.client.past(f"election/{world.name}", since=past.revision)
    assert (again.transitions, again.until) == ((), past.revision)
    await leader.resign()


async def test_from_a_compaction_on_it_knows_who_led_there(world: World) -> None:
    await terms(world, 2)
    leader = await world.leading("third")
    compacted = leader.fencing_token
    await world.raw.compact(compacted)
    await leader.resign()
    await terms(world, 1)
    past = await world.client.past(f"election/{world.name}")
    assert past.since == compacted
    assert [each and each.value for each in past.leaders.values()] == [b"third"]
    assert told(past) == [("vacated", None), ("elected", b"host-0"), ("vacated", None)]


async def test_it_is_bounded_by_revisions(world: World) -> None:
    await terms(world, 6)
    past = await world.client.past(f"election/{world.name}", most=5)
    assert past.since == past.revision - 5
    assert len(past.transitions) <= 5
    assert all(each.revision > past.since for each in past.transitions)


async def test_it_is_bounded_by_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await terms(world, 2)
    monkeypatch.setattr(shell_past, "_CAUGHT_UP", 10**6)
    past = await world.client.past(f"election/{world.name}/none-there", within=0.3)
    assert past.until < past.revision
    assert past.transitions == ()


async def test_the_whole_key_space_is_never_gone_through(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await terms(world, 1)

    def watch(*args: object, **named: object) -> None:
        raise AssertionError("it must not be watched")

    monkeypatch.setattr(type(world.client._runtime.store), "watch", watch)
    past = await world.client.past("")
    assert (past.transitions, past.until) == ((), past.revision)


async def test_the_read_that_it_begins_with_is_bounded_by_time_as_well(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await terms(world, 2)
    never, read_lines = asyncio.Event(), shell_past._lines_at

    async def slow(*given: Any) -> Snapshot:
        await never.wait()
        return await read_lines(*given)

    monkeypatch.setattr(shell_past, "_lines_at", slow)
    async with asyncio.timeout(20):
        past = await world.client.past(f"election/{world.name}", within=0.2)
    assert (past.since, past.transitions, past.until) == (past.revision, (), past.revision)


async def test_it_is_bounded_by_bytes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 20,000 revisions each may have put a megabyte and a half."""
    leader = await world.leading("host-a")
    for number in range(20):
        await leader.proclaim(b"%d" % number * 500)
    monkeypatch.setattr(shell_past, "_MOST_BYTES", 3_000)
    past = await world.client.past(f"election/{world.name}")
    assert past.since < past.until < past.revision
    assert 3 <= len(past.transitions) < 10
    assert past.transitions[-1].revision == past.until
    await leader.resign()
