"""What an observer and a monitor share: their life, their events, and the transitions to be read from them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator
from types import TracebackType
from typing import Any, Protocol, Self

from ..core.model import Revision, Snapshot, Transition
from ..core.unread import UnreadTransitions
from ..errors import CampaignClosed, ElectionError, Unavailable
from ..store import KeyRange
from .callbacks import Callback, Callbacks
from .feed import Feed
from .runtime import Runtime

__all__ = ["StateMachine", "Subscription"]

_log = logging.getLogger("election_core.feed")

_KEPT_UNTIL_READ = 1_000
_KEPT = 100_000


class StateMachine(Protocol):
    """Whole revisions in, transitions out."""

    revision: int

    def apply(self, revision: Revision) -> list[Transition]: ...

    def reset(self, snapshot: Snapshot) -> list[Transition]: ...

    def audit(self, snapshot: Snapshot) -> list[Transition]: ...


class Subscription:
    """Follows the keys under a prefix from ``async with``, or ``await``, until `cancel`.

    Iterating it gives every transition since then, in revision order; use one iteration at a time. As many as
    100,000 are kept for a reader that is slow, 1,000 until the first one reads: older ones are forgotten, and the
    election's next one says ``gap=True``. The iteration ends with `cancel`, and raises what ended the following.
    """

    # The mutable state: the state machine once there is a first snapshot, what is unread, whether the watch is
    # up, the last error, and the task that follows.

    def __init__(self, runtime: Runtime, keys: KeyRange, what: str, *, audit_every: float) -> None:
        self._runtime = runtime
        self._what = what
        self._callbacks = Callbacks(what, "change", "disconnected", "connected", "error")
        self._feed = Feed(runtime.store, runtime.clock, keys, _Sink(self), audit_every=audit_every)
        self._machine: StateMachine | None = None
        self._unread = UnreadTransitions(_KEPT_UNTIL_READ)
        self._news = asyncio.Event()
        self._ready = asyncio.Event()
        self._connected = False
        self._last_error: ElectionError | None = None
        self._fatal: ElectionError | None = None
        self._task: asyncio.Task[None] | None = None
        self._began_at = runtime.clock.now()

    def __repr__(self) -> str:
        state = "closed" if self.closed else "connected" if self._connected else "not connected"
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
        return self._connected

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._task is not None and self._task.done()

    @property
    def last_error(self) -> ElectionError | None:
        """What broke the connection last, or ``None``."""
        return self._last_error

    @property
    def revision(self) -> int:
        """The newest revision that is taken into account; 0 before the first read."""
        return 0 if self._machine is None else self._machine.revision

    @property
    def staleness(self) -> float:
        """Seconds since the view was last known to be current; a quiet etcd is asked for a sign of life each second."""
        heard_at = self._began_at if self._feed.heard_at is None else self._feed.heard_at
        return max(0.0, self._runtime.clock.now() - heard_at)

    async def cancel(self) -> None:
        """Stop following; iterations end after what was not read yet. Cancelling it is safe."""
        self._runtime.subscriptions.discard(self)
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})

    async def close(self) -> None:
        """The same as `cancel`."""
        await self.cancel()

    async def _start(self) -> Self:
        if self._task is not None:
            raise CampaignClosed(f"The following of {self._what} was started before; make another one.")
        self._runtime.check_open()
        self._task = self._runtime.tasks.start(self._feed.run(), f"following {self._what}")
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
            raise self._fatal
        if self._machine is None:
            asked = ", ".join(self._runtime.store.endpoints)
            last = "" if self._last_error is None else f" Last: {self._last_error}"
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
        self._unread.limit = _KEPT
        return self

    async def __anext__(self) -> Transition:
        """The next transition. Cancelling it loses none."""
        while not self._unread:
            if self._task is None:
                raise CampaignClosed(f"Nothing follows {self._what} yet; enter it with async with, or await it.")
            if self._task.done():
                raise StopAsyncIteration if self._fatal is None else self._fatal
            self._news.clear()
            await self._news.wait()
        return self._unread.take()

    def take_unread(self) -> list[Transition]:
        """What an iteration would give without waiting, for a program that looks when it has the time.

        What ends the following is not raised here; see `closed`, `last_error` and the event ``"error"``.
        """
        self._unread.limit = _KEPT
        return self._unread.take_all()

    def _take(self, transitions: list[Transition]) -> None:
        if not transitions:
            return
        self._unread.put(transitions)
        self._news.set()
        if self._callbacks.has("change"):
            for transition in transitions:
                self._tell(transition)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._connected = False
        if not task.cancelled() and (exc := task.exception()) is not None:
            self._fatal = self._last_error = _as_ours(exc, self._what)
            _log.error("The following of %s has ended: %s", self._what, self._fatal)
            if self._machine is not None:
                self._callbacks.emit("error", self._fatal)
        self._news.set()
        self._ready.set()

    def on(self, event: str, callback: Callback) -> None:
        """Call ``callback`` at every such event from now on; a coroutine function is called in a task.

        Raises:
            InvalidConfig: there is no such event, or the callback cannot be called.
        """
        self._callbacks.on(event, callback)


class _Sink:
    """The feed's side of a follower."""

    def __init__(self, follower: Subscription) -> None:
        self._follower = follower

    def reset(self, snapshot: Snapshot) -> None:
        follower = self._follower
        if follower._machine is None:
            follower._machine = follower._begin(snapshot)
        else:
            follower._take(follower._machine.reset(snapshot))

    def apply(self, revision: Revision) -> None:
        assert self._follower._machine is not None
        self._follower._take(self._follower._machine.apply(revision))

    def audit(self, snapshot: Snapshot) -> None:
        assert self._follower._machine is not None
        transitions = self._follower._machine.audit(snapshot)
        if transitions:
            _log.warning("%s: etcd has lost events; transitions may be missing", self._follower._what)
        self._follower._take(transitions)

    def connected(self) -> None:
        follower = self._follower
        was_lost = not follower._connected and follower._ready.is_set()
        follower._connected = True
        follower._last_error = None
        follower._ready.set()
        if was_lost:
            follower._callbacks.emit("connected")

    def disconnected(self, error: ElectionError) -> None:
        follower = self._follower
        was_up, follower._connected = follower._connected, False
        follower._last_error = error
        if was_up:
            _log.warning("%s: disconnected, trying again: %s", follower._what, error)
            follower._callbacks.emit("disconnected", error)


def _as_ours(exc: BaseException, what: str) -> ElectionError:
    if isinstance(exc, ElectionError):
        return exc
    error = ElectionError(f"The following of {what} failed by a defect of election_core, please report it: {exc!r}")
    error.__cause__ = exc
    return error
