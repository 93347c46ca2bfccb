"""Watches and renewals on the in-memory server, held up, broken and closed by the link that they run over."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Generic, TypeVar

from ..clock import Timer, utc_now
from ..core.model import Revision
from ..errors import Compacted, Unavailable
from ..store import KeyRange, WatchResponse
from .keyspace import Change
from .link import Link
from .server import MemoryServer

__all__ = ["MemoryRenewals", "MemoryWatch"]

QUIET = 1.0
"""Seconds without a message after which a watch gives a progress notification."""

Message = TypeVar("Message")


class _Stream(Generic[Message]):
    # The mutable state: the messages that arrived or are under way, and the error that ends the stream.

    def __init__(self, link: Link) -> None:
        self.endpoint = link.endpoint
        self._link = link
        self._queue: deque[Message] = deque()
        self._error: Unavailable | None = None
        self._changed = asyncio.Event()
        link.streams.append(self)

    def fail(self, error: Unavailable) -> None:
        self._error = self._error or error
        self.resume()

    def resume(self) -> None:
        self._changed.set()

    def stop(self) -> None:
        if self in self._link.streams:
            self._link.streams.remove(self)

    def _enqueue(self, message: Message) -> None:
        if self._error is None:
            self._queue.append(message)
            self._changed.set()

    async def _next(self) -> Message:
        """The next message. Cancelling it loses none."""
        await asyncio.sleep(0)
        while self._error is None and (not self._queue or self._link.is_cut):
            self._changed.clear()
            await self._changed.wait()
        if self._error is not None:
            raise self._error
        return self._queue.popleft()


class MemoryWatch(_Stream[WatchResponse]):
    """`WatchStream` on the in-memory server. Each range has responses of its own, of one revision each."""

    def __init__(
        self, link: Link, server: MemoryServer, keys: Sequence[KeyRange], start_revision: int, deletes_only: bool
    ) -> None:
        super().__init__(link)
        self.revision = server.revision
        self._server = server
        self._keys = keys
        self._start_revision = start_revision
        self._deletes_only = deletes_only
        self.wants_progress = False
        self._heard_at = link.clock.now()
        self._timer: Timer = link.clock.call_at(self._heard_at + QUIET, self._check)
        self._catch_up()

    async def __aiter__(self) -> AsyncIterator[WatchResponse]:
        while True:
            yield await self._next()

    @property
    def silent_for(self) -> float:
        if self._link.is_cut:
            return self._link.clock.now() - self._link.cut_at
        return self._link.clock.now() - self._heard_at if self._queue else 0.0

    def wake(self) -> None:
        if not self._queue:
            self._enqueue(WatchResponse(self._server.revision, ()))

    def deliver(self, change: Change) -> None:
        """A change has been made; say so, if it is one that is watched."""
        if change.revision < self._start_revision:
            return
        for part in self._keys:
            seen = change.within(part, deletes_only=self._deletes_only)
            if seen.events:
                self._tell((Revision(seen.revision, seen.events, utc_now()),))

    def stop(self) -> None:
        super().stop()
        self._timer.cancel()

    def _catch_up(self) -> None:
        if not self._start_revision:
            return
        if self._start_revision <= self._server.compacted:
            self.fail(
                Compacted(
                    f"{self.endpoint} has compacted the history before revision {self._server.compacted}.",
                    compact_revision=self._server.compacted,
                    endpoint=self.endpoint,
                )
            )
            return
        for change in self._server.since(self._start_revision):
            self.deliver(change)

    def _tell(self, revisions: tuple[Revision, ...]) -> None:
        self._heard_at = self._link.clock.now()
        self._enqueue(WatchResponse(self._server.revision, revisions))

    def _check(self) -> None:
        now = self._link.clock.now()
        if self.wants_progress and not self._queue and not self._link.is_cut:
            self._tell(())
        self._timer = self._link.clock.call_at(now + QUIET, self._check)


class MemoryRenewals(_Stream[tuple[int, int]]):
    """`RenewalStream` on the in-memory server."""

    # More mutable state: the requests that have not reached the server yet.

    is_relay = False

    def __init__(self, link: Link, server: MemoryServer) -> None:
        super().__init__(link)
        self._server = server
        self._requests: deque[int] = deque()

    async def send(self, lease_id: int) -> None:
        """Ask for a renewal. It is under way even if the link is cut, and arrives when the link mends."""
        await asyncio.sleep(0)
        if self._error is not None:
            raise self._error
        self._requests.append(lease_id)
        self.resume()
        await asyncio.sleep(0)

    async def __aiter__(self) -> AsyncIterator[tuple[int, int]]:
        while True:
            yield await self._next()

    def resume(self) -> None:
        while self._requests and self._error is None and not self._link.is_cut:
            lease_id = self._requests.popleft()
            self._enqueue((lease_id, self._server.renew(lease_id)))
        super().resume()
