"""Which elections a view shows, and in what order. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from election_core import Monitor

from ..patterns import matches
from ..rows import COLUMNS, row_of, sort_key

__all__ = ["SORTS", "Choice", "choice_of"]

SORTS = tuple(column.key for column in COLUMNS if column.key not in ("ttl", "strip"))
"""What elections can be sorted by."""
_MOST_FIRST = ("changes", "queue", "revision")


class Choice(NamedTuple):
    """A filter and an order."""

    match: tuple[str, ...]
    """Names, or patterns in which ``*`` goes across slashes; empty for all."""
    sort: str
    reverse: bool

    def fits(self, name: str) -> bool:
        return matches(name, self.match)

    def names(self, monitor: Monitor, now: datetime, most: int) -> tuple[list[str], int]:
        """The first ``most`` elections, and how many there are; it looks at every one."""
        found = [name for name in monitor.elections if self.fits(name)]
        if self.sort == "name":
            pick = heapq.nlargest if self.reverse else heapq.nsmallest
            return pick(most, found), len(found)
        rows = [row_of(monitor.elections[name], monitor.log(name), None, now) for name in found]
        rows.sort(key=lambda row: row.name)
        key = sort_key(self.sort)
        rows.sort(key=lambda row: key(row)[0], reverse=self.reverse)  # type: ignore[arg-type,return-value]
        return [row.name for row in rows[:most]], len(found)


def choice_of(match: str | Iterable[str], sort: str) -> Choice:
    """The choice that a user has asked for; ``-`` before a column turns its order around.

    Raises:
        ValueError: there is no such column; the message names those there are.
    """
    column = sort.removeprefix("-")
    if column not in SORTS:
        raise ValueError(f"There is no column {column!r} to sort by; they are {', '.join(SORTS)}.")
    patterns = (match,) if isinstance(match, str) else tuple(match)
    return Choice(tuple(each for each in patterns if each), column, sort.startswith("-") is not (column in _MOST_FIRST))
