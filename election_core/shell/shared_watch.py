"""One watch for many: where a client has several candidates in one election, they share one view of the whole line.

Each candidate alone watches its neighbours. Two or more on one client would watch much the same keys, so one ordered
watch of the whole election serves them all: the line is known at every revision, and with it whether a candidate of
this client leads, without asking again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from ..clock import Clock
from ..core.log_fields import log_fields
from ..core.model import Candidate, Revision, Snapshot
from ..core.place import Place, still_own
from ..core.state import ElectionState
from ..errors import ElectionError, LeadershipLost
from ..store import KeyRange
from .feed import Feed
from .reading import LineReads
from .recipe import Recipe
from .tasks import BackgroundTasks

__all__ = ["SharedWatch", "SharedWatches"]

_log = logging.getLogger("election_core.campaign")


class SharedWatches:
    """The elections in which one client campaigns."""

    # The mutable state: how many candidates of this client each election has, and the lines that are shared.

    def __init__(self, clock: Clock, tasks: BackgroundTasks) -> None:
        self._clock, self._tasks = clock, tasks
        self._candidates: Counter[bytes] = Counter()
        self._shared: dict[bytes, SharedWatch] = {}

    def enter(self, recipe: Recipe) -> None:
        """One more candidate of this client."""
        self._candidates[recipe.root] += 1

    def leave(self, recipe: Recipe) -> None:
        """One less."""
        self._candidates[recipe.root] -= 1
        if not self._candidates[recipe.root]:
            del self._candidates[recipe.root]
            self._shared.pop(recipe.root, None)

    def shared(self, recipe: Recipe) -> SharedWatch | None:
        """The line to share, where there are two candidates of this client or more."""
        if self._candidates[recipe.root] < 2:
            return None
        if recipe.root not in self._shared:
            self._shared[recipe.root] = SharedWatch(recipe, self._clock, self._tasks)
        return self._shared[recipe.root]


class _Member(NamedTuple):
    own: Candidate
    take: Callable[[Place], None]
    over: asyncio.Future[None]
    rewinds: int
    """How often etcd's revisions had gone back when it joined the line."""


class SharedWatch:
    """A view of one election's whole line, current for as long as a candidate of this client stands in it."""

    # The mutable state: the line as of the last revision, the candidates of this client by key, and the task that
    # keeps it current.

    def __init__(self, recipe: Recipe, clock: Clock, tasks: BackgroundTasks) -> None:
        self._recipe, self._clock, self._background = recipe, clock, tasks
        self._state = ElectionState(recipe.name)
        self._members: dict[bytes, _Member] = {}
        self._feeding: asyncio.Task[None] | None = None

    async def follow(self, own: Candidate, take: Callable[[Place], None], *, reread_every: float) -> None:
        """Call ``take`` at once with each new place of the candidate, until it is out. Cancelling it is safe.

        Raises:
            LeadershipLost: its key is gone, or ``take`` has raised it.
            AuthenticationFailed: the election may not be watched or read.
        """
        over = asyncio.get_running_loop().create_future()
        member = _Member(own, take, over, self._recipe.store.rewinds)
        self._members[own.key] = member
        if self._feeding is None:
            self._start(reread_every)
        self._tell(member)
        try:
            await member.over
        finally:
            del self._members[own.key]
            if not self._members:
                self._stop()

    def shows(self, own: Candidate) -> bool:
        """Whether the view is as new as the candidate."""
        return self._state.revision >= own.create_revision

    def ahead_of(self, own: Candidate) -> Candidate | None:
        """The candidate directly ahead, as far as seen."""
        return self._state.ahead_of(own)

    def reset(self, snapshot: Snapshot) -> Iterable[None]:
        """A feed's sink: the whole line was read."""
        if self._state.revision:
            self._state.reset(snapshot)
        else:
            self._state = ElectionState(self._recipe.name, snapshot)
        self._tell_all()
        return ()

    def rewind(self) -> None:
        """A feed's sink: etcd was restored or wiped, and nothing is known until it is read again."""
        self._state = ElectionState(self._recipe.name)

    def apply(self, revision: Revision) -> None:
        """A feed's sink: the line has changed."""
        self._state.apply(revision)
        leader = self._state.leader
        changed = {event.key for event in revision.events} | ({leader.key} if leader is not None else set())
        for key in changed & self._members.keys():
            self._tell(self._members[key])

    def audit(self, snapshot: Snapshot, roots: Collection[bytes] | None) -> None:
        """A feed's sink: the line was read once more."""
        self._state.audit(snapshot)
        self._tell_all()

    def connected(self) -> None:
        """A feed's sink: the view is current."""

    def disconnected(self, error: ElectionError) -> None:
        """A feed's sink: the watch broke, which costs no place."""
        _log.info("election %r: %s", self._recipe.name, error, extra=log_fields(self._recipe.name))

    def _tell(self, member: _Member) -> None:
        # A key of a history that is gone is there, or not, whatever its create revision.
        is_shown = self.shows(member.own) or (self._state.revision and member.rewinds < self._recipe.store.rewinds)
        if not is_shown or member.over.done():
            return
        try:
            member.take(self._place(member.own))
        except LeadershipLost as exc:
            member.over.set_exception(exc)

    def _tell_all(self) -> None:
        for member in tuple(self._members.values()):
            self._tell(member)

    def _place(self, own: Candidate) -> Place:
        now = still_own(own, self._state.get(own.key))
        ahead = self._state.ahead_of(now)
        return Place(self._state.revision, now, ahead, ahead_leads=ahead is self._state.leader)

    def _start(self, reread_every: float) -> None:
        self._state = ElectionState(self._recipe.name)
        keys = KeyRange.prefix(self._recipe.root)
        reads = LineReads(self._recipe.store, keys, lambda: self._state)
        feed = Feed(self._recipe.store, self._clock, keys, self, reads, audit_every=reread_every)
        self._feeding = self._background.start(feed.run(), f"the line of {self._recipe.name}")
        self._feeding.add_done_callback(self._ended)

    def _stop(self) -> None:
        if self._feeding is not None:
            self._feeding.cancel()
            self._feeding = None

    def _ended(self, feed: asyncio.Task[None]) -> None:
        """The feed gives up only where trying again cannot help."""
        if feed.cancelled() or (exc := feed.exception()) is None:
            return
        self._stop()
        for member in self._members.values():
            if not member.over.done():
                member.over.set_exception(exc.fresh() if isinstance(exc, ElectionError) else exc)
