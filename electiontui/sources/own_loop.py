"""An event loop in a thread of its own, for what must go on whatever the screen's loop does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["OwnLoop"]

T = TypeVar("T")


class OwnLoop:
    """Runs coroutines in its thread, which starts with the first of them and never keeps the process from ending.

    It stands still only where the whole process does: while that is stopped (ctrl+z, SIGSTOP) nothing here runs either.
    """

    # The mutable state: the loop, once its thread has made it. What runs in it belongs to the loop.

    def __init__(self, name: str) -> None:
        """``name``: the thread's."""
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def has_begun(self) -> bool:
        """Whether anything was ever started in it."""
        return self._loop is not None

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start it in the thread; the future may be waited for anywhere, and cancelling it cancels the work."""
        with self._lock:
            if self._loop is None:
                self._loop = self._start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The same for a coroutine of another loop, which goes on meanwhile."""
        return await asyncio.wrap_future(self.submit(work))

    def _start(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()

        def serve() -> None:
            asyncio.set_event_loop(loop)
            loop.run_forever()

        threading.Thread(target=serve, name=self._name, daemon=True).start()
        return loop
