"""A candidacy: the states of one campaign, from joining the line to the one terminal state.

Rule 1: the state changes here and nowhere else. Rule 2: this file knows no user: what happens is told to hooks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import NamedTuple, TypedDict

from ..core.campaign_state import FAILURES, NEXT_STATES, CampaignState
from ..core.flat import card, shown
from ..core.log_fields import LogFields, log_fields
from ..core.model import Candidate
from ..core.place import Place
from ..errors import ElectionError, LeadershipLost
from .cleanup import Cleanup
from .holding import Holding
from .joining import Joining
from .place_watch import watch_place
from .recipe import Recipe
from .runtime import Runtime
from .shared_watch import SharedWatch

__all__ = ["Candidacy", "Hooks"]

_log = logging.getLogger("election_core.campaign")

_STANDING = (CampaignState.WAITING, CampaignState.LEADING)
_LONGEST_REREAD = 60.0
"""Seconds after which the place is read again although nothing happened, where the TTL is longer."""


class Hooks(NamedTuple):
    """What a candidacy tells. Each is called at most once, at once, and must not raise."""

    elected: Callable[[], None]
    failed: Callable[[ElectionError], None]
    clean: Callable[[], None]
    """Nothing is left that would have to be removed."""


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
    """

    # The mutable state is what the attributes say, and the revision that wrote the value. One task goes the whole
    # way; it is not cancelled before the joining has come to an end.

    def __init__(self, runtime: Runtime, recipe: Recipe, holding: Holding, value: bytes, hooks: Hooks) -> None:
        self._runtime, self._recipe, self._holding, self._hooks = runtime, recipe, holding, hooks
        self._shared_watches = runtime.shared_watches
        self._shared_watches.enter(recipe)
        self.state = CampaignState.STARTING
        self.error: ElectionError | None = None
        self.settled = asyncio.Event()
        self.place: Place | None = None
        self.value, self._value_revision = value, 0
        self._shared: SharedWatch | None = None
        self._stop_listening: Callable[[], None] | None = None
        self._joining = Joining(runtime, recipe, holding)
        self._cleanup = Cleanup(runtime, recipe, holding, self._joining, hooks.clean)
        self._task = runtime.tasks.start(self._run(), f"campaign in {recipe.name}")
        self._task.add_done_callback(self._run_ended)

    @property
    def key(self) -> bytes:
        """The candidate's key, written or not."""
        return self._joining.key

    @property
    def lease_id(self) -> int:
        """The lease in use; one of its own is replaced should it expire before the key is written."""
        return self._holding.lease.lease_id

    @property
    def lease_remaining(self) -> float:
        """Seconds for which the lease certainly lives if no renewal comes through."""
        return self._holding.lease.remaining

    @property
    def ahead(self) -> Candidate | None:
        """The candidate directly ahead, as far as seen."""
        place = self.place
        if place is None or self._shared is None or not self._shared.shows(place.own):
            return None if place is None else place.ahead
        return self._shared.ahead_of(place.own)

    @property
    def is_healthy(self) -> bool:
        """Whether it waits or leads, on a lease that etcd has confirmed lately."""
        return self.state in _STANDING and self._holding.lease.is_confirmed

    def warn(self, what: str) -> None:
        """Log what its owner should know of."""
        _log.warning("election %r: %s", self._recipe.name, what, extra=self._log_fields)

    @property
    def _log_fields(self) -> LogFields:
        place = self.place
        return log_fields(self._recipe.name, self.key, place.own.create_revision if place and place.leads else None)

    @property
    def whose(self) -> Whose:
        return {"election": self._recipe.name, "key": self.key}

    def card(self) -> str:
        """What it is and does, as HTML."""
        facts = {"value": shown(self.value), "state": self.state, "key": shown(self.key)}
        facts["lease"] = f"{self.lease_id:x}, lives for {self.lease_remaining:.1f} s at least"
        if self.error is not None:
            facts["error"] = shown(str(self.error))
        return card(f"Campaign in {self._recipe.name}", facts.items())

    async def write(self, value: bytes) -> None:
        """Proclaim a value, once the candidate has joined the line.

        Raises:
            LeadershipLost: its key is gone; so the campaign is lost.
        """
        own = await self._joining.joined()
        try:
            revision = await self._recipe.proclaim(own, value)
        except LeadershipLost as exc:
            self.end(CampaignState.LOST, exc)
            raise
        if revision > self._value_revision:
            self.value, self._value_revision = value, revision

    async def joined(self) -> None:
        """Wait until its key is written. Cancelling it only ends the waiting.

        Raises:
            ElectionError: it was not written.
        """
        await self._joining.joined()

    async def clean(self) -> None:
        """Remove what it has written, once it has ended. Cancelling it does not stop the clean-up.

        Raises:
            Unavailable: no member answered in time; it is tried again in the background.
        """
        await self._cleanup.clean()

    def check_separable(self) -> None:
        """It can be abandoned alone.

        Raises:
            InvalidConfig: others stand on its lease.
        """
        self._holding.check_separable()

    def check_lease(self) -> None:
        """End a leadership whose lease has run out: a blocked event loop may not have come to tell that yet."""
        if self.state is CampaignState.LEADING and not self._holding.lease.is_alive:
            self.end(CampaignState.LOST, LeadershipLost("The lease has run out; stop the work, then campaign again."))

    def end(self, state: CampaignState, reason: ElectionError) -> None:
        """End in a terminal state, unless it has ended before. The reason is told as an error of this campaign."""
        if not self._move_to(state):
            return
        error = self.error = reason.fresh(**self.whose)
        self._shared_watches.leave(self._recipe)
        if self._stop_listening is not None:
            self._stop_listening()
        self._joining.stop(error)
        self._holding.stop(error)
        self.settled.set()
        if state is not CampaignState.ABANDONED:
            self._cleanup.start()
        if not self._joining.is_under_way:
            # Closing the watch takes its time, and the successor waits for the clean-up.
            asyncio.get_running_loop().call_soon(self._task.cancel)
        if state in FAILURES:
            self.warn(f"{state}: {error}")
            self._hooks.failed(error)

    async def _run(self) -> None:
        try:
            await self._stand()
        except LeadershipLost as exc:
            self.end(CampaignState.LOST, exc)
        except ElectionError as exc:
            self.end(CampaignState.FAILED, exc)

    async def _stand(self) -> None:
        """Join the line and follow the place in it until the campaign ends."""
        own, place = await self._joining.join(self.value)
        if self.state.is_terminal:
            return
        lease = self._holding.lease
        if not lease.is_alive:
            raise LeadershipLost("The lease ended while the candidate joined the line.")
        self._stop_listening = lease.on_end(self._lease_ended)
        if place is not None:
            self._take(place)
            # Whoever waits for the election goes first, before a watch is opened.
            await asyncio.sleep(0)
        reread_every = min(float(lease.ttl), _LONGEST_REREAD)
        self._shared = self._shared_watches.shared(self._recipe)
        if self._shared is not None:
            self._move_to(CampaignState.WAITING)
            await self._shared.follow(own, self._take, reread_every=reread_every)
        else:
            await self._watch_alone(own, place, reread_every)

    async def _watch_alone(self, own: Candidate, place: Place | None, reread_every: float) -> None:
        runtime = self._runtime
        places = watch_place(self._recipe, own, place, runtime.clock, runtime.rereads, reread_every=reread_every)
        async with aclosing(places):
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
                self._tell_waiting(place)

    def _elect(self, place: Place) -> None:
        if not self._holding.lease.is_alive:
            raise LeadershipLost("The lease has run out; this candidate must not be elected any more.")
        if self._move_to(CampaignState.LEADING):
            self._tell(f"elected, key {self.key!r}, revision {place.own.create_revision}")
            self.settled.set()
            self._hooks.elected()

    def _lease_ended(self, reason: ElectionError) -> None:
        self.end(CampaignState.LOST, LeadershipLost(reason.message))

    def _tell_waiting(self, place: Place) -> None:
        ahead = place.ahead
        if ahead is None:
            return
        if ahead.lease_id == 0:
            self.warn(f"the candidate ahead, key {ahead.key!r}, has no lease and so never expires; delete a stray one.")
        self._tell(f"waiting behind key {ahead.key!r}, lease {ahead.lease_id:x}")

    def _tell(self, what: str) -> None:
        _log.info("election %r: %s", self._recipe.name, what, extra=self._log_fields)

    def _move_to(self, state: CampaignState) -> bool:
        """Whether ``state`` follows on the present one, and is entered."""
        if state not in NEXT_STATES[self.state]:
            return False
        self.state = state
        return True

    def _run_ended(self, task: asyncio.Task[None]) -> None:
        """A defect, or the end of the client or of the event loop, must not leave anybody waiting."""
        if not task.cancelled() and (defect := task.exception()) is not None:
            error = ElectionError(f"The campaign failed by a defect of election_core, please report it: {defect!r}")
            error.__cause__ = defect
            self.end(CampaignState.FAILED, error)
        elif not self.state.is_terminal:
            self.end(CampaignState.FAILED, self._runtime.why_cancelled())
