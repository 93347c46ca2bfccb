"""Callbacks of users: plain functions or coroutines, whose failures are reported and harm nobody else."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ..errors import InvalidConfig

__all__ = ["Callback", "Callbacks", "not_waited_for"]

Callback = Callable[..., Any]


class Callbacks:
    """The listeners of one object's events, called in the order in which they were added."""

    # The mutable state: listeners by event, each under a key of its own since one may be there twice; the coroutine
    # listeners that run, which the loop itself would hold only weakly.

    def __init__(self, owner: str, *events: str) -> None:
        self._owner = owner
        self._listeners: dict[str, dict[object, Callback]] = {event: {} for event in events}
        self._running: set[_Run] = set()

    def on(self, event: str, callback: Callback) -> Callable[[], None]:
        """Call ``callback`` at every ``event`` from now on, until the function that this returns is called.

        Raises:
            InvalidConfig: there is no such event, or the callback cannot be called.
        """
        if event not in self._listeners:
            known = ", ".join(repr(name) for name in self._listeners)
            raise InvalidConfig(f"{self._owner} has no event {event!r}; it has {known}.")
        if not callable(callback):
            raise InvalidConfig(f"The callback for {event!r} must be callable; got {callback!r}.")
        listeners, this = self._listeners[event], object()
        listeners[this] = callback

        def remove() -> None:
            """Call it no more, not even for an event that is being told. Removing it again does nothing."""
            listeners.pop(this, None)

        return remove

    def has(self, event: str) -> bool:
        return bool(self._listeners[event])

    def emit(self, event: str, *args: Any) -> None:
        """Call all listeners of ``event``; what they raise goes to the loop's exception handler."""
        listeners = self._listeners[event]
        for this, callback in tuple(listeners.items()):
            if this in listeners:
                self.call(event, callback, *args)

    def call(self, event: str, callback: Callback, *args: Any) -> None:
        """Call one listener."""
        run = _Run()
        outer = _current.set(run)
        try:
            result = callback(*args)
            if result is not None and inspect.isawaitable(result):
                # What is a future already is the user's own: it is waited for, and never cancelled.
                run.begin(asyncio.shield(result) if asyncio.isfuture(result) else asyncio.ensure_future(result))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as exc:  # noqa: BLE001 - a user's code may raise anything; it is reported, not swallowed
            # A CancelledError too: asyncio delivers a cancellation of the calling task at its next await, never here.
            self._report(event, callback, exc)
        finally:
            _current.reset(outer)
        if run.task is not None:
            self._running.add(run)
            run.task.add_done_callback(lambda _: self._finished(event, callback, run))

    async def settle(self, timeout: float) -> None:
        """Wait until the coroutine listeners that run have ended, and cancel those that take more than ``timeout`` s.

        One that calls this is left out, and so are those that wait for others themselves. One that goes on although
        it was cancelled is reported after as many seconds again. Cancelling this leaves them running.
        """
        with not_waited_for():
            waited = {run.free: run for run in self._running if not run.free.done()}
            if not waited:
                return
            _, late = await asyncio.wait(waited, timeout=timeout)
            for free in late:
                waited[free].cancel()
            if late:
                _, stuck = await asyncio.wait(late, timeout=timeout)
                for free in stuck:
                    self._running.discard(waited[free])
                    self._tell_the_loop(
                        f"{waited[free].task!r}, a callback of {self._owner}, does not end when cancelled"
                    )

    def _finished(self, event: str, callback: Callback, run: _Run) -> None:
        self._running.discard(run)
        if (exc := run.end()) is not None:
            self._report(event, callback, exc)

    def _report(self, event: str, callback: Callback, exc: BaseException) -> None:
        self._tell_the_loop(f"The {event!r} callback {callback!r} of {self._owner} failed", exception=exc)

    def _tell_the_loop(self, message: str, **more: object) -> None:
        asyncio.get_running_loop().call_exception_handler({"message": message, **more})


class _Run:
    """One call of a listener, with the task in which it goes on if it is a coroutine.

    Attributes:
        task: done when it has ended; ``None`` for a plain function.
        free: done while nobody has to wait for it, because it has ended or waits for others itself.
    """

    # The mutable state: the attributes, and how many waits for others it is inside of.

    def __init__(self) -> None:
        self.task: asyncio.Future[Any] | None = None
        self.free: asyncio.Future[None]
        self._waits = 0

    def begin(self, task: asyncio.Future[Any]) -> None:
        self.task = task
        self.free = task.get_loop().create_future()
        if self._waits:
            self.free.set_result(None)

    def enter_wait(self) -> None:
        self._waits += 1
        self._release()

    def leave_wait(self) -> None:
        self._waits -= 1
        if not self._waits and self.task is not None and not self.task.done():
            self.free = self.task.get_loop().create_future()

    def end(self) -> BaseException | None:
        """What it failed with, if anything: a cancellation counts where nobody has cancelled it."""
        self._release()
        assert self.task is not None
        try:
            return self.task.exception()
        except asyncio.CancelledError as exc:
            asked_for = not isinstance(self.task, asyncio.Task) or self.task.cancelling()
            return None if asked_for else exc

    def cancel(self) -> None:
        assert self.task is not None
        self.task.cancel()

    def _release(self) -> None:
        if self.task is not None and not self.free.done():
            self.free.set_result(None)


_current: ContextVar[_Run | None] = ContextVar("current callback", default=None)
"""The listener that runs here; a task that a listener has started counts as part of it."""


@contextmanager
def not_waited_for() -> Iterator[None]:
    """Around a wait that may be for listeners: if a listener waits itself, nobody waits for it meanwhile.

    Two that wait for each other would never end, such as a client that closes and a listener that closes the client.
    """
    run = _current.get()
    if run is not None:
        run.enter_wait()
    try:
        yield
    finally:
        if run is not None:
            run.leave_wait()
