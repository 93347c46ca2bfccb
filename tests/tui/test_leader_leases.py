"""When the leases of the leaders on the screen are looked at, and which of them count as dying."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain
from types import SimpleNamespace
from typing import cast

import pytest

from election_core import Candidate, Client, LeaseInfo, Transition, Unavailable, utc_now
from electiontui.sources import leases as module
from electiontui.sources.leases import LeaderLeases

TTL = 60


class Etcd:
    """Leases with their remaining time, and how often each was asked for."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.remaining: dict[int, int] = {}
        self.asked: list[int] = []
        self.is_down = False

    async def lease(self, lease_id: int) -> LeaseInfo | None:
        self.asked.append(lease_id)
        if self.is_down:
            raise Unavailable("down")
        left = self.remaining.get(lease_id)
        return None if left is None else LeaseInfo(lease_id, TTL, left)


@pytest.fixture
def etcd(monkeypatch: pytest.MonkeyPatch) -> Etcd:
    etcd = Etcd()
    monkeypatch.setattr(module, "monotonic", lambda: etcd.now)
    return etcd


@asynccontextmanager
async def looking(etcd: Etcd) -> AsyncIterator[tuple[LeaderLeases, list[int]]]:
    news: list[int] = []
    leases = LeaderLeases(cast(Client, SimpleNamespace(lease=etcd.lease)), news.append)
    task = asyncio.create_task(leases.run())
    yield leases, news
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def second(etcd: Etcd, leases: LeaderLeases, *shown: int, seconds: float = 1.0) -> list[int]:
    """Some time passes; the leases asked for by those who look at these."""
    etcd.now += seconds
    etcd.asked.clear()
    leases.want(shown)
    for _ in range(20):
        await asyncio.sleep(0)
    return sorted(etcd.asked)


async def test_a_lease_is_looked_at_again_when_it_would_be_dying(etcd: Etcd) -> None:
    etcd.remaining = {1: 50}
    async with looking(etcd) as (leases, news):
        assert await second(etcd, leases, 1) == [1]
        assert (leases.ttls, news) == ({1: TTL}, [1])
        for _ in range(30):
            assert await second(etcd, leases, 1) == []
        assert await second(etcd, leases, 1) == [1]
        assert leases.dying == set()


async def test_a_lease_that_is_not_renewed_is_dying_until_it_is(etcd: Etcd) -> None:
    etcd.remaining = {1: 19}
    async with looking(etcd) as (leases, news):
        await second(etcd, leases, 1)
        assert (leases.dying, news) == ({1}, [1])
        etcd.remaining = {1: 18}
        assert await second(etcd, leases, 1) == [1]
        assert (leases.dying, news) == ({1}, [1])
        etcd.remaining = {1: 59}
        await second(etcd, leases, 1)
        assert (leases.dying, news) == (set(), [1, 1])


async def test_a_lease_that_is_gone_is_forgotten(etcd: Etcd) -> None:
    etcd.remaining = {1: 5}
    async with looking(etcd) as (leases, news):
        await second(etcd, leases, 1)
        etcd.remaining = {}
        await second(etcd, leases, 1)
        assert (leases.dying, leases.ttls, news) == (set(), {}, [1, 1])


async def test_what_nobody_looks_at_is_neither_asked_for_nor_called_dying(etcd: Etcd) -> None:
    etcd.remaining = {1: 5, 2: 50}
    async with looking(etcd) as (leases, news):
        await second(etcd, leases, 1, 2)
        assert await second(etcd, leases, 2) == []
        assert (leases.dying, sorted(news)) == (set(), [1, 1, 2])


async def test_many_leases_are_asked_for_again_a_few_at_a_time_and_all_in_turn(etcd: Etcd) -> None:
    many = range(1, 41)
    etcd.remaining = dict.fromkeys(many, 50)
    async with looking(etcd) as (leases, _):
        assert await second(etcd, leases, *many) == [*many]
        rounds = [await second(etcd, leases, *many, seconds=40.0 if turn == 0 else 1.0) for turn in range(5)]
        assert [len(asked) for asked in rounds] == [8] * 5
        assert sorted(chain.from_iterable(rounds)) == [*many]


async def test_without_an_answer_it_is_asked_again(etcd: Etcd) -> None:
    etcd.is_down = True
    async with looking(etcd) as (leases, news):
        assert await second(etcd, leases, 1) == [1]
        assert await second(etcd, leases, 1) == [1]
        etcd.is_down, etcd.remaining = False, {1: 50}
        await second(etcd, leases, 1)
        assert (leases.ttls, news) == ({1: TTL}, [1])


async def test_a_key_without_a_lease_is_not_asked_for(etcd: Etcd) -> None:
    async with looking(etcd) as (leases, _):
        assert await second(etcd, leases, 0) == []


GONE = Candidate(b"election/job/1", b"node-1", 1, 5, 5)


def ended(leases: LeaderLeases, revision: int, after: Candidate | None = None) -> str | None:
    transition = Transition("job", revision, GONE, after, False, utc_now())
    leases.note_end(transition)
    return leases.how_ended(transition)


async def test_why_a_term_ended_is_told_where_its_lease_tells(etcd: Etcd) -> None:
    """A lease that had time left was given back or taken away; one that was not renewed to its end ran out."""
    etcd.remaining = {1: 50}
    async with looking(etcd) as (leases, _):
        assert ended(leases, 6) is None, "nobody has looked"
        await second(etcd, leases, 1)
        assert leases.doom(1) is None
        etcd.now += 49
        assert ended(leases, 7) == "before its lease ran out"
        assert ended(leases, 8, GONE._replace(value=b"other")) is None, "it leads on"
        etcd.now += 2
        assert ended(leases, 9) is None, "it may have run out, or not"
        etcd.remaining = {1: 12}
        await second(etcd, leases, 1)
        assert leases.doom(1) == (48.0, 12.0)
        etcd.now += 5
        assert leases.doom(1) == (53.0, 7.0)
        etcd.now += 8
        await second(etcd, leases, seconds=0)
        assert ended(leases, 10) == "its lease ran out", "although nobody looks at it any more"
        assert leases.doom(1) is None


async def test_what_it_remembers_of_ends_is_bounded(etcd: Etcd) -> None:
    etcd.remaining = dict.fromkeys(range(1, 3000), 50)
    async with looking(etcd) as (leases, _):
        for lease_id in range(1, 3000):
            leases._note(lease_id, module._Look(etcd.now, LeaseInfo(lease_id, TTL, 50)))
        assert ended(leases, 1) is None, "it was looked at too long ago"
        leases._note(1, module._Look(etcd.now, LeaseInfo(1, TTL, 50)))
        for revision in range(3000):
            ended(leases, revision)
        assert len(leases._endings) == 2000
        assert len(leases._looks) == 1000
