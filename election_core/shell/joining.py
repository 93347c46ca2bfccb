"""Joining the line: a lease and a key, written by steps that are never cut off half way."""

from __future__ import annotations

import asyncio
import logging

from ..core.model import Candidate
from ..core.names import candidate_key
from ..core.place import Place
from ..errors import CampaignClosed, ElectionError, LeadershipLost
from .recipe import Recipe
from .runtime import Runtime
from .session import Session

__all__ = ["Joining"]

_log = logging.getLogger("election_core.campaign")

_LEASES = 3
"""How many leases are tried when each has expired before its key could be written."""


class Joining:
    """The way of one candidate into the line.

    It is gone by one task, which must not be cancelled meanwhile: every step is bounded by the store. Whoever does
    not want it any more stops it between two steps, so that what was written is known, or at least where it would
    be.

    Attributes:
        session: the lease in use; a candidate's own lease is replaced should it expire before the key is written.
        owns_session: whether the lease is this candidate's alone.
    """

    # The mutable state: the session, the outcome for all who wait for it, and why to stop.

    def __init__(self, runtime: Runtime, recipe: Recipe, session: Session, *, owns_session: bool) -> None:
        self.session = session
        self.owns_session = owns_session
        self._runtime, self._recipe = runtime, recipe
        self._outcome: asyncio.Future[Candidate] = asyncio.get_running_loop().create_future()
        self._stopped: ElectionError | None = None

    @property
    def key(self) -> bytes:
        """The candidate's key, written or not."""
        return candidate_key(self._recipe.root, self.session.lease_id)

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
        return await asyncio.shield(self._outcome)

    async def outcome(self) -> Candidate | None:
        """Wait for the end of the step under way; the candidate if its key is known to have been written."""
        if not self._outcome.done():
            await asyncio.wait({self._outcome})
        return None if self._outcome.exception() is not None else self._outcome.result()

    def stop(self, reason: ElectionError) -> None:
        """Take no further step; ends the renewals of an own lease."""
        self._stopped = reason
        if self.owns_session:
            self.session.stop(reason)

    async def _join(self, value: bytes) -> tuple[Candidate, Place | None]:
        for lease in range(1, _LEASES + 1):
            if self.owns_session:
                await self._open()
            self._raise_if_stopped()
            try:
                own, place = await self._recipe.join(self.key, value, self.session.lease_id)
                return (own, place) if own.value == value else await self._renew(own, value)
            except LeadershipLost as exc:
                if not self.owns_session or lease == _LEASES:
                    raise
                self._raise_if_stopped()
                _log.warning("election %r: the lease was gone before the key was written: %s", self._recipe.name, exc)
                self.session.stop(exc)
                self.session = Session(self._runtime, self.session.ttl)
        raise AssertionError("the last lease returns or raises")

    async def _renew(self, own: Candidate, value: bytes) -> tuple[Candidate, Place]:
        """A candidacy that was taken up proclaims the new value before anybody is told that it has joined."""
        self._raise_if_stopped()
        await self._recipe.proclaim(own, value)
        place = await self._recipe.place(own)
        return place.own, place

    async def _open(self) -> None:
        try:
            await self.session.open()
        except CampaignClosed:
            self._raise_if_stopped()
            raise

    def _raise_if_stopped(self) -> None:
        if self._stopped is not None:
            raise self._stopped
