"""Places in line are looked at again from time to time, since servers have lost events: those of one client together.

Many are asked for in one request, which leaves their values on the server. It is only asked whether each place is still
as known; whoever's is not, or stands alone, reads its own place, so that is judged in one way only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from itertools import count

from ..backoff import Backoff
from ..clock import FAR, Alarm, Clock, sleep
from ..core.place import Place
from ..errors import ElectionError, Unavailable
from ..store import Delete, Guard, Store, Txn
from .recipe import Recipe
from .tasks import BackgroundTasks, report

__all__ = ["Reread", "Rereads", "question"]

_log = logging.getLogger("election_core.campaign")

_TOGETHER = 64
"""Places that are asked for in one request; etcd takes 128."""
_LATE_SHARE = 1 / 20
"""Share of the time between two looks at a place by which one may be late, so that it has company."""


class Reread:
    """One place that is looked at.

    Attributes:
        place: where its candidate stands as far as known.
        is_due: it has to be read.
    """

    # The mutable state: the attributes, and whom to tell.

    __slots__ = ("_tell", "every", "is_due", "place", "recipe")

    def __init__(self, recipe: Recipe, place: Place, every: float, tell: Callable[[], None]) -> None:
        self.recipe, self.place, self.every = recipe, place, every
        self.is_due = False
        self._tell: Callable[[], None] | None = tell

    @property
    def is_over(self) -> bool:
        return self._tell is None

    def end(self) -> None:
        """Look no more."""
        self._tell = None

    def doubt(self) -> None:
        """It has to be read, unless nobody looks any more."""
        if self._tell is not None:
            self.is_due = True
            self._tell()


class Rereads:
    """The places of one client."""

    # The mutable state: when each is to be looked at, with some that are over, and the one task that does it.

    def __init__(self, store: Store, clock: Clock, tasks: BackgroundTasks) -> None:
        self._store, self._clock, self._tasks = store, clock, tasks
        self._due: list[tuple[float, int, Reread]] = []
        self._order = count()
        self._alarm = Alarm(clock)
        self._started = False

    def begin(self, recipe: Recipe, place: Place, every: float, tell: Callable[[], None]) -> Reread:
        """Look at a place every so many seconds, and ``tell()`` whenever it has to be read."""
        reread = Reread(recipe, place, every, tell)
        self._schedule(reread)
        if not self._started:
            self._started = True
            self._tasks.start(self._run(), "another look at places")
        if self._due[0][2] is reread:
            self._alarm.ring()
        return reread

    def _schedule(self, reread: Reread) -> None:
        heappush(self._due, (self._clock.now() + reread.every, next(self._order), reread))

    async def _run(self) -> None:
        while True:
            await self._alarm.sleep_until(self._next_moment())
            due = self._take_due()
            for begin in range(0, len(due), _TOGETHER):
                try:
                    await self._look_at(due[begin : begin + _TOGETHER])
                except Exception as exc:  # noqa: BLE001 - a defect, which must not end the looking unseen
                    report("A defect of election_core, please report it: places were not looked at", exc)

    def _next_moment(self) -> float:
        while self._due and self._due[0][2].is_over:
            heappop(self._due)
        if not self._due:
            return self._clock.now() + FAR
        moment, _, first = self._due[0]
        return moment if len(self._due) == 1 else moment + first.every * _LATE_SHARE

    def _take_due(self) -> list[Reread]:
        """Those whose time has come, once the first of them has waited for the others. Each is scheduled again."""
        now = self._clock.now()
        taken = list[Reread]()
        if now < self._next_moment():
            return taken
        while self._due and self._due[0][0] <= now:
            reread = heappop(self._due)[2]
            if not reread.is_over:
                self._schedule(reread)
                taken.append(reread)
        return taken

    async def _look_at(self, rereads: Sequence[Reread]) -> None:
        backoff = Backoff()
        while len(rereads) > 1:
            try:
                shown = await self._store.txn(question(rereads))
            except Unavailable as exc:
                _log.info("another look at %d places: %s", len(rereads), exc)
                await sleep(self._clock, backoff.pause())
                rereads = [reread for reread in rereads if not reread.is_over]
            except ElectionError as exc:
                # One that may not be read denies them all.
                _log.info("another look at %d places, now one by one: %s", len(rereads), exc)
                break
            else:
                pairs = zip(rereads, shown.reads, strict=True)
                rereads = [reread for reread, newest in pairs if not reread.place.is_confirmed_by(newest)]
                break
        for reread in rereads:
            reread.doubt()


def question(rereads: Sequence[Reread]) -> Txn:
    """Reads that go through etcd's log, so that giving them up harms no server; see `Txn.check_writes`.

    What would make it a write can never happen, since no key has the guard's create revision, and would do nothing:
    no candidate's key is the root of its election. It is there that the user may write.
    """
    root = rereads[0].recipe.root
    reads = tuple(reread.recipe.confirmation(reread.place) for reread in rereads)
    return Txn(Guard(root, -1), then=(Delete(root),), otherwise=reads)
