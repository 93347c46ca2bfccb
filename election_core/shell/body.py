"""The body of an ``async with``: cancelled when leadership is lost, and told apart from other cancellations."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

__all__ = ["Body"]


class Body:
    """The task that runs a body, from entering to leaving it.

    Attributes:
        task: the task.
        left: set once it has left the body.
    """

    # The mutable state: whether it was interrupted by us. Others may cancel the same task meanwhile.

    def __init__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("A campaign is entered by a task; run it with asyncio.run().")
        self.task: asyncio.Task[Any] = task
        self.left = asyncio.Event()
        self._cancelling = task.cancelling()
        self._interrupted = False

    def interrupt(self) -> None:
        """Cancel the body, once."""
        if not self._interrupted:
            self._interrupted = True
            self.task.cancel()

    async def leave(self, kind: type[BaseException] | None) -> bool:
        """Whether the body ended, with an exception of this ``kind``, because of `interrupt` and nothing else."""
        self.left.set()
        # One cancellation is ours and is taken back; any that is left is somebody else's, who wants the task to end.
        if not self._interrupted or self.task.uncancel() > self._cancelling:
            return False
        if kind is None or not issubclass(kind, asyncio.CancelledError):
            # Ours may not have reached the body before its end. It is awaited here, or it would hit what comes next;
            # if another one arrives meanwhile, that one is passed on.
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0)
            if self.task.cancelling() > self._cancelling:
                raise asyncio.CancelledError
        return kind is None or issubclass(kind, asyncio.CancelledError)
