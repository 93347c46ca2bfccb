"""The background tasks of one client: owned, so that none is lost, and ended with it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["BackgroundTasks"]

T = TypeVar("T")


class BackgroundTasks:
    """Tasks that outlive the calls which started them, until the client ends."""

    # The mutable state: the tasks that run. The event loop itself would hold them only weakly.

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Run it in a task of its own. Whoever starts it sees to its failure."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen, so that a failure which nobody waits for any more is not reported as lost

    async def cancel_all(self) -> None:
        """Cancel what still runs and wait until it has ended."""
        while running := self._running - {asyncio.current_task()}:
            for task in running:
                task.cancel()
            await asyncio.wait(running)
