"""A watch as its reader sees it: what has come for it and was not read yet, in bounded memory."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from ..clock import utc_now
from ..errors import ElectionError
from ..store import KeyRange, WatchResponse
from .wire import revisions_of

__all__ = ["Carrier", "EtcdWatch"]

_ROOM = 16 << 20
"""Bytes, about, that are kept for a reader who does not read."""
_BYTES_PER_EVENT = 1_000
"""What an event takes besides its key and value, about."""


class Carrier(Protocol):
    """The call that a watch is on."""

    heard_at: float

    @property
    def endpoint(self) -> str:
        """The member that it is on."""

    def leave(self, watch: EtcdWatch) -> None:
        """Nobody reads it any more."""


class EtcdWatch:
    """`WatchStream` over one or several watchers on the server, one for each range of keys.

    Attributes:
        keys: what is watched.
        start_revision: from where on, or 0 for from now on.
        ids: the ids of its watchers on the call.
        is_over: it has failed or was left.
    """

    # The mutable state: the attributes, how many watchers are not established yet, what was not read yet with about
    # the bytes it takes, and what has ended it.

    def __init__(self, carrier: Carrier, keys: Sequence[KeyRange], start_revision: int) -> None:
        self.keys, self.start_revision = keys, start_revision
        self.revision = 0
        self.wants_progress = False
        self.ids: set[int] = set()
        self.is_over = False
        self._carrier = carrier
        self._missing = len(keys)
        self._unread: deque[tuple[WatchResponse, int]] = deque()
        self._size = 0
        self._read_at = time.monotonic()
        self._error: ElectionError | None = None
        self._news, self._emptied = asyncio.Event(), asyncio.Event()

    @property
    def endpoint(self) -> str:
        return self._carrier.endpoint

    @property
    def silent_for(self) -> float:
        return time.monotonic() - (self._read_at if self._unread else max(self._carrier.heard_at, self._read_at))

    @property
    def is_full(self) -> bool:
        """Whether it holds as much as it may."""
        return self._size > _ROOM

    def __aiter__(self) -> AsyncIterator[WatchResponse]:
        return self

    async def __anext__(self) -> WatchResponse:
        while not self._unread:
            await self._wait()
        response, size = self._unread.popleft()
        self._size -= size
        self._read_at = time.monotonic()
        if not self._unread:
            self._emptied.set()
        return response

    def wake(self) -> None:
        self.progress(self.revision)

    async def room(self) -> None:
        """Wait until it may take more."""
        if self.is_full:
            self._emptied.clear()
            await self._emptied.wait()

    async def established(self) -> None:
        """Wait until the server watches all of its keys. It may have events for the first before that."""
        while self._missing:
            await self._wait()

    def leave(self) -> None:
        """Take nothing more."""
        self.is_over = True
        self._emptied.set()
        self._carrier.leave(self)

    def confirm(self, watch_id: int, revision: int) -> None:
        """One of its watchers is established."""
        self.ids.add(watch_id)
        self.revision = max(self.revision, revision)
        self._missing -= 1
        self._news.set()

    def take(self, message: Any) -> None:
        """Some events."""
        revisions = revisions_of(message.events, utc_now())
        if revisions[0].revision < self.start_revision:
            revisions = tuple(each for each in revisions if each.revision >= self.start_revision)
        if revisions:
            size = message.ByteSize() + _BYTES_PER_EVENT * len(message.events)
            self._put(WatchResponse(message.header.revision, revisions), size)

    def progress(self, revision: int) -> None:
        """All events up to there were sent. One such message at a time is enough for who does not read."""
        if not self._unread:
            self._put(WatchResponse(revision, ()), 0)

    def fail(self, error: ElectionError, *, at_once: bool = False) -> None:
        """End it, after what was not read yet or at once."""
        if at_once:
            self._unread.clear()
            self._size = 0
            self._emptied.set()
        self.is_over = True
        self._error = self._error or error
        self._news.set()

    def _put(self, response: WatchResponse, size: int) -> None:
        self._unread.append((response, size))
        self._size += size
        self._news.set()

    async def _wait(self) -> None:
        if self._error is not None:
            raise self._error.fresh()
        self._news.clear()
        await self._news.wait()
