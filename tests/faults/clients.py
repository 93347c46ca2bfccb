"""What the fault tests measure and do all the time."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.error import HTTPError

from election_core import Campaign, Client, ElectionError
from election_core.config import parse_endpoints
from election_core.core.model import Transition
from election_core.etcd import EtcdStore
from election_core.store import Guard, Op, Put, Txn

from ..gateway import ask

__all__ = [
    "ROUNDS",
    "Moments",
    "Raw",
    "compact",
    "eventually",
    "holds",
    "in_line",
    "new_client",
    "note",
    "raw_store",
    "read_until",
    "value_of",
]

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "2"))
"""How often the repeated faults are injected; FAULT_ROUNDS=20 for the long run."""


def note(what: str, **figures: object) -> None:
    """Print measured figures; ``pytest -rP`` or ``-s`` shows them."""
    shown = ", ".join(
        f"{key}={value:.3f}" if isinstance(value, float) else f"{key}={value}" for key, value in figures.items()
    )
    print(f"MEASURED {what}: {shown}")


@dataclass(frozen=True)
class Failure:
    """A campaign's ``error`` event."""

    at: float
    is_leader: bool
    error: ElectionError


class Moments:
    """When a campaign's events fired, in seconds on the monotonic clock that all processes of a machine share."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self._elected: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._failed: asyncio.Future[Failure] = asyncio.get_running_loop().create_future()
        campaign.on("elected", lambda: self._elected.set_result(time.monotonic()))
        campaign.on("error", self._error)

    def _error(self, error: ElectionError) -> None:
        self._failed.set_result(Failure(time.monotonic(), self.campaign.is_leader, error))

    @property
    def has_failed(self) -> bool:
        return self._failed.done()

    @property
    def was_elected(self) -> bool:
        return self._elected.done()

    async def elected(self, within: float = 20) -> float:
        async with asyncio.timeout(within):
            return await asyncio.shield(self._elected)

    async def failed(self, within: float = 20) -> Failure:
        async with asyncio.timeout(within):
            return await asyncio.shield(self._failed)


async def holds(condition: Callable[[], bool], seconds: float) -> None:
    """Look at a condition all the time for so long, which is how long the fault goes on; it must hold throughout."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert condition()
        await asyncio.sleep(0.01)


async def eventually(condition: Callable[[], Awaitable[bool]], what: str, seconds: float = 20) -> float:
    """Ask until it holds, for what nobody tells; seconds that it took."""
    began = time.monotonic()
    while not await condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def in_line(client: Client, name: str, count: int) -> None:
    """Wait until so many candidates are in line."""

    async def are_there() -> bool:
        return len(await client.election(name).candidates()) == count

    await eventually(are_there, f"{count} in line")


async def read_until(
    transitions: AsyncIterator[Transition], done: Callable[[Transition], bool], within: float = 20
) -> list[Transition]:
    """The transitions up to the first one that is the last."""
    seen: list[Transition] = []
    async with asyncio.timeout(within):
        while not seen or not done(seen[-1]):
            seen.append(await anext(transitions))
    return seen


def value_of(transition: Transition) -> str | None:
    """What the leader proclaims from there on."""
    return None if transition.after is None else transition.after.value.decode()


@asynccontextmanager
async def raw_store(*endpoints: str, timeout: float = 5.0) -> AsyncIterator[EtcdStore]:
    """The adapter alone, without anything above it."""
    store = EtcdStore(parse_endpoints(list(endpoints)), username=None, password=None, tls=None, timeout=timeout)
    try:
        yield store
    finally:
        await store.close()


class Raw:
    """Writes keys as nobody's client does."""

    def __init__(self, store: EtcdStore) -> None:
        self.store = store

    async def do(self, *ops: Op) -> int:
        """Operations at one revision, on no condition; the revision."""
        return (await self.store.txn(Txn(Guard(b"never-there", 0), ops))).revision

    async def busy(self, keys: int) -> int:
        """Make so many revisions outside of every election; the last one."""
        revision = 0
        for each in range(keys):
            revision = await self.do(Put(b"busy/key", str(each).encode(), 0))
        return revision


async def compact(endpoint: str, revision: int) -> None:
    """Have the server forget the history up to and including a revision, physically, unless it has already."""
    try:
        await asyncio.to_thread(ask, endpoint, "kv/compaction", revision=revision, physical=True)
    except HTTPError as refusal:
        told = refusal.read().decode()
        assert "revision has been compacted" in told, told


def new_client(*endpoints: str, timeout: float = 5.0) -> Client:
    return Client(list(endpoints), timeout=timeout)
