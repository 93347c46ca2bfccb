"""The background tasks of one client: owned, so that none is lost, and ended with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Iterable
from typing import Any, TypeVar

from ..errors import ElectionError

__all__ = ["BackgroundTasks", "report", "together"]

T = TypeVar("T")


def report(what: str, exc: BaseException) -> None:
    """Tell the event loop's exception handler of a failure that nobody else would see."""
    asyncio.get_running_loop().call_exception_handler({"message": what, "exception": exc})


async def together(work: Iterable[Awaitable[T]]) -> list[T]:
    """What some work gives that is done side by side. Where one fails the others are cancelled, and waited for."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


class BackgroundTasks:
    """Tasks that outlive the calls which started them, until the client ends."""

    # The mutable state: the tasks that run. The event loop itself would hold them only weakly.

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Run it in a task of its own. Whoever starts it sees to an `ElectionError`; anything else is a defect."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        exc = None if task.cancelled() else task.exception()
        # An error of ours counts as seen: nobody may be waiting for it any more. An exit ends the program itself.
        if isinstance(exc, Exception) and not isinstance(exc, ElectionError):
            report(f"A defect of election_core, please report it: {task.get_name()} failed", exc)

    async def cancel_all(self) -> None:
        """Cancel what still runs and wait until it has ended."""
        while running := self._running - {asyncio.current_task()}:
            for task in running:
                task.cancel()
            await asyncio.wait(running)
