"""The thread that calls a client's callbacks, one after the other."""

from __future__ import annotations

import inspect
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from ..errors import InvalidConfig

__all__ = ["Callback", "Dispatcher", "Listener"]

Callback = Callable[..., object]

_log = logging.getLogger("election_core.blocking")

_LONGEST_QUEUE = 10_000
"""Events that wait for slow callbacks; an iteration keeps more, and says what it has missed."""


class Listener:
    """One registered callback.

    Attributes:
        removed: set it, and it is called no more, not even for what has happened already.
    """

    def __init__(self, dispatcher: Dispatcher, event: str, callback: Callback) -> None:
        if inspect.iscoroutinefunction(callback):
            raise InvalidConfig(f"The callback for {event!r} must be a plain function; got a coroutine function.")
        self.removed = False
        self._dispatcher, self._event, self._callback = dispatcher, event, callback

    def __call__(self, *args: Any) -> None:
        """Have it called soon, in the dispatcher's thread."""
        self._dispatcher.put(lambda: self._run(*args), must_come=self._event in ("elected", "error"))

    def _run(self, *args: Any) -> None:
        if not self.removed:
            self._callback(*args)


class Dispatcher:
    """Calls what it is given in the order in which it happened, in a thread of its own.

    ``elected`` and ``error`` come once in a life and are never dropped. Of the others the newest 10,000 are kept for
    callbacks that are slow.
    """

    # The mutable state, under the lock: what is to be called, by the order in which it happened, the thread, and what
    # was dropped.

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._certain: deque[tuple[int, Callable[[], None]]] = deque()
        self._others: deque[tuple[int, Callable[[], None]]] = deque()
        self._count = 0
        self._dropping = False
        self._thread: threading.Thread | None = None
        self._running = False
        self._closed = False

    @property
    def is_current(self) -> bool:
        """Whether this thread is the one that calls callbacks."""
        return threading.current_thread() is self._thread

    def put(self, run: Callable[[], None], *, must_come: bool) -> None:
        """Have something called; returns at once."""
        with self._changed:
            self._count += 1
            if must_come:
                self._certain.append((self._count, run))
            else:
                self._put_other(run)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._serve, name="election_core.blocking callbacks", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    def settle(self, timeout: float) -> None:
        """Wait until all that has happened was told, at most ``timeout`` seconds, and tell nothing more."""
        with self._changed:
            if not self.is_current and not self._changed.wait_for(self._is_idle, timeout):
                _log.warning("a callback goes on %g s after its client was closed", timeout)
            self._closed = True
            self._changed.notify_all()

    def _put_other(self, run: Callable[[], None]) -> None:
        if len(self._others) >= _LONGEST_QUEUE:
            self._others.popleft()
            if not self._dropping:
                _log.warning("callbacks are slower than what happens; the oldest of %d is forgotten", _LONGEST_QUEUE)
            self._dropping = True
        self._others.append((self._count, run))

    def _is_idle(self) -> bool:
        return not (self._certain or self._others or self._running)

    def _take(self) -> Callable[[], None] | None:
        """What is next, or ``None`` at the end."""
        with self._changed:
            self._running = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._certain or self._others or self._closed)
            queues = [queue for queue in (self._certain, self._others) if queue]
            if self._closed or not queues:
                return None
            self._running = True
            _, run = min(queues, key=lambda queue: queue[0][0]).popleft()
            self._dropping = self._dropping and bool(self._others)
            return run

    def _serve(self) -> None:
        while (run := self._take()) is not None:
            try:
                run()
            except BaseException:  # noqa: BLE001 - a user's code may raise anything; it is shown, and the next is called
                kind, exc, trace = sys.exc_info()
                threading.excepthook(threading.ExceptHookArgs((kind, exc, trace, self._thread)))
