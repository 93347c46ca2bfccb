"""What an observer and a monitor share: their life, their events, and the transitions to be read from them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Generator, Iterable, Sequence
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, Self

from ..clock import Alarm
from ..core.model import Transition
from ..core.seen import Hooks, Seen, StateMachine
from ..core.unread import UnreadTransitions
from ..errors import CampaignClosed, ElectionError, Unavailable
from ..store import KeyRange
from .callbacks import Callback
from .feed import Feed
from .reading import Reads
from .runtime import Runtime

__all__ = ["Followed", "Subscription"]

_KEPT_UNTIL_READ = 1_000
_KEPT = 100_000

_log = logging.getLogger("election_core.feed")


class Followed(NamedTuple):
    """Some keys that are watched."""

    keys: KeyRange
    machine: StateMachine
    """What is known of them."""
    reads: Reads
    """How they are read."""
    wide: bool = False
    """See `Feed`."""


class Subscription:
    """Watches the keys under a prefix from ``async with``, or ``await``, until `cancel`.

    Iterating it gives every transition since then, in revision order; use one iteration at a time. As many as
    100,000 are kept for a reader that is slow, 1,000 until the first one reads: older ones are forgotten, and the
    election's next one says ``gap=True``. The iteration ends with `cancel`, and raises what ended the watching.
    """

    _EVENTS: ClassVar[tuple[str, ...]] = ("change", "disconnected", "connected", "error")

    # The mutable state: what was seen and is unread, whether it was said to be broken, when the first read got on last,
    # the task that feeds it, and what has ended that.

    def __init__(self, runtime: Runtime, what: str, followed: Iterable[Followed], *, audit_every: float) -> None:
        """``audit_every``: see `Feed`."""
        self._runtime = runtime
        self._what = what
        self._callbacks = runtime.callbacks_of(what, *self._EVENTS)
        self._unread = UnreadTransitions(_KEPT_UNTIL_READ)
        hooks = Hooks(self._changed, self._connected, self._disconnected, self._advanced, self._lost)
        self._seen: list[Seen] = []
        self._feeds: list[Feed] = []
        for keys, machine, reads, wide in followed:
            seen = Seen(machine, self._unread, hooks)
            self._seen.append(seen)
            self._feeds.append(
                Feed(runtime.store, runtime.clock, keys, seen, reads, audit_every=audit_every, wide=wide)
            )
        self._news = asyncio.Event()
        self._ready = Alarm(runtime.clock)
        self._is_broken = False
        self._fatal: ElectionError | None = None
        self._task: asyncio.Task[None] | None = None
        self._began_at = self._advanced_at = runtime.clock.now()

    def __repr__(self) -> str:
        state = "closed" if self.closed else "connected" if self.connected else "not connected"
        return f"<{type(self).__name__} of {self._what}, {state}>"

    def _tell(self, transition: Transition) -> None:
        """Emit a transition's event."""
        raise NotImplementedError

    @property
    def connected(self) -> bool:
        """Whether the watch is up, as far as known."""
        return all(seen.connected_now for seen in self._seen)

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._task is not None and self._task.done()

    @property
    def last_error(self) -> ElectionError | None:
        """What broke the connection last, or ``None``."""
        return next((seen.last_error for seen in self._seen if seen.last_error is not None), None)

    @property
    def revision(self) -> int:
        """The newest revision that is taken into account; 0 before the first read."""
        return min(seen.revision for seen in self._seen)

    @property
    def staleness(self) -> float:
        """Seconds since the view was last known to be current; a quiet etcd is asked once per second."""
        heard = (self._began_at if feed.heard_at is None else feed.heard_at for feed in self._feeds)
        return max(0.0, self._runtime.clock.now() - min(heard))

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
        self._task = self._runtime.tasks.start(_run_all(self._feeds), f"watching {self._what}")
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
        self._advanced_at = clock.now()
        # Reading much takes its time; it is only given up where it does not get on.
        while not self._has_begun and not self.closed and clock.now() < self._advanced_at + timeout:
            await self._ready.sleep_until(self._advanced_at + timeout)
        if self._fatal is not None:
            raise self._fatal.fresh()
        if not self._has_begun:
            asked = ", ".join(self._runtime.store.endpoints)
            last = "" if self.last_error is None else f" Last: {self.last_error}"
            raise Unavailable(f"No etcd answered at {asked} within {timeout:g} s; check the endpoints.{last}")

    @property
    def _has_begun(self) -> bool:
        return all(seen.has_begun for seen in self._seen)

    def _advanced(self) -> None:
        """A part of the first read has come."""
        self._advanced_at = self._runtime.clock.now()

    def __await__(self) -> Generator[Any, None, Self]:
        return self._start().__await__()

    async def __aenter__(self) -> Self:
        return await self._start()

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cancel()

    def __aiter__(self) -> Self:
        self._unread.limit = _KEPT
        return self

    async def __anext__(self) -> Transition:
        """The next transition. Cancelling it loses none."""
        while not self._unread:
            if self._task is None:
                raise CampaignClosed(f"Nothing watches {self._what} yet; enter it with async with, or await it.")
            if self._task.done():
                raise StopAsyncIteration if self._fatal is None else self._fatal.fresh()
            self._runtime.check_loop()
            self._news.clear()
            await self._news.wait()
        return self._unread.take()

    def take_unread(self) -> list[Transition]:
        """What an iteration would give without waiting, for a program that looks when it has the time.

        What ends the watching is not raised here; see `closed`, `last_error` and the event ``"error"``.
        """
        self._unread.limit = _KEPT
        return self._unread.take_all()

    def _changed(self, transitions: list[Transition]) -> None:
        self._news.set()
        if self._callbacks.has("change"):
            for transition in transitions:
                self._tell(transition)

    def _connected(self) -> None:
        self._ready.ring()
        if self._is_broken and self.connected:
            self._is_broken = False
            self._callbacks.emit("connected")

    def _disconnected(self, error: ElectionError) -> None:
        if not self._is_broken:
            self._is_broken = True
            _log.warning("%s: disconnected, trying again: %s", self._what, error)
            self._callbacks.emit("disconnected", error)

    def _lost(self) -> None:
        _log.warning("%s: etcd has lost events; transitions may be missing", self._what)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._fatal = _why_ended(task, self._what)
        for seen in self._seen:
            seen.end(self._fatal)
        if self._fatal is not None:
            _log.error("The watching of %s has ended: %s", self._what, self._fatal)
            if self._has_begun:
                self._callbacks.emit("error", self._fatal)
        self._news.set()
        self._ready.ring()

    def on(self, event: str, callback: Callback) -> Callable[[], None]:
        """Call ``callback`` at every such event from now on; a coroutine function is called in a task.

        Returns a function that removes it; removing it twice does no harm.

        Raises:
            InvalidConfig: there is no such event, or the callback cannot be called.
        """
        return self._callbacks.on(event, callback)


async def _run_all(feeds: Sequence[Feed]) -> None:
    """Feed until cancelled, or until one fails."""
    if len(feeds) == 1:
        return await feeds[0].run()
    tasks = [asyncio.ensure_future(feed.run()) for feed in feeds]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


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
