"""Elections that are over: vacant for long, and for longer than anybody was seen to lead them.

Names made per job end like that by the thousand. A service whose leader has gone stays in trouble: it was led for
longer than it has been vacant, or since before anybody looked.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from election_core import Term, TermLog

__all__ = ["PastElections"]

_AFTER = timedelta(minutes=15)
_TERMS = 16
"""How many of the last terms are looked at."""


class PastElections(AbstractSet[str]):
    """The names of those that are over, kept current by whoever knows which elections have changed."""

    # The mutable state: the names, when each vacant election is over unless it changes, and a heap of these moments
    # with one entry for each name, which may be out of date.

    def __init__(self) -> None:
        self._past: dict[str, None] = {}
        self._due: dict[str, datetime] = {}
        self._heap: list[tuple[datetime, str]] = []
        self._queued: set[str] = set()

    def __contains__(self, name: object) -> bool:
        return name in self._past

    def __iter__(self) -> Iterator[str]:
        return iter(self._past)

    def __len__(self) -> int:
        return len(self._past)

    def note(self, name: str, log: TermLog | None) -> None:
        """This election has changed, is new, or has gone (``None``)."""
        due = None if log is None else _due(log)
        if due is None:
            if name in self._due:
                del self._due[name]
                self._past.pop(name, None)
            return
        if self._due.get(name) != due:
            self._past.pop(name, None)
        self._due[name] = due
        if name not in self._queued and name not in self._past:
            self._queue(name, due)

    def sweep(self, now: datetime) -> list[str]:
        """Those that are over from now on."""
        found = []
        while self._heap and self._heap[0][0] <= now:
            _, name = heapq.heappop(self._heap)
            self._queued.discard(name)
            due = self._due.get(name)
            if due is not None and due > now:
                self._queue(name, due)
            elif due is not None:
                self._past[name] = None
                found.append(name)
        return found

    def _queue(self, name: str, due: datetime) -> None:
        self._queued.add(name)
        heapq.heappush(self._heap, (due, name))


def _due(log: TermLog) -> datetime | None:
    """When a vacancy has lasted long enough for the election to be over; ``None``: it never does."""
    if not log.current.is_vacant:
        return None
    led = [term for term in _last(log) if not term.is_vacant]
    if any(not term.began_known for term in led):
        return None
    longest = max((term.duration(term.ended_at or term.began_at) for term in led), default=timedelta(0))
    return log.current.began_at + max(_AFTER, longest)


def _last(log: TermLog) -> Sequence[Term]:
    return log.terms_kept[-_TERMS:]
