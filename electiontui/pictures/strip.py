"""One election's past as a row of cells: who led, when nobody did, and when nobody was watching. Pure.

A cell shows who held most of it, how many terms began in it, and whether others may have come and gone there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from election_core import Term, TermLog

from ..watched import Stretch
from .lanes import Window

__all__ = ["Kind", "Slot", "strip_of"]


class Kind(Enum):
    """What a cell shows."""

    UNKNOWN = " "
    """Before anything was seen, or after now."""
    UNWATCHED = "╱"
    VACANT = "░"
    LED = "█"


class Slot(NamedTuple):
    """One cell."""

    kind: Kind
    value: bytes = b""
    """Who led, by what was proclaimed when the term was first seen."""
    begins: int = 0
    """How many terms and vacancies began in it."""
    gap: bool = False
    """Terms may be missing here."""


_UNKNOWN = Slot(Kind.UNKNOWN)
_UNWATCHED = Slot(Kind.UNWATCHED)


def strip_of(log: TermLog, window: Window, now: datetime, unwatched: Sequence[Stretch]) -> tuple[Slot, ...]:
    """The cells of a window; ``unwatched`` are the stretches of it without a watch."""
    cells = _Cells(window.columns)
    for term in reversed(list(log.between(window.since, min(window.until, now)))):
        begin, end = window.column(term.began_at), window.column(min(term.ended_at or now, now))
        cells.paint(term, begin, end)
    blind = ((window.column(each.since), window.column(each.until)) for each in unwatched)
    return cells.slots(blind, window.column(min(now, window.until)))


class _Cells:
    # The mutable state: of each cell the term that holds most of it with its share, how many began and whether one
    # ended inside a gap.

    def __init__(self, columns: int) -> None:
        self._held: list[Term | None] = [None] * columns
        self._shares = [0.0] * columns
        self._begins = [0] * columns
        self._gaps: set[int] = set()

    def paint(self, term: Term, begin: float, end: float) -> None:
        columns = len(self._held)
        first, last = max(int(begin), 0), min(int(end), columns - 1)
        # Between its first cell and its last one everything is this term's.
        self._held[first + 1 : last] = [term] * max(last - first - 1, 0)
        self._shares[first + 1 : last] = [1.0] * max(last - first - 1, 0)
        for column in {first, last} if first <= last else ():
            share = min(end, column + 1) - max(begin, column)
            if self._held[column] is None or share > self._shares[column]:
                self._held[column], self._shares[column] = term, share
        if begin >= 0 and first <= last and term.began_known:
            self._begins[first] += 1
        if not term.ended_known and 0 <= end < columns:
            self._gaps.add(int(end))

    def slots(self, unwatched: Iterable[tuple[float, float]], now: float) -> tuple[Slot, ...]:
        blind = [0.0] * len(self._held)
        for since, until in unwatched:
            for column in range(max(int(since), 0), min(int(until) + 1, len(blind))):
                blind[column] += min(until, column + 1) - max(since, column)
        return tuple(self._slot(column, share, min(now - column, 1.0)) for column, share in enumerate(blind))

    def _slot(self, column: int, blind: float, past: float) -> Slot:
        term = self._held[column]
        # Half of what is past of a cell is enough: what was not watched is not claimed.
        if blind and blind >= past / 2:
            return _UNKNOWN if term is None else _UNWATCHED
        if term is None:
            return _UNKNOWN
        kind = Kind.VACANT if term.is_vacant else Kind.LED
        return Slot(kind, term.first_value, self._begins[column], column in self._gaps)
