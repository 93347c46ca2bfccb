"""Cleaning up after a campaign: neither its key nor a lease of its own stays behind, or at least not for long."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ..backoff import Backoff
from ..clock import sleep
from ..core.log_fields import log_fields
from ..errors import CampaignClosed, ElectionError
from .holding import Holding
from .joining import Joining
from .recipe import Recipe
from .runtime import Runtime

__all__ = ["Cleanup"]

_log = logging.getLogger("election_core.campaign")


class Cleanup:
    """Removes what one campaign has written, once it has ended.

    Removing can be repeated. It runs in tasks of its own, which nobody's cancellation reaches, and goes on by itself
    after a failure for as long as there is something to remove.
    """

    # The mutable state: the try under way or the last one.

    def __init__(
        self, runtime: Runtime, recipe: Recipe, holding: Holding, joining: Joining, on_done: Callable[[], None]
    ) -> None:
        """``on_done()``: nothing is left, or what is left ends by itself."""
        self._runtime, self._recipe = runtime, recipe
        self._holding, self._joining = holding, joining
        self._on_done = on_done
        self._backoff = Backoff(last=5.0)
        self._trying: asyncio.Task[None] | None = None

    async def clean(self) -> None:
        """Clean up unless that is done already. Cancelling it does not stop the clean-up.

        Raises:
            Unavailable: no member answered in time; it is tried again in the background.
            CampaignClosed: the client or the event loop ended first; what is left runs out with its lease.
        """
        trying = self.start()
        await asyncio.wait({trying})
        if trying.cancelled():
            raise CampaignClosed("The clean-up was cut off; what is left runs out with its lease.")
        exc = trying.exception()
        if exc is not None:
            raise exc.fresh() if isinstance(exc, ElectionError) else exc

    def start(self) -> asyncio.Task[None]:
        """The try under way, a new one after a failure, or the one that was successful."""
        if self._trying is None or _has_failed(self._trying):
            self._trying = self._runtime.tasks.start(self._clean(), f"clean-up in {self._recipe.name}")
            self._trying.add_done_callback(self._tried)
        return self._trying

    async def _clean(self) -> None:
        own = await self._joining.outcome()
        async with self._runtime.exit.turn():
            await self._holding.remove(self._recipe, self._joining.key, own)

    def _tried(self, task: asyncio.Task[None]) -> None:
        if _has_failed(task) and self._holding.may_be_left:
            self._runtime.tasks.start(self._try_again(), f"clean-up again in {self._recipe.name}")
        elif not task.cancelled():
            self._holding.let_go()
            self._on_done()

    async def _try_again(self) -> None:
        await sleep(self._runtime.clock, self._backoff.pause())
        try:
            await self.clean()
        except ElectionError as exc:
            name, key = self._recipe.name, self._joining.key
            _log.info("election %r: clean-up of %r failed: %s", name, key, exc, extra=log_fields(name, key))


def _has_failed(task: asyncio.Task[None]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is not None
