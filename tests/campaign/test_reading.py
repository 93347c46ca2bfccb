"""What a monitor and an observer read: keys first, and values of candidates alone."""

from __future__ import annotations

from typing import Any

import pytest

from election_core.core.model import Snapshot
from election_core.store import Delete, KeyRange, Put, Read, Store

from .stage import Stage


class Moved:
    """A store that notes which values it hands out, and what was asked for."""

    def __init__(self, store: Store) -> None:
        self._below = store
        self.values: list[bytes] = []
        self.asked: list[Read] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)

    async def read(self, query: Read) -> Snapshot:
        snapshot = await self._below.read(query)
        self.asked.append(query)
        self.values += [each.value for each in snapshot.candidates if each.value]
        return snapshot


@pytest.fixture
async def moved(stage: Stage) -> Moved:
    """A server with an election among other keys, as a client sees it that notes what it is given."""
    await stage.server.grant(0x7B, 10_000)
    await stage.do(
        Put(b"config/a", b"theirs", 0),
        Put(b"election/a/7b", b"ours", 0x7B),
        Put(b"election/b/7b", b"ours", 0x7B),
        Put(b"election/c", b"theirs", 0),
        Put(b"election/d/7b", b"ours", 0x7B),
        Put(b"election/e/other", b"theirs", 0x7B),
    )
    return Moved(stage.store())


async def tidy(stage: Stage) -> None:
    await stage.server.revoke(0x7B)
    others = (await stage.server.read(Read(KeyRange.prefix(b"")))).candidates
    await stage.do(*(Delete(each.key) for each in others))


async def test_no_value_of_another_key_is_read_or_kept(stage: Stage, moved: Moved) -> None:
    """H60"""
    async with stage.client(moved).monitor("") as monitor:
        assert moved.values == [b"ours"] * 3
        assert set(monitor.elections) == {"election/a", "election/b", "election/d"}
        await stage.do(Put(b"config/b", b"theirs", 0))
        await stage.clock.elapse(1)
        (directory,) = monitor._directories
        assert {each.value for state in directory.lines.values() for each in state} == {b"ours"}
        assert moved.values == [b"ours"] * 3
    await tidy(stage)


async def test_an_audit_that_finds_nothing_reads_no_value(stage: Stage, moved: Moved) -> None:
    """H63: neither that of a prefix nor that of an election."""
    client = stage.client(moved)
    async with client.monitor("") as monitor, client.election("a").observe() as observer:
        moved.values.clear()
        moved.asked.clear()
        await stage.clock.elapse(700)
        assert {query.keys for query in moved.asked} == {KeyRange.prefix(b""), KeyRange.prefix(b"election/a/")}
        assert moved.values == []
        assert monitor.connected
        assert observer.leader() == "ours"
    await tidy(stage)


async def test_an_audit_that_finds_something_reads_that_line(stage: Stage, moved: Moved) -> None:
    """H63"""
    link = moved._below
    async with stage.client(moved).monitor("") as monitor:
        moved.values.clear()
        link.lose_event(b"election/a/7b")  # type: ignore[attr-defined]
        await stage.do(Put(b"election/a/7b", b"ours, later", 0x7B))
        await stage.clock.elapse(310)
        assert moved.values == [b"ours, later"]
        (transition,) = monitor.take_unread()
        assert (transition.election, transition.kind, transition.gap) == ("election/a", "proclaimed", True)
    await tidy(stage)


@pytest.mark.parametrize("stood", ["at the start", "live"])
async def test_a_stray_that_stands_where_an_election_begins_leads_it(stage: Stage, moved: Moved, stood: str) -> None:
    """H62: nothing was kept of it, so it is read as of the revision at which it matters."""
    stray = b"election/e/other"
    if stood == "live":
        stray = b"election/new/x/stray"
    async with stage.client(moved).monitor() as monitor:
        if stood == "live":
            await stage.do(Put(stray, b"stray", 0))
            await stage.clock.elapse(1)
        name = stray.split(b"/")[1].decode()
        await stage.do(Put(f"election/{name}/7b".encode(), b"second", 0x7B))
        await stage.do(Delete(stray))
        await stage.clock.elapse(1)
        told = [(each.election, each.kind, each.after and each.after.key) for each in monitor.take_unread()]
        assert told == [
            (name, "elected", stray),
            (name, "succeeded", f"election/{name}/7b".encode()),
        ]
    await tidy(stage)


async def test_a_new_election_where_nothing_else_stands_costs_no_read(stage: Stage, moved: Moved) -> None:
    """H62"""
    async with stage.client(moved).monitor() as monitor:
        asked = len(moved.asked)
        await stage.do(Put(b"election/new/7b", b"first", 0x7B))
        await stage.clock.elapse(1)
        assert "new" in monitor.elections
        assert len(moved.asked) == asked
    await tidy(stage)
