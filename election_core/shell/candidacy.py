"""The course of a campaign: its states, from joining the line to the one terminal state.

Rule 1: the state changes here and nowhere else. Rule 2: this file knows no user: what happens is told to two hooks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import TypedDict

from ..core.campaign_state import NEXT_STATES, CampaignState
from ..core.model import Candidate
from ..core.place import Place
from ..errors import CampaignClosed, ElectionError, LeadershipLost
from .cleanup import Cleanup
from .joining import Joining
from .place_watch import watch_place
from .recipe import Recipe
from .runtime import Runtime
from .session import Session
from .shared_watch import SharedWatch

__all__ = ["FAILURES", "Candidacy"]

_log = logging.getLogger("election_core.campaign")

FAILURES = (CampaignState.LOST, CampaignState.FAILED)
_LONGEST_REREAD = 60.0
"""Seconds after which the place is read anew although nothing happened, where the TTL is longer."""


class Whose(TypedDict):
    """The fields of an error that say whose it is."""

    election: str
    key: bytes


class Candidacy:
    """Runs one campaign.

    Attributes:
        state: what the campaign does.
        error: what ended it, once the state is terminal.
        settled: set once it was elected or has ended.
        place: the place in line as last seen, or ``None`` before it has joined.
        value: what it proclaims, as etcd has it as far as known.
        joining: its way into the line, which knows its key and lease.
        cleanup: removes what it has written.
    """

    # The mutable state is what the attributes say, and the revision that wrote the value. One task goes the whole
    # course; it is not cancelled before the joining has come to an end.

    def __init__(
        self,
        runtime: Runtime,
        recipe: Recipe,
        session: Session,
        value: bytes,
        *,
        owns_session: bool,
        on_elected: Callable[[], None],
        on_failed: Callable[[ElectionError], None],
        on_clean: Callable[[], None],
    ) -> None:
        """``on_elected`` and ``on_failed(error)`` are called at most once each, at once; ``on_clean()`` when nothing
        is left that would have to be removed."""
        self._recipe, self._clock, self._shared_watches = recipe, runtime.clock, runtime.shared_watches
        self._shared_watches.enter(recipe)
        self._on_elected, self._on_failed = on_elected, on_failed
        self.state = CampaignState.STARTING
        self.error: ElectionError | None = None
        self.settled = asyncio.Event()
        self.place: Place | None = None
        self._shared: SharedWatch | None = None
        self.value, self._value_revision = value, 0
        self.joining = Joining(runtime, recipe, session, owns_session=owns_session)
        self.cleanup = Cleanup(runtime, recipe, self.joining, on_clean)
        self._task = runtime.tasks.start(self._run(), f"campaign in {recipe.name}")
        self._task.add_done_callback(self._run_ended)

    @property
    def ahead(self) -> Candidate | None:
        """The candidate directly ahead, as far as seen."""
        place = self.place
        if place is None or self._shared is None or not self._shared.shows(place.own):
            return None if place is None else place.ahead
        return self._shared.ahead_of(place.own)

    @property
    def whose(self) -> Whose:
        return {"election": self._recipe.name, "key": self.joining.key}

    async def write(self, value: bytes) -> None:
        """Proclaim a value, once the candidate has joined the line.

        Raises:
            LeadershipLost: its key is gone; so the campaign is lost.
        """
        own = await self.joining.joined()
        try:
            revision = await self._recipe.proclaim(own, value)
        except LeadershipLost as exc:
            self.end(CampaignState.LOST, exc)
            raise
        if revision > self._value_revision:
            self.value, self._value_revision = value, revision

    def end(self, state: CampaignState, error: ElectionError) -> None:
        """End in a terminal state, unless it has ended before."""
        if not self._move_to(state):
            return
        self.error = error
        self._shared_watches.leave(self._recipe)
        error.election, error.key = self._recipe.name, self.joining.key
        self.joining.session.ignore_end(self._session_ended)
        self.joining.stop(error)
        self.settled.set()
        if state is not CampaignState.ABANDONED:
            self.cleanup.start()
        if not self.joining.is_under_way:
            # Closing the watch takes its time, and the successor waits for the clean-up.
            asyncio.get_running_loop().call_soon(self._task.cancel)
        if state in FAILURES:
            _log.warning("election %r: %s: %s", self._recipe.name, state, error)
            self._on_failed(error)

    async def _run(self) -> None:
        try:
            await self._stand()
        except LeadershipLost as exc:
            self.end(CampaignState.LOST, exc)
        except ElectionError as exc:
            self.end(CampaignState.FAILED, exc)

    async def _stand(self) -> None:
        """Join the line and follow the place in it until the campaign ends."""
        own, place = await self.joining.join(self.value)
        if self.state.is_terminal:
            return
        session = self.joining.session
        session.on_end(self._session_ended)
        if not session.is_alive:
            raise LeadershipLost("The lease ended while the candidate joined the line.")
        if place is not None:
            self._take(place)
            # Whoever waits for the election goes first, before a watch is opened.
            await asyncio.sleep(0)
        reread_every = min(float(session.ttl), _LONGEST_REREAD)
        self._shared = self._shared_watches.shared(self._recipe)
        if self._shared is not None:
            self._move_to(CampaignState.WAITING)
            await self._shared.follow(own, self._take, reread_every=reread_every)
        else:
            await self._follow_alone(place or await self._recipe.place(own), reread_every)

    async def _follow_alone(self, place: Place, reread_every: float) -> None:
        if place is not self.place:
            self._take(place)
        async with aclosing(watch_place(self._recipe, place, self._clock, reread_every=reread_every)) as places:
            async for news in places:
                self._take(news)

    def _take(self, place: Place) -> None:
        """Stand at this place from now on."""
        if place.own.mod_revision > self._value_revision and self.place is not None:
            self.value, self._value_revision = place.own.value, place.own.mod_revision
        known, self.place = self.place, place
        if place.leads and self.state is not CampaignState.LEADING:
            self._elect(place)
        elif not place.leads and self.state is CampaignState.LEADING:
            raise LeadershipLost("An older candidate has come up, as after a restored backup of etcd.")
        elif not place.leads:
            self._move_to(CampaignState.WAITING)
            if known is None or not place.has_same_neighbours(known):
                _tell_waiting(self._recipe.name, place)

    def _elect(self, place: Place) -> None:
        if not self.joining.session.is_alive:
            raise LeadershipLost("The lease has run out; this candidate must not be elected any more.")
        if self._move_to(CampaignState.LEADING):
            token = place.own.create_revision
            _log.info("election %r: elected, key %r, revision %d", self._recipe.name, self.joining.key, token)
            self.settled.set()
            self._on_elected()

    def _session_ended(self, reason: ElectionError) -> None:
        self.end(CampaignState.LOST, LeadershipLost(reason.message))

    def _move_to(self, state: CampaignState) -> bool:
        """Whether ``state`` follows on the present one, and is entered."""
        if state not in NEXT_STATES[self.state]:
            return False
        self.state = state
        return True

    def _run_ended(self, task: asyncio.Task[None]) -> None:
        """A defect, or the end of the client, must not leave anybody waiting."""
        if not task.cancelled() and (defect := task.exception()) is not None:
            error = ElectionError(f"The campaign failed by a defect of election_core, please report it: {defect!r}")
            error.__cause__ = defect
            self.end(CampaignState.FAILED, error)
        elif not self.state.is_terminal:
            self.end(CampaignState.FAILED, CampaignClosed("The client was closed while the campaign went on."))


def _tell_waiting(election: str, place: Place) -> None:
    ahead = place.ahead
    if ahead is None:
        return
    if ahead.lease_id == 0:
        _log.warning(
            "election %r: the candidate ahead, key %r, has no lease and so never expires; delete it if it is stray.",
            election,
            ahead.key,
        )
    _log.info("election %r: waiting behind key %r, lease %x", election, ahead.key, ahead.lease_id)
