"""A body that runs in a user's thread, and the task in the loop that enters the campaign for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from ..campaign import Campaign as AsyncCampaign
from ..errors import CampaignClosed, ElectionError

__all__ = ["Body", "BodyRaised"]


class BodyRaised(Exception):
    """A body has ended with an exception, which its own thread raises."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(repr(cause))
        self.cause = cause


class Body:
    """A thread's body, stood in for by a task in the loop, which enters and leaves the campaign and is cancelled where
    an asyncio body would be. Then it calls ``lost`` and waits for the end of the thread's body.

    Attributes:
        campaign: what it runs under.
        thread: the thread that runs it.
        entered: done once the campaign is entered, or will not be.
        task: the task that stands in for it, once there is one.
    """

    # The mutable state belongs to the loop, but for `entered`, which the thread waits for.

    def __init__(self, campaign: AsyncCampaign, lost: Callable[[], None], thread: threading.Thread) -> None:
        self.campaign, self.thread = campaign, thread
        self.entered: Future[None] = Future()
        self.task: asyncio.Task[Any] | None = None
        self._lost = lost
        self._ended = asyncio.Event()
        self._raised: BaseException | None = None

    @property
    def is_over(self) -> bool:
        """Whether the thread has left it."""
        return self._ended.is_set()

    def end(self, raised: BaseException | None = None) -> None:
        """The thread has left it, or is not waited for. The first call counts."""
        if not self._ended.is_set():
            self._raised = raised
            self._ended.set()

    def give_up(self) -> None:
        """The thread does not want to enter any more."""
        self._ended.set()
        if self.task is not None and not self.entered.done():
            self.task.cancel()

    async def run(self) -> None:
        """Enter the campaign, wait for the end, and leave.

        Raises:
            BodyRaised: the body has raised something that is no `ElectionError`; those are raised as they are.
        """
        async with self.campaign:
            self.entered.set_result(None)
            await self.stand()

    async def stand(self) -> None:
        """Wait for the end inside a campaign that is entered; raises as `run` does."""
        try:
            await self._ended.wait()
        except asyncio.CancelledError:
            self._lost()
            # A thread cannot be cancelled, and the campaign must not be left before its work has ended.
            while not self._ended.is_set():
                with suppress(asyncio.CancelledError):
                    await self._ended.wait()
            self._reraise()
            raise
        self._reraise()

    async def left(self) -> None:
        """Wait until the campaign was left; raises as `run` does. Cancelling it only ends the waiting."""
        if self.task is not None:
            await asyncio.shield(self.task)

    async def wait_left(self) -> None:
        """The same, whatever it raises."""
        if self.task is not None:
            await asyncio.wait({self.task})

    def tell_not_entered(self, task: asyncio.Task[Any]) -> None:
        """The task has ended: a thread that still waits to enter is told why."""
        if self.entered.done():
            return
        if task.cancelled():
            self.entered.set_exception(CampaignClosed("The client was closed; make another one."))
        else:
            self.entered.set_exception(task.exception())

    def _reraise(self) -> None:
        if isinstance(self._raised, ElectionError):
            raise self._raised
        if self._raised is not None:
            raise BodyRaised(self._raised)
