"""One election's past as a row of cells: who led, when nobody did, and when nobody was watching. Pure.

A cell shows who held most of it, how many terms began in it, and whether others may have come and gone there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from itertools import groupby
from typing import NamedTuple

from election_core import Term, TermLog

from ..watched import Stretch
from .colours import letter_of
from .lanes import Window

__all__ = ["Kind", "Slot", "lettered", "strip_of"]


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


_SEVERAL, _GAP, _SEAM = "*", "?", "│"
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


def lettered(slots: Iterable[Slot]) -> str:
    """The cells without colours, a letter for each leader and a seam between two terms of one letter."""
    text, before = [], ""
    for slot in slots:
        letter = letter_of(slot.value) if slot.kind is Kind.LED else slot.kind.value
        shown = _GAP if slot.gap else _SEVERAL if slot.begins > 1 else letter
        text.append(_SEAM if shown == letter == before and slot.begins else shown)
        before = letter
    return "".join(text)


class _Cells:
    # The mutable state: of each cell the term that holds most of it with its share, and of those cells where there
    # are any how many began and whether one ended inside a gap.

    def __init__(self, columns: int) -> None:
        self._held: list[Term | None] = [None] * columns
        self._shares = [0.0] * columns
        self._begins: Counter[int] = Counter()
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
        # Most cells are as the one before them, and share its slot.
        slots = list[Slot]()
        for term, alike in groupby(self._held):
            slots += [_plain(term)] * len(list(alike))
        for column in self._begins.keys() | self._gaps:
            slots[column] = slots[column]._replace(begins=self._begins[column], gap=column in self._gaps)
        blind: defaultdict[int, float] = defaultdict(float)
        for since, until in unwatched:
            for column in range(max(int(since), 0), min(int(until) + 1, len(slots))):
                blind[column] += min(until, column + 1) - max(since, column)
        for column, share in blind.items():
            # Half of what is past of a cell is enough: what was not watched is not claimed.
            if share and share >= min(now - column, 1.0) / 2:
                slots[column] = _UNKNOWN if self._held[column] is None else _UNWATCHED
        return tuple(slots)


def _plain(term: Term | None) -> Slot:
    if term is None:
        return _UNKNOWN
    return Slot(Kind.VACANT if term.is_vacant else Kind.LED, term.first_value)
