"""Cleaning up after a campaign: no key and no own lease stays behind, or at least not longer than the TTL."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ..backoff import Backoff
from ..clock import sleep
from ..errors import ElectionError
from .joining import Joining
from .recipe import Recipe
from .runtime import Runtime

__all__ = ["Cleanup"]

_log = logging.getLogger("election_core.campaign")


class Cleanup:
    """Removes what one campaign has written, once it has ended.

    An own lease is revoked, which deletes the key with it in one step. On a session's lease the key is deleted,
    guarded by its create revision. Either can be repeated. It runs in tasks of its own, which nobody's
    cancellation reaches, and goes on by itself after a failure for as long as there is something to remove.
    """

    # The mutable state: the try under way or the last one.

    def __init__(self, runtime: Runtime, recipe: Recipe, joining: Joining, on_done: Callable[[], None]) -> None:
        """``on_done()``: nothing is left, or what is left ends by itself."""
        self._runtime, self._recipe, self._joining = runtime, recipe, joining
        self._on_done = on_done
        self._backoff = Backoff(last=5.0)
        self._trying: asyncio.Task[None] | None = None

    async def clean(self) -> None:
        """Clean up unless that is done already. Cancelling it does not stop the clean-up.

        Raises:
            Unavailable: no member answered in time; it is tried again in the background.
        """
        await asyncio.shield(self.start())

    def start(self) -> asyncio.Task[None]:
        """The try under way, a new one after a failure, or the one that was successful."""
        if self._trying is None or (self._trying.done() and self._has_failed(self._trying)):
            if self._trying is None:
                self._hopeless_at = self._runtime.clock.now() + self._joining.session.ttl
            self._trying = self._runtime.tasks.start(self._clean(), f"clean-up in {self._recipe.name}")
            self._trying.add_done_callback(self._tried)
        return self._trying

    async def _clean(self) -> None:
        own = await self._joining.outcome()
        session, key = self._joining.session, self._joining.key
        if self._joining.owns_session:
            await session.revoke()
            return
        own = own or await self._recipe.find(key, session.lease_id)
        if own is not None:
            await self._recipe.withdraw(own)
        session.release(key)

    def _tried(self, task: asyncio.Task[None]) -> None:
        if self._has_failed(task) and self._has_hope:
            self._runtime.tasks.start(self._try_again(), f"clean-up again in {self._recipe.name}")
        elif not task.cancelled():
            self._on_done()

    async def _try_again(self) -> None:
        await sleep(self._runtime.clock, self._backoff.pause())
        try:
            await self.clean()
        except ElectionError as exc:
            _log.info("election %r: clean-up of %r failed: %s", self._recipe.name, self._joining.key, exc)

    @property
    def _has_hope(self) -> bool:
        """Whether there may still be something: the keys of a lease that is not renewed end with it."""
        if self._joining.owns_session:
            return self._runtime.clock.now() < self._hopeless_at
        return self._joining.session.is_alive

    @staticmethod
    def _has_failed(task: asyncio.Task[None]) -> bool:
        return not task.cancelled() and task.exception() is not None
