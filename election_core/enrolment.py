"""Joining the line: a lease and a key, written by steps that are never cut off half way."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from .errors import CampaignClosed, ElectionError, LeadershipLost
from .model import Candidate
from .names import candidate_key
from .place import Place
from .recipe import Recipe
from .runtime import Runtime
from .session import Session

__all__ = ["Enrolment"]

_log = logging.getLogger("election_core.campaign")

_LEASES = 3
"""How many leases are tried when each has expired before its key could be written."""


class Enrolment:
    """The way of one candidate into the line, begun at once.

    Its steps run in a task of their own and are bounded by the store. Whoever does not want it any more stops it
    between two steps, so that what was written is known, or at least where it would be.

    Attributes:
        session: the lease in use; a candidate's own lease is replaced should it expire before the key is written.
        owns_session: whether the lease is this candidate's alone.
    """

    def __init__(self, runtime: Runtime, recipe: Recipe, session: Session, value: bytes, *, owns_session: bool) -> None:
        self.session = session
        self.owns_session = owns_session
        self._runtime, self._recipe = runtime, recipe
        self._stopped: ElectionError | None = None
        self._joining = runtime.tasks.start(self._join(value), f"enrolment in {recipe.name}")

    @property
    def key(self) -> bytes:
        """The candidate's key, written or not."""
        return candidate_key(self._recipe.root, self.session.lease_id)

    async def joined(self) -> Place:
        """Wait until the key is written; the place is the first one. Cancelling it only ends the waiting.

        Raises:
            LeadershipLost: the lease ended before the key was written.
            ElectionError: what kept it from being written, or what it was stopped with.
        """
        return await asyncio.shield(self._joining)

    async def outcome(self) -> Candidate | None:
        """Wait for the end of the step under way; the candidate if its key is known to have been written."""
        await asyncio.wait({self._joining})
        if self._joining.cancelled() or self._joining.exception() is not None:
            return None
        return self._joining.result().own

    def stop(self, reason: ElectionError) -> None:
        """Take no further step; ends the renewals of an own lease."""
        self._stopped = reason
        if self.owns_session:
            self.session.stop(reason)

    async def _join(self, value: bytes) -> Place:
        for lease in range(1, _LEASES + 1):
            if self.owns_session:
                await self._open()
            self._raise_if_stopped()
            try:
                return await self._renew(await self._recipe.enrol(self.key, value, self.session.lease_id), value)
            except LeadershipLost as exc:
                if not self.owns_session or lease == _LEASES:
                    raise
                self._raise_if_stopped()
                _log.warning("election %r: the lease was gone before the key was written: %s", self._recipe.name, exc)
                self.session.stop(exc)
                self.session = Session(self._runtime, self.session.ttl)
        raise AssertionError("the last lease returns or raises")

    async def _renew(self, place: Place, value: bytes) -> Place:
        """A candidacy that was taken up proclaims the new value before anybody is told that it has joined."""
        if place.own.value == value:
            return place
        self._raise_if_stopped()
        revision = await self._recipe.proclaim(place.own, value)
        return replace(place, own=replace(place.own, value=value, mod_revision=revision))

    async def _open(self) -> None:
        try:
            await self.session.open()
        except CampaignClosed:
            self._raise_if_stopped()
            raise

    def _raise_if_stopped(self) -> None:
        if self._stopped is not None:
            raise self._stopped
