"""A monitor as the views see it: what they share of it, and what one of them is drawn from."""

from __future__ import annotations

import threading
from collections.abc import Callable
from copy import copy
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple, TypeVar

from election_core import ElectionState, Monitor, TermLog, utc_now
from election_core.blocking import Monitor as BlockingMonitor

from ..pictures.lanes import Places
from ..wall import Wall
from ..watched import Stretch, Watched
from .one_per import OnePer

__all__ = ["AnyMonitor", "Look", "Pair", "Phase", "Source", "source_of"]

AnyMonitor = Monitor | BlockingMonitor
T = TypeVar("T")
_FRESH = timedelta(seconds=3)
"""Without a sign of life for longer than this nobody knows whether the leaders lead."""
_LOOKED_AT = 100
"""Elections by whose logs it is known how far back a monitor has watched."""
_PLACES = 64


class Phase(Enum):
    """How much of the present is known."""

    NOT_YET = "NOT WATCHED YET, its monitor was never entered"
    WATCHED = ""
    SILENT = "NO SIGN OF LIFE"
    DISCONNECTED = "DISCONNECTED"
    CLOSED = "monitor closed"


class Pair(NamedTuple):
    """One election, in copies that stay as they are."""

    state: ElectionState
    log: TermLog


class Look(NamedTuple):
    """What was known at one moment, for one view."""

    now: datetime
    pairs: tuple[Pair, ...]
    total: int
    """How many elections fit; not all need be among the pairs."""
    phase: Phase
    silent_since: datetime | None
    """Since when nothing is known; ``None`` while etcd is watched."""


class Source:
    """One monitor, and what was seen of it so far, which all its views share.

    Attributes:
        monitor: what is watched, of asyncio or of `election_core.blocking`.
        wall: what the wall clock showed when.
        watched: when etcd was watched.
    """

    # The mutable state: those two, the places of lanes by election, and since when nothing is known.

    def __init__(self, monitor: AnyMonitor) -> None:
        self.monitor = monitor
        self.wall = Wall()
        self.watched = Watched(self.read(_began) if self._has_begun else utc_now())
        self._places: dict[str, Places] = {}
        self._silent_since: datetime | None = None
        self._noting = threading.Lock()  # a cell may look in another thread than what renews views
        if self._has_begun:
            self.watched.seen(self.watched.began)

    @property
    def _has_begun(self) -> bool:
        return bool(self.monitor.revision)

    @property
    def closed(self) -> bool:
        return bool(self.monitor.closed)

    def read(self, question: Callable[[Monitor], T]) -> T:
        """See `Monitor.read`."""
        ask: Any = self.monitor.read
        answer: T = ask(question)
        return answer

    def places(self, name: str) -> Places:
        """Where the lanes of an election stand in all views; those of the last 64 elections are remembered."""
        found = self._places.pop(name, None) or Places()
        self._places[name] = found
        if len(self._places) > _PLACES:
            del self._places[next(iter(self._places))]
        return found

    def note(self) -> Phase:
        """Note whether etcd is watched; to be called as often as somebody looks."""
        with self._noting:
            now, silent = utc_now(), timedelta(seconds=self.monitor.staleness)
            self.wall.note(now, datetime.now(UTC))
            phase = self._phase(silent)
            if phase is Phase.WATCHED:
                self.watched.seen(now - silent)
                self._silent_since = None
            else:
                self.watched.lost(now - silent)
                self._silent_since = self._silent_since or now - silent
        return phase

    def _phase(self, silent: timedelta) -> Phase:
        if self.closed:
            return Phase.CLOSED
        if not self._has_begun:
            return Phase.NOT_YET
        if not self.monitor.connected:
            return Phase.DISCONNECTED
        return Phase.SILENT if silent >= _FRESH else Phase.WATCHED

    def marks(self, choose: Callable[[Monitor], tuple[list[str], int]]) -> object:
        """Equal for two moments between which nothing has happened, and cheaper than a look."""

        def question(monitor: Monitor) -> tuple[list[tuple[str, int]], int]:
            names, total = choose(monitor)
            found = monitor.elections
            return [(name, found[name].revision if name in found else -1) for name in names], total

        phase = self.note()
        return phase, self._silent_since, self.read(question)

    def look(self, choose: Callable[[Monitor], tuple[list[str], int]]) -> Look:
        """What is known now of the elections that ``choose`` names; one that is not there is an empty one."""

        def question(monitor: Monitor) -> tuple[tuple[Pair, ...], int]:
            names, total = choose(monitor)
            found = monitor.elections
            return tuple(
                Pair(copy(found[name]) if name in found else ElectionState(name), copy(monitor.log(name)))
                for name in names
            ), total

        phase = self.note()
        pairs, total = self.read(question)
        return Look(utc_now(), pairs, total, phase, self._silent_since)

    def unwatched(self, since: datetime, until: datetime) -> list[Stretch]:
        """The stretches within a window of which nothing is known."""
        return list(self.watched.unwatched(since, until))


def _began(monitor: Monitor) -> datetime:
    """How far back the logs of a monitor go that has watched for a while."""
    names = list(monitor.elections)[:_LOOKED_AT]
    return min((monitor.log(name).terms_kept[0].began_at for name in names), default=utc_now())


_SOURCES: OnePer[AnyMonitor, Source] = OnePer(Source)


def source_of(monitor: AnyMonitor) -> Source:
    """The one source of a monitor, for as long as a view or what renews it needs it."""
    return _SOURCES.of(monitor)
