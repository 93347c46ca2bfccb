"""Who reads while others write: a monitor, a bare watch, a first load, and leases that are only kept alive."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
import tracemalloc
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from election_core import Client, Monitor, Session

from .protocol import Answer, serve
from .raw import RawEtcd

__all__ = ["Reader"]


class View:
    """One dashboard's client and monitor."""

    # The mutable state: what was told so far.

    def __init__(self, endpoint: str, prefix: str) -> None:
        self._client = Client(endpoint)
        self._monitor = self._client.monitor(prefix)
        self._told = 0
        self._news = asyncio.Event()

    async def begin(self) -> None:
        await self._client.__aenter__()
        await self._monitor.__aenter__()
        self._reading = asyncio.create_task(self._read())

    async def wait(self, revision: int) -> None:
        while self._told < revision:
            self._news.clear()
            await self._news.wait()

    async def _read(self) -> None:
        async for transition in self._monitor:
            self._told = transition.revision
            self._news.set()


class Reader:
    """One client that reads on demand."""

    # The mutable state: what is read at present and up to which revision, and the sessions that are held.

    def __init__(self, endpoint: str, client: Client) -> None:
        self._endpoint, self._client = endpoint, client
        self._reading: asyncio.Task[None] | None = None
        self._seen = self._events = self._messages = 0
        self._news = asyncio.Event()
        self._sessions: list[Session] = []
        self._views: list[View] = []

    async def view(self, asked: dict[str, Any]) -> Answer:
        """Have so many clients, each with a monitor of the prefix, as that many dashboards have."""
        self._views = [View(self._endpoint, asked["prefix"]) for _ in range(asked["count"])]
        await asyncio.gather(*(view.begin() for view in self._views))
        return {}

    async def viewed(self, asked: dict[str, Any]) -> Answer:
        """Wait until all of them were told of a revision."""
        await asyncio.gather(*(view.wait(asked["revision"]) for view in self._views))
        return {}

    async def monitor(self, asked: dict[str, Any]) -> Answer:
        """Watch a prefix and read its transitions, as a program would."""
        ready = asyncio.Event()
        self._begin(self._watch(self._client.monitor(asked["prefix"]), ready))
        await ready.wait()
        return {}

    async def bare(self, asked: dict[str, Any]) -> Answer:
        """Read a watch's messages and do nothing with them."""
        call = await RawEtcd(self._endpoint).watch(asked["prefix"].encode())
        self._begin(self._drain(call))
        return {}

    async def seen(self, asked: dict[str, Any]) -> Answer:
        """Wait until a revision was read; how many events were, and in how many messages where that is known."""
        while self._seen < asked["revision"]:
            self._news.clear()
            await self._news.wait()
        return {"events": self._events, "messages": self._messages}

    async def stop(self, asked: dict[str, Any]) -> Answer:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})
        return {}

    async def load(self, asked: dict[str, Any]) -> Answer:
        """From entering a monitor until every election is there, ordered; then what it takes in memory."""
        await self._client.election("warm-up").leader()
        gc.collect()
        before = _resident()
        if asked["traced"]:
            tracemalloc.start()
        began = time.perf_counter()
        async with self._client.monitor(asked["prefix"]) as monitor:
            taken = (time.perf_counter() - began) * 1000
            elections, candidates = len(monitor.elections), sum(map(len, monitor.elections.values()))
            gc.collect()
            traced = tracemalloc.get_traced_memory()[0] if asked["traced"] else 0
            resident = _resident() - before
        tracemalloc.stop()
        return {
            "ms": taken,
            "elections": elections,
            "candidates": candidates,
            "traced": traced,
            "resident": resident,
        }

    async def sessions(self, asked: dict[str, Any]) -> Answer:
        """Hold so many leases, each granted by itself and all renewed by the client."""
        stack = AsyncExitStack()
        for begin in range(0, asked["count"], 100):
            some = [self._client.session(asked["ttl"]) for _ in range(min(100, asked["count"] - begin))]
            await asyncio.gather(*(stack.enter_async_context(session) for session in some))
            self._sessions += some
        return {"alive": self._alive()}

    async def lowest(self, asked: dict[str, Any]) -> Answer:
        """For some seconds, the shortest time that any lease had left, and how many are alive at the end."""
        until, lowest = time.monotonic() + asked["seconds"], float("inf")
        while time.monotonic() < until:
            await asyncio.sleep(2.0)
            lowest = min(lowest, *(session.remaining for session in self._sessions))
        return {"alive": self._alive(), "remaining": lowest}

    def _alive(self) -> int:
        return sum(session.is_alive for session in self._sessions)

    def _begin(self, reading: Any) -> None:
        self._seen = self._events = self._messages = 0
        self._reading = asyncio.create_task(reading)

    async def _watch(self, monitor: Monitor, ready: asyncio.Event) -> None:
        async with monitor:
            ready.set()
            async for transition in monitor:
                self._note(transition.revision, 1)

    async def _drain(self, call: Any) -> None:
        while True:
            response = await call.read()
            self._messages += 1
            if response.events:
                self._note(response.header.revision, len(response.events))

    def _note(self, revision: int, events: int) -> None:
        self._seen = revision
        self._events += events
        self._news.set()


def _resident() -> int:
    """Bytes of memory that this process has resident."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


async def main(endpoint: str) -> None:
    async with Client(endpoint) as client:
        reader = Reader(endpoint, client)
        names = ("monitor", "bare", "seen", "stop", "load", "sessions", "lowest", "view", "viewed")
        await serve({name: getattr(reader, name) for name in names})


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
