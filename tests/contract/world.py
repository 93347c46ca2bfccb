"""What the tests of the public contract stand on: clients of one server, and somebody who writes keys raw."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aetcd
import pytest

from election_core import Campaign, CampaignState, Client, Election, ElectionError, LeadershipLost, Transition
from election_core.shell.subscription import Subscription
from election_core.store import Delete, Guard, Put, Read, Store, Txn
from election_core.testing import MemoryStore

from .key_space import KeySpace

PATIENCE = 10.0
"""Seconds within which everything that a test waits for must have happened."""

T = TypeVar("T")


class World:
    """One election on one server.

    When the test ends all clients are closed. Then no key may be left that was not written raw, no task may run, and
    the event loop must not have been told of an exception that nobody handled.

    Attributes:
        client: the client under test.
        raw: whoever else writes into the election: an operator, or a client of another language.
        apart: every candidate is on a client of its own; together on one client they share a watch.
        may_stay: keys that the test leaves behind on purpose.
        unhandled: what the event loop's exception handler was told.
    """

    def __init__(self, store: Store, name: str) -> None:
        self.name = name
        self.raw = KeySpace(store, f"election/{name}/")
        self.apart = False
        self.may_stay: set[bytes] = set()
        self.unhandled: list[dict[str, Any]] = []
        self._clients: list[Client] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: self.unhandled.append(context))
        self.client = self.another_client()

    def another_client(self) -> Client:
        store = self.raw.store
        client = Client.over(store.another()) if isinstance(store, MemoryStore) else Client(store.endpoints)
        self._clients.append(client)
        return client

    @property
    def election(self) -> Election:
        return self.client.election(self.name)

    @property
    def elsewhere(self) -> Election:
        """The same election, seen by another client."""
        return self.another_client().election(self.name)

    async def leading(self, value: str | bytes = "first") -> Campaign:
        """A campaign that leads."""
        return await soon(self._for_a_candidate.campaign(value))

    async def waiting(self, value: str | bytes = "second") -> Campaign:
        """A campaign that waits behind another."""
        campaign = self._for_a_candidate.campaign(value)
        await until(lambda: campaign.state is CampaignState.WAITING, "the campaign waits")
        return campaign

    @property
    def _for_a_candidate(self) -> Election:
        return self.elsewhere if self.apart else self.election

    async def values(self) -> list[bytes]:
        """What all candidates proclaim, the leader first."""
        return [candidate.value for candidate in await self.elsewhere.candidates()]

    async def write(self, key: bytes, value: bytes = b"raw", lease_id: int = 0) -> int:
        """Write any key; the revision of it."""
        self.may_stay.add(key)
        return (await self.raw.do(Put(key, value, lease_id))).revision

    async def delete(self, key: bytes) -> None:
        await self.raw.do(Delete(key))

    async def write_if(self, guard: list[object], key: bytes) -> bool:
        """Whether a user's own transaction under this guard was carried out: aetcd's on an etcd."""
        self.may_stay.add(key)
        store = self.raw.store
        if isinstance(store, MemoryStore):
            (comparison,) = guard
            assert isinstance(comparison, Guard)
            return (await store.txn(Txn(comparison, (Put(key, b"guarded", 0),)))).succeeded
        host, _, port = store.endpoints[0].rpartition(":")
        async with aetcd.Client(host, int(port)) as client:
            put = client.transactions.put(key, b"guarded")
            done, _ = await client.transaction(compare=guard, success=[put], failure=[])
        assert isinstance(done, bool)
        return done

    async def close(self) -> None:
        for client in self._clients:
            await client.close()
        left = {each.key for each in (await self.raw.store.read(Read(self.raw.all))).candidates} - self.may_stay
        for key in self.may_stay:
            await self.delete(key)
        await self.raw.close()
        await asyncio.sleep(0)
        gc.collect()
        # gRPC's own tasks for calls that have ended live on until it is told so by its queue of events.
        await until(lambda: not any(_is_of_grpc(task) for task in asyncio.all_tasks()), "gRPC's calls end")
        running = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, "keys are left behind"
        assert not running, f"tasks are left running: {running}"
        assert not self.unhandled


def told(error: ElectionError) -> tuple[object, ...]:
    """What an error says. It is made afresh each time that it is raised, so two that say the same are not one."""
    return type(error), error.message, error.election, error.key, error.endpoint


class Heard:
    """The events of one campaign, in order."""

    def __init__(self, campaign: Campaign) -> None:
        self.events: list[ElectionError | None] = []
        campaign.on("elected", lambda: self.events.append(None))
        campaign.on("error", self.events.append)

    @property
    def told(self) -> list[tuple[object, ...] | None]:
        return [None if event is None else told(event) for event in self.events]

    @property
    def kinds(self) -> list[str]:
        return ["elected" if event is None else type(event).__name__ for event in self.events]


def _is_of_grpc(task: asyncio.Task[Any]) -> bool:
    return getattr(task.get_coro(), "__qualname__", "").startswith("_AioCall.")


async def soon(awaitable: Awaitable[T]) -> T:
    """Its result, which must come."""
    async with asyncio.timeout(PATIENCE):
        return await awaitable


async def until(condition: Callable[[], bool], what: str) -> None:
    """Ask until it holds; for what nobody is told of."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"not in time: {what}"
        await asyncio.sleep(0.001)


async def lost(campaign: Campaign) -> LeadershipLost:
    """What ends the campaign, which must be a loss that nobody asked it for."""
    await until(lambda: campaign.state.is_terminal, "the loss is noticed")
    with pytest.raises(LeadershipLost) as caught:
        await campaign.wait()
    assert not campaign.is_leader
    return caught.value


async def take(subscription: Subscription, count: int) -> list[Transition]:
    """The next so many transitions."""
    return [await soon(anext(subscription)) for _ in range(count)]
