"""The transitions of each election that are remembered, in bounded memory: what a leader proclaims pushes no change of
leadership out, and an election that changes all the time none of another's."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge

from election_core import Transition

__all__ = ["EventLog", "EventLogs"]

_CHANGES = 500
"""Changes of leadership remembered per election."""
_PROCLAIMS = 200
"""Proclaimed values remembered per election."""


class EventLog:
    """The last 500 changes of leadership and the last 200 proclaims, in order of their revisions."""

    __slots__ = ("_changes", "_proclaims")

    # Lists, since an empty deque takes half a kilobyte and there may be a log for each of many elections.

    def __init__(self) -> None:
        self._changes: list[Transition] = []
        self._proclaims: list[Transition] = []

    def add(self, transition: Transition, most: int = _CHANGES) -> None:
        """Take in the next transition, and keep no more than ``most`` of its kind."""
        proclaimed = transition.kind == "proclaimed"
        kept, limit = (self._proclaims, _PROCLAIMS) if proclaimed else (self._changes, _CHANGES)
        kept.append(transition)
        if len(kept) > min(limit, most):
            del kept[0]

    def copy(self) -> EventLog:
        """Another one with the same events."""
        other = EventLog()
        other._changes, other._proclaims = self._changes[:], self._proclaims[:]
        return other

    def cut(self, limit: int) -> None:
        """Keep no more than so many of either."""
        del self._changes[:-limit], self._proclaims[:-limit]

    def __len__(self) -> int:
        return len(self._changes) + len(self._proclaims)

    def __iter__(self) -> Iterator[Transition]:
        return merge(self._changes, self._proclaims, key=lambda each: each.revision)


class EventLogs:
    """A log for each election. Where all of them together would keep too many, each keeps half as many from then on."""

    # The mutable state: the logs, how many events they hold, and how many of a kind each may hold.

    def __init__(self, total: int) -> None:
        """``total``: events that all of them keep, though one of each kind for each election."""
        self._logs: dict[str, EventLog] = {}
        self._total, self._kept, self._most = total, 0, _CHANGES

    def add(self, transition: Transition) -> None:
        """Take in the next transition."""
        log = self._logs.setdefault(transition.election, EventLog())
        before = len(log)
        log.add(transition, self._most)
        self._kept += len(log) - before
        while self._kept > self._total and self._most > 1:
            self._most //= 2
            for each in self._logs.values():
                each.cut(self._most)
            self._kept = sum(map(len, self._logs.values()))

    def copy(self) -> EventLogs:
        """Others with the same events, which go on by themselves."""
        other = EventLogs(self._total)
        other._logs = {name: log.copy() for name, log in self._logs.items()}
        other._kept, other._most = self._kept, self._most
        return other

    def of(self, name: str) -> tuple[Transition, ...]:
        """The events of one election, oldest first."""
        return tuple(self._logs.get(name, ()))

    def forget(self, name: str) -> None:
        """Drop those of one election."""
        self._kept -= len(self._logs.pop(name, ()))

    def __len__(self) -> int:
        return self._kept
