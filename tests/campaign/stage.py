"""What the tests of campaigns stand on: clients on one server in memory, stores that misbehave, and what is left."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

from election_core import Campaign, Client, ElectionError, Unavailable
from election_core.clock import Clock, sleep
from election_core.core.model import Candidate
from election_core.store import Guard, KeyRange, LeaseInfo, Op, Read, RenewalStream, Store, Txn, TxnResult
from election_core.testing import ManualClock, MemoryStore

EVERYTHING = KeyRange.prefix(b"")

T = TypeVar("T")


class Recorded:
    """A store that remembers the leases it granted, and does the rest as the one below."""

    def __init__(self, store: Store, leases: set[int]) -> None:
        self._below = store
        self._leases = leases

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)

    async def grant(self, lease_id: int, ttl: int) -> LeaseInfo:
        self._leases.add(lease_id)
        return await self._below.grant(lease_id, ttl)


class SlowAnswers:
    """A store on which renewals reach the server at once, and their answers take their time to come back.

    Attributes:
        delay: seconds that an answer takes from now on.
        under_way: how many answers are.
    """

    def __init__(self, store: Store, clock: Clock, delay: float) -> None:
        self._below, self._clock, self.delay = store, clock, delay
        self.under_way = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)

    def renewals(self) -> AbstractAsyncContextManager[RenewalStream]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[RenewalStream]:
        async with self._below.renewals() as stream:
            yield _SlowStream(stream, self._clock, self)


class _SlowStream:
    def __init__(self, stream: RenewalStream, clock: Clock, slow: SlowAnswers) -> None:
        self._stream, self._clock, self._slow = stream, clock, slow
        self.endpoint = stream.endpoint
        self.is_relay = stream.is_relay
        self._answers: asyncio.Queue[tuple[float, tuple[int, int]]] = asyncio.Queue()

    async def send(self, lease_id: int) -> None:
        await self._stream.send(lease_id)

    async def __aiter__(self) -> AsyncIterator[tuple[int, int]]:
        collecting = asyncio.create_task(self._collect())
        try:
            while True:
                due, answer = await self._answers.get()
                self._slow.under_way += 1
                try:
                    await sleep(self._clock, max(0.0, due - self._clock.now()))
                finally:
                    self._slow.under_way -= 1
                yield answer
        finally:
            collecting.cancel()
            await asyncio.wait({collecting})

    async def _collect(self) -> None:
        try:
            async for answer in self._stream:
                self._answers.put_nowait((self._clock.now() + self._slow.delay, answer))
        except Unavailable:
            pass


class RepeatedTxns:
    """A store that repeats a transaction whose reply was lost, as the one on a real etcd does."""

    def __init__(self, store: Store) -> None:
        self._below = store
        self.tries = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)

    async def txn(self, txn: Txn) -> TxnResult:
        while True:
            self.tries += 1
            try:
                return await self._below.txn(txn)
            except Unavailable:
                continue


class BeforeTxns:
    """A store on which something happens right before a client's transactions reach the server."""

    def __init__(self, store: Store, happens: Callable[[Txn], object]) -> None:
        self._below, self._happens = store, happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)

    async def txn(self, txn: Txn) -> TxnResult:
        self._happens(txn)
        return await self._below.txn(txn)


class Stage:
    """One server in memory.

    When the test ends all clients are closed; then neither key nor lease of a client may be left, no task may run,
    and the event loop must not have been told of an exception that nobody handled.
    """

    def __init__(self, clock: ManualClock, *, timeout: float = 1.0) -> None:
        self.clock = clock
        self.server = MemoryStore(clock=clock, timeout=timeout)
        self.lossy = self.server.another()
        self.leases: set[int] = set()
        self.unhandled: list[dict[str, Any]] = []
        self.clients: list[Client] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: self.unhandled.append(context))

    def store(self, **how: Any) -> MemoryStore:
        """The server as another client sees it."""
        return self.server.another(**how)

    def client(self, store: Store | None = None) -> Client:
        client = Client.over(Recorded(store or self.store(), self.leases), self.clock)
        self.clients.append(client)
        return client

    async def do(self, *ops: Op) -> None:
        """What an operator does to the keys."""
        await self.server.txn(Txn(Guard(b"never-there", 0), ops))

    async def candidates(self) -> list[Candidate]:
        return list((await self.server.read(Read(EVERYTHING, order="oldest"))).candidates)

    def oldest(self) -> Candidate:
        """Who leads at this very moment, as the server has it."""
        return self.server._server.read(Read(EVERYTHING, order="oldest", limit=1))[0]

    async def values(self) -> list[bytes]:
        return [each.value for each in await self.candidates()]

    async def close(self) -> None:
        for client in self.clients:
            await self.finish(client.close())
        await self.check_nothing_is_left()

    async def finish(self, work: Awaitable[T]) -> T:
        """Its result, letting time pass for as long as it takes."""
        task = asyncio.ensure_future(work)
        await self.clock.elapse(0)
        for _ in range(600):
            if task.done():
                break
            await self.clock.elapse(0.1)
        return await task

    async def living_leases(self) -> list[int]:
        return [lease_id for lease_id in self.leases if await self.server.lease(lease_id) is not None]

    async def check_nothing_is_left(self) -> None:
        assert await self.candidates() == []
        assert not await self.living_leases(), "leases are left behind"
        await asyncio.sleep(0)
        gc.collect()
        running = asyncio.all_tasks() - {asyncio.current_task()}
        assert not running, "tasks are left running"
        assert not self.unhandled


class Log:
    """What happens to campaigns, with the moment and whether the campaign held itself for the leader then."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.entries: list[tuple[str, str, float, bool]] = []

    def follow(self, name: str, campaign: Campaign) -> None:
        def note(event: str) -> None:
            self.entries.append((name, event, self._clock.now(), campaign.is_leader))

        def failed(error: ElectionError) -> None:
            note(type(error).__name__)

        campaign.on("elected", lambda: note("elected"))
        campaign.on("error", failed)

    @property
    def events(self) -> list[str]:
        return [f"{name} {event}" for name, event, _, _ in self.entries]

    def moment(self, event: str) -> float:
        return next(at for name, what, at, _ in self.entries if f"{name} {what}" == event)
