"""Joining the line: a lease and a key, written by steps that are never cut off half way."""

from __future__ import annotations

import asyncio
import logging

from ..backoff import Backoff
from ..clock import sleep
from ..core.log_fields import log_fields
from ..core.model import Candidate
from ..core.names import candidate_key
from ..core.place import Place
from ..errors import CampaignClosed, ElectionError, LeadershipLost, Unavailable
from .holding import Holding
from .recipe import Recipe
from .runtime import Runtime

__all__ = ["Joining"]

_log = logging.getLogger("election_core.campaign")

_LEASES = 3
"""How many leases are tried when each has expired before its key could be written."""


class Joining:
    """The way of one candidate into the line.

    It is gone by one task, which must not be cancelled meanwhile: every step is bounded by the store. Whoever does
    not want it any more stops it between two steps, so that what was written is known, or at least where it would
    be.
    """

    # The mutable state: the outcome for all who wait for it, its turn to ask etcd, and why to stop.

    def __init__(self, runtime: Runtime, recipe: Recipe, holding: Holding) -> None:
        self._clock, self._recipe, self._holding = runtime.clock, recipe, holding
        self._turn = runtime.entrance.turn()
        self._outcome: asyncio.Future[Candidate] = asyncio.get_running_loop().create_future()
        self._stopped: ElectionError | None = None

    @property
    def key(self) -> bytes:
        """The candidate's key, written or not."""
        return candidate_key(self._recipe.root, self._holding.lease.lease_id)

    @property
    def is_under_way(self) -> bool:
        """Whether a step may be half done."""
        return not self._outcome.done()

    async def join(self, value: bytes) -> tuple[Candidate, Place | None]:
        """Write the key; returns the candidate, and its place unless that has to be read.

        Raises:
            LeadershipLost: the lease ended before the key was written.
            ElectionError: what kept it from being written, or what it was stopped with.
        """
        try:
            own, place = await self._join(value)
        except BaseException as exc:
            self._outcome.set_exception(exc if isinstance(exc, ElectionError) else CampaignClosed(repr(exc)))
            self._outcome.exception()  # seen; not everybody waits for it
            raise
        self._outcome.set_result(own)
        return own, place

    async def joined(self) -> Candidate:
        """Wait until the key is written; the candidate as it was then. Cancelling it only ends the waiting.

        Raises:
            ElectionError: it was not written.
        """
        await self._ended()
        exc = self._outcome.exception()
        if isinstance(exc, ElectionError):
            raise exc.fresh()
        return self._outcome.result()

    async def outcome(self) -> Candidate | None:
        """Wait for the end of the step under way; the candidate if its key is known to have been written."""
        await self._ended()
        return None if self._outcome.exception() is not None else self._outcome.result()

    def stop(self, reason: ElectionError) -> None:
        """Take no further step."""
        self._stopped = reason
        self._turn.give_up(reason)

    async def _ended(self) -> None:
        if not self._outcome.done():
            await asyncio.wait({self._outcome})

    async def _join(self, value: bytes) -> tuple[Candidate, Place | None]:
        for lease in range(1, _LEASES + 1):
            try:
                own, place = await self._write(value)
                return (own, place) if own.value == value else (await self._rewrite(own, value), None)
            except LeadershipLost as exc:
                self._raise_if_stopped()
                if lease == _LEASES or not self._holding.replace(exc):
                    raise
                self._tell(logging.WARNING, f"the lease was gone before the key was written: {exc}")
        raise AssertionError("the last lease returns or raises")

    async def _write(self, value: bytes) -> tuple[Candidate, Place | None]:
        # Whoever waits for another candidate's clean-up must not keep others from joining meanwhile.
        await self._holding.wait_for_turn()
        self._raise_if_stopped()
        async with self._turn:
            try:
                await self._holding.make_ready()
            except CampaignClosed:
                self._raise_if_stopped()
                raise
            self._raise_if_stopped()
            return await self._recipe.join(self.key, value, self._holding.lease.lease_id)

    async def _rewrite(self, own: Candidate, value: bytes) -> Candidate:
        """A candidacy that was taken up proclaims the new value before anybody is told that it has joined.

        Its key stands, so a member that does not answer is no reason to give it up while the lease lives.
        """
        backoff = Backoff()
        while True:
            self._raise_if_stopped()
            try:
                revision = await self._recipe.proclaim(own, value)
                return own._replace(value=value, mod_revision=revision)
            except Unavailable as exc:
                if not self._holding.lease.is_alive:
                    raise
                self._tell(logging.INFO, exc)
                await sleep(self._clock, backoff.pause())

    def _tell(self, level: int, what: object) -> None:
        name = self._recipe.name
        _log.log(level, "election %r: %s", name, what, extra=log_fields(name, self.key))

    def _raise_if_stopped(self) -> None:
        if self._stopped is not None:
            raise self._stopped.fresh()
