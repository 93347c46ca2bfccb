"""What lies between one client and the server, and all that can go wrong there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from ..clock import Clock, Timer
from ..core.model import KeyEvent
from ..errors import Unavailable
from .keyspace import Change

__all__ = ["Link", "Subscriber"]


class Subscriber(Protocol):
    """A stream, as the link sees it."""

    def fail(self, error: Unavailable) -> None:
        """End with this error."""

    def resume(self) -> None:
        """What was held up gets through again."""


class Link:
    """The way to the server and back.

    Attributes:
        clock: what timeouts are counted on.
        timeout: seconds that a call may take, and a stream may be cut off.
        endpoint: ``host:port`` of the member at the other end.
        cut_at: when it was cut last.
        is_cut: nothing gets through, in either direction.
        is_closed: nothing ever will.
        streams: those that are open.
        lost: keys of which the next event gets lost.
    """

    # The mutable state: the attributes, who waits for the link to mend, and the timer that fails cut-off streams.

    def __init__(self, clock: Clock, timeout: float, endpoint: str) -> None:
        self.clock = clock
        self.timeout = timeout
        self.endpoint = endpoint
        self.cut_at = 0.0
        self.is_cut = False
        self.is_closed = False
        self.streams: list[Subscriber] = []
        self.lost: list[bytes] = []
        self._waiters: set[asyncio.Event] = set()
        self._timer: Timer | None = None

    async def cross(self, deadline: float) -> None:
        """Get through to the server or back: at least one round of the event loop, longer while the link is cut.

        Raises:
            Unavailable: the link is closed, or still cut at the deadline.
        """
        await asyncio.sleep(0)
        while self.is_cut and not self.is_closed:
            if self.clock.now() >= deadline:
                raise self.unavailable("did not answer in time")
            await self._mended(deadline)
        if self.is_closed:
            raise self.unavailable("is not connected: the store was closed")

    def cut(self) -> None:
        if not self.is_cut:
            self.is_cut, self.cut_at = True, self.clock.now()
            self._timer = self.clock.call_at(self.clock.now() + self.timeout, self._give_up)

    def mend(self) -> None:
        if self.is_cut:
            self.is_cut = False
            self._stop_timer()
            self._wake()
            self._each(lambda stream: stream.resume())

    def close(self) -> None:
        self.is_closed = True
        self._stop_timer()
        self._wake()
        self.break_streams("is not connected: the store was closed")

    def break_streams(self, what: str) -> None:
        """All streams end at once, and do not come back."""
        self._each(lambda stream: stream.fail(self.unavailable(what)))

    def without_lost(self, change: Change) -> Change:
        """The change as this client gets to see it."""
        return Change(change.revision, tuple(event for event in change.events if not self._loses(event)))

    def unavailable(self, what: str) -> Unavailable:
        return Unavailable(f"{self.endpoint} {what}.", endpoint=self.endpoint)

    def _loses(self, event: KeyEvent) -> bool:
        if event.key not in self.lost:
            return False
        self.lost.remove(event.key)
        return True

    def _give_up(self) -> None:
        self.break_streams("was silent for too long")

    def _each(self, action: Callable[[Subscriber], None]) -> None:
        for stream in tuple(self.streams):
            action(stream)

    async def _mended(self, deadline: float) -> None:
        waiter = asyncio.Event()
        timer = self.clock.call_at(deadline, waiter.set)
        self._waiters.add(waiter)
        try:
            await waiter.wait()
        finally:
            self._waiters.discard(waiter)
            timer.cancel()

    def _wake(self) -> None:
        for waiter in self._waiters:
            waiter.set()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
