"""The transitions of one election that are remembered: what a leader proclaims pushes no change of leadership out."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge

from election_core import Transition

__all__ = ["EventLog"]

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

    def add(self, transition: Transition) -> None:
        """Take in the next transition."""
        proclaimed = transition.kind == "proclaimed"
        kept, limit = (self._proclaims, _PROCLAIMS) if proclaimed else (self._changes, _CHANGES)
        kept.append(transition)
        if len(kept) > limit:
            del kept[0]

    def __iter__(self) -> Iterator[Transition]:
        return merge(self._changes, self._proclaims, key=lambda each: each.revision)
