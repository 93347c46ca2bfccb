"""What an observer and a monitor share: their life, their events, and the transitions to be read from them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Any, Self

from ..core.model import Snapshot, Transition
from ..errors import CampaignClosed, ElectionError, Unavailable
from ..store import KeyRange
from .callbacks import Callback
from .feed import Feed
from .runtime import Runtime
from .seen import Hooks, Seen, StateMachine

__all__ = ["Subscription"]

_log = logging.getLogger("election_core.feed")


class Subscription:
    """Watches the keys under a prefix from ``async with``, or ``await``, until `cancel`.

    Iterating it gives every transition since then, in revision order; use one iteration at a time. As many as
    100,000 are kept for a reader that is slow, 1,000 until the first one reads: older ones are forgotten, and the
    election's next one says ``gap=True``. The iteration ends with `cancel`, and raises what ended the watching.
    """

    # The mutable state: what was seen, the task that feeds it, and what has ended that.

    def __init__(self, runtime: Runtime, keys: KeyRange, what: str, *, audit_every: float, wide: bool = False) -> None:
        """``audit_every`` and ``wide``: see `Feed`."""
        self._runtime = runtime
        self._what = what
        self._callbacks = runtime.callbacks_of(what, "change", "disconnected", "connected", "error")
        self._seen = Seen(what, self._begin, Hooks(self._changed, self._connected, self._disconnected))
        self._feed = Feed(runtime.store, runtime.clock, keys, self._seen, audit_every=audit_every, wide=wide)
        self._news = asyncio.Event()
        self._ready = asyncio.Event()
        self._fatal: ElectionError | None = None
        self._task: asyncio.Task[None] | None = None
        self._began_at = runtime.clock.now()

    def __repr__(self) -> str:
        state = "closed" if self.closed else "connected" if self.connected else "not connected"
        return f"<{type(self).__name__} of {self._what}, {state}>"

    def _begin(self, snapshot: Snapshot) -> StateMachine:
        """The state machine, beginning at ``snapshot``."""
        raise NotImplementedError

    def _tell(self, transition: Transition) -> None:
        """Emit a transition's event."""
        raise NotImplementedError

    @property
    def connected(self) -> bool:
        """Whether the watch is up, as far as known."""
        return self._seen.connected_now

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._task is not None and self._task.done()

    @property
    def last_error(self) -> ElectionError | None:
        """What broke the connection last, or ``None``."""
        return self._seen.last_error

    @property
    def revision(self) -> int:
        """The newest revision that is taken into account; 0 before the first read."""
        return self._seen.revision

    @property
    def staleness(self) -> float:
        """Seconds since the view was last known to be current; a quiet etcd is asked once per second."""
        heard_at = self._began_at if self._feed.heard_at is None else self._feed.heard_at
        return max(0.0, self._runtime.clock.now() - heard_at)

    async def cancel(self) -> None:
        """Stop watching; iterations end after what was not read yet.

        Coroutine callbacks that run are waited for, at most the client's timeout, then cancelled; the one that calls
        this goes on. Cancelling it is safe.

        Raises:
            InvalidConfig: the client belongs to another event loop.
        """
        self._runtime.check_loop()
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})
        self._runtime.subscriptions.discard(self)
        await self._callbacks.settle(self._runtime.store.timeout)

    async def close(self) -> None:
        """The same as `cancel`."""
        await self.cancel()

    async def _start(self) -> Self:
        if self._task is not None:
            raise CampaignClosed(f"The watching of {self._what} was started before; make another one.")
        self._runtime.check_open()
        self._task = self._runtime.tasks.start(self._feed.run(), f"watching {self._what}")
        self._task.add_done_callback(self._ended)
        self._runtime.subscriptions.add(self)
        try:
            await self._first_read()
        except BaseException:
            await self.cancel()
            raise
        return self

    async def _first_read(self) -> None:
        clock, timeout = self._runtime.clock, self._runtime.store.timeout
        timer = clock.call_at(clock.now() + timeout, self._ready.set)
        try:
            await self._ready.wait()
        finally:
            timer.cancel()
        if self._fatal is not None:
            raise self._fatal.fresh()
        if not self._seen.has_begun:
            asked = ", ".join(self._runtime.store.endpoints)
            last = "" if self.last_error is None else f" Last: {self.last_error}"
            raise Unavailable(f"No etcd answered at {asked} within {timeout:g} s; check the endpoints.{last}")

    def __await__(self) -> Generator[Any, None, Self]:
        return self._start().__await__()

    async def __aenter__(self) -> Self:
        return await self._start()

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cancel()

    def __aiter__(self) -> Self:
        self._seen.expect_reader()
        return self

    async def __anext__(self) -> Transition:
        """The next transition. Cancelling it loses none."""
        while not self._seen.unread:
            if self._task is None:
                raise CampaignClosed(f"Nothing watches {self._what} yet; enter it with async with, or await it.")
            if self._task.done():
                raise StopAsyncIteration if self._fatal is None else self._fatal.fresh()
            self._runtime.check_loop()
            self._news.clear()
            await self._news.wait()
        return self._seen.unread.take()

    def take_unread(self) -> list[Transition]:
        """What an iteration would give without waiting, for a program that looks when it has the time.

        What ends the watching is not raised here; see `closed`, `last_error` and the event ``"error"``.
        """
        self._seen.expect_reader()
        return self._seen.unread.take_all()

    def _changed(self, transitions: list[Transition]) -> None:
        self._news.set()
        if self._callbacks.has("change"):
            for transition in transitions:
                self._tell(transition)

    def _connected(self, again: bool) -> None:
        self._ready.set()
        if again:
            self._callbacks.emit("connected")

    def _disconnected(self, error: ElectionError) -> None:
        self._callbacks.emit("disconnected", error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._fatal = _why_ended(task, self._what)
        self._seen.end(self._fatal)
        if self._fatal is not None:
            _log.error("The watching of %s has ended: %s", self._what, self._fatal)
            if self._seen.has_begun:
                self._callbacks.emit("error", self._fatal)
        self._news.set()
        self._ready.set()

    def on(self, event: str, callback: Callback) -> Callable[[], None]:
        """Call ``callback`` at every such event from now on; a coroutine function is called in a task.

        Returns a function that removes it; removing it twice does no harm.

        Raises:
            InvalidConfig: there is no such event, or the callback cannot be called.
        """
        return self._callbacks.on(event, callback)


def _why_ended(task: asyncio.Task[None], what: str) -> ElectionError | None:
    """The error to tell of, or ``None`` where somebody has cancelled the task."""
    exc: BaseException | None
    try:
        exc = task.exception()
    except asyncio.CancelledError as cancelled:
        if task.cancelling():
            return None
        exc = cancelled
    if exc is None or isinstance(exc, ElectionError):
        return exc
    if isinstance(exc, KeyboardInterrupt | SystemExit):
        error = ElectionError(f"The watching of {what} was ended by {exc!r}; start again if the program goes on.")
    else:
        error = ElectionError(f"The watching of {what} failed by a defect of election_core, please report it: {exc!r}")
    error.__cause__ = exc
    return error
