"""Hundreds that begin or end at once do so some at a time. On a clock by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from election_core import CampaignClosed, CampaignState, Unavailable
from election_core.clock import Clock, sleep
from election_core.shell.gate import Gate
from election_core.store import LeaseInfo, Store, Txn, TxnResult

from .stage import Stage

COUNT = 200

T = TypeVar("T")


class BusyStore:
    """A store that takes a moment for each write, one after the other, and fails those that had to wait too long.

    Attributes:
        late: how many did.
    """

    def __init__(self, store: Store, clock: Clock, takes: float) -> None:
        self._below, self._clock, self._takes = store, clock, takes
        self._free_at = 0.0
        self.late = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)

    async def grant(self, lease_id: int, ttl: int) -> LeaseInfo:
        return await self._in_turn(lambda: self._below.grant(lease_id, ttl))

    async def revoke(self, lease_id: int) -> bool:
        return await self._in_turn(lambda: self._below.revoke(lease_id))

    async def txn(self, txn: Txn) -> TxnResult:
        return await self._in_turn(lambda: self._below.txn(txn))

    async def _in_turn(self, call: Callable[[], Awaitable[T]]) -> T:
        self._free_at = max(self._free_at, self._clock.now()) + self._takes
        wait = self._free_at - self._clock.now()
        await sleep(self._clock, min(wait, self._below.timeout))
        if wait > self._below.timeout:
            self.late += 1
            raise Unavailable("No etcd answered in time.")
        return await call()


@pytest.mark.parametrize("stands_on", ["a lease each", "a session", "a session each"])
async def test_nobody_is_late_because_others_came_first(stage: Stage, stands_on: str) -> None:
    """Hundreds begin at once and end at once; none of their calls is late, and no lease runs out meanwhile."""
    busy = BusyStore(stage.store(timeout=5.0), stage.clock, 0.05)
    client = stage.client(busy)
    count = {"a lease each": 0, "a session": 1, "a session each": COUNT}[stands_on]
    sessions = [client.session(10) for _ in range(count)]
    await stage.finish(asyncio.gather(*(session.__aenter__() for session in sessions)))
    assert all(session.is_alive for session in sessions)
    campaigns = [
        client.election(str(n), ttl=10).campaign("a", session=sessions[n % len(sessions)] if sessions else None)
        for n in range(COUNT)
    ]
    await stage.finish(asyncio.gather(*(campaign.wait() for campaign in campaigns)))
    assert all(campaign.is_leader for campaign in campaigns)
    await stage.finish(client.close())
    assert busy.late == 0
    assert await stage.candidates() == []


async def test_who_waits_to_join_can_go(stage: Stage) -> None:
    """At once: it does not wait for its turn to do nothing."""
    client = stage.client(BusyStore(stage.store(timeout=5.0), stage.clock, 0.05))
    campaigns = [client.election(str(n), ttl=60).campaign("a") for n in range(200)]
    await stage.clock.elapse(1)
    assert campaigns[-1].state is CampaignState.STARTING
    began = stage.clock.now()
    campaigns[-1].abandon()
    with pytest.raises(CampaignClosed):
        await campaigns[-1].wait()
    await stage.finish(campaigns[-2].resign())
    assert stage.clock.now() - began < 5
    await stage.finish(asyncio.gather(*(campaign.wait() for campaign in campaigns[:-2])))


async def test_a_resignation_does_not_wait_for_who_joins(stage: Stage) -> None:
    client = stage.client(BusyStore(stage.store(timeout=5.0), stage.clock, 0.02))
    leader = await stage.finish(client.election("job").campaign("leader").wait())
    campaigns = [client.election(str(n), ttl=60).campaign("a") for n in range(COUNT)]
    await stage.clock.elapse(1)
    began = stage.clock.now()
    await stage.finish(leader.resign())
    assert stage.clock.now() - began < 2, "it waits for who is inside, and not for the hundreds that wait"
    await stage.finish(asyncio.gather(*(campaign.wait() for campaign in campaigns)))


async def test_where_nobody_answers_all_are_told_together(stage: Stage) -> None:
    """Not one wave after the other, each for the whole timeout."""
    store = stage.store(timeout=5.0)
    client = stage.client(store)
    store.partition()
    campaigns = [client.election(str(n), ttl=60).campaign("a") for n in range(500)]
    await stage.clock.elapse(5.1)
    assert {campaign.state for campaign in campaigns} == {CampaignState.FAILED}
    assert {type(campaign.error) for campaign in campaigns} == {Unavailable}
    store.heal()
    await stage.clock.elapse(60)


async def test_closing_ends_in_time_where_nobody_answers(stage: Stage) -> None:
    store = stage.store(timeout=5.0)
    client = stage.client(store)
    campaigns = [client.election(str(n), ttl=60).campaign("a") for n in range(300)]
    await stage.finish(asyncio.gather(*(campaign.wait() for campaign in campaigns)))
    store.partition()
    began = stage.clock.now()
    await stage.finish(client.close())
    assert stage.clock.now() - began <= 10
    await stage.clock.elapse(60)


async def test_turns_come_in_order_and_a_cancelled_one_costs_nothing() -> None:
    gate, entered = Gate(1), list[int]()
    leave = [asyncio.Event() for _ in range(5)]

    async def go(number: int) -> None:
        async with gate.turn():
            entered.append(number)
            await leave[number].wait()
        if number == 0:
            # The next one has just been called, and has not run yet.
            tasks[2].cancel()

    tasks = [asyncio.create_task(go(number)) for number in range(5)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.wait({tasks[1]})
    for event in leave:
        event.set()
    await asyncio.wait(tasks)
    assert entered == [0, 3, 4]
    async with gate.turn():
        pass
