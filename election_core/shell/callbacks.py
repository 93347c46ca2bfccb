"""Callbacks of users: plain functions or coroutines, whose failures are reported and harm nobody else."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from ..errors import InvalidConfig

__all__ = ["Callback", "Callbacks"]

Callback = Callable[..., Any]


class Callbacks:
    """The listeners of one object's events, called in the order in which they were added."""

    # The mutable state: listeners by event, and the tasks of coroutine listeners, which the loop itself
    # would hold only weakly.

    def __init__(self, owner: str, *events: str) -> None:
        self._owner = owner
        self._listeners: dict[str, list[Callback]] = {event: [] for event in events}
        self._tasks: set[asyncio.Task[Any]] = set()

    def on(self, event: str, callback: Callback) -> Callable[[], None]:
        """Call ``callback`` at every ``event`` from now on; returns a function that removes it.

        Raises:
            InvalidConfig: there is no such event, or the callback cannot be called.
        """
        if event not in self._listeners:
            known = ", ".join(repr(name) for name in self._listeners)
            raise InvalidConfig(f"{self._owner} has no event {event!r}; it has {known}.")
        if not callable(callback):
            raise InvalidConfig(f"The callback for {event!r} must be callable; got {callback!r}.")
        self._listeners[event].append(callback)

        def remove() -> None:
            if callback in self._listeners[event]:
                self._listeners[event].remove(callback)

        return remove

    def has(self, event: str) -> bool:
        return bool(self._listeners[event])

    def emit(self, event: str, *args: Any) -> None:
        """Call all listeners of ``event``; what they raise goes to the loop's exception handler."""
        for callback in tuple(self._listeners[event]):
            self.call(event, callback, *args)

    def call(self, event: str, callback: Callback, *args: Any) -> None:
        """Call one listener."""
        try:
            result = callback(*args)
        except Exception as exc:  # noqa: BLE001 - a user's code may raise anything; it is reported, not swallowed
            self._report(event, callback, exc)
            return
        if result is not None and inspect.isawaitable(result):
            task = asyncio.ensure_future(result)
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._finished(event, callback, done))

    def _finished(self, event: str, callback: Callback, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (exc := task.exception()) is not None:
            self._report(event, callback, exc)

    def _report(self, event: str, callback: Callback, exc: BaseException) -> None:
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"The {event!r} callback {callback!r} of {self._owner} failed", "exception": exc}
        )
