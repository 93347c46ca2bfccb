"""Lanes of the timeline as characters, one per cell, readable without colour. Pure.

``█`` leads; an edge is drawn to an eighth of a cell, so a term of any length leaves a mark. Where several terms fall
into one cell, ``░▒▓`` is their share of it, and never ``█``. Vacancies are low, ``▁▂▃▄`` by their share. ``≥`` is a
beginning that nobody saw, ``?`` an end inside a gap, ``╱`` was not watched, ``…`` was forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from election_core import TermLog

from .lanes import Lane, Window

__all__ = ["FORGOTTEN", "PARTLY", "UNWATCHED", "cover_of", "raster"]

UNWATCHED, FORGOTTEN = "╱", "…"
PARTLY = "'"
"""In a cover: less than half of the cell was not watched; the lanes show what is known of it, the axis marks it."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_SHADES = "░▒▓"
_LOW = "▁▂▃▄"


def cover_of(log: TermLog, window: Window, now: datetime, unwatched: Iterable[tuple[datetime, datetime]] = ()) -> str:
    """What lies over all lanes, a character per cell: `UNWATCHED`, `FORGOTTEN`, `PARTLY` or a space."""
    shares = [0.0] * window.columns
    for since, until in unwatched:
        begin, end = max(window.column(since), 0.0), min(window.column(until), float(window.columns))
        for column in range(int(begin), min(-int(-end // 1), window.columns)):
            shares[column] += min(end, column + 1) - max(begin, column)
    present = window.column(now)
    cover = [
        UNWATCHED if share >= min(max(present - column, 0.0), 1.0) / 2 and share > 0 else PARTLY if share > 0 else " "
        for column, share in enumerate(shares)
    ]
    if log.dropped:
        first = window.column(log.terms_kept[0].began_at)
        for column in range(min(max(int(first), 0), window.columns)):
            if cover[column] != UNWATCHED:
                cover[column] = FORGOTTEN
    return "".join(cover)


def raster(lane: Lane, window: Window, now: datetime, cover: str = "") -> str:
    """The lane as exactly ``window.columns`` characters of one cell each; terms that last are drawn up to ``now``."""
    cells = _shares(lane, window, now)
    drawn = [_low(share) if lane.vacant else _glyph(pieces, share, first) for pieces, share, first in cells]
    for column, over in enumerate(cover):
        if over in (UNWATCHED, FORGOTTEN):
            drawn[column] = over
    for term in lane.terms:
        if term.began_known and term.ended_known:
            continue
        begin, end = window.column(term.began_at), window.column(min(term.ended_at or now, window.until))
        if not term.began_known and 0 <= begin < window.columns:
            drawn[int(begin)] = "≥"
        if not term.ended_known and 0 < end <= window.columns:
            drawn[min(int(end), window.columns - 1)] = "?"
    return "".join(drawn)


def _shares(lane: Lane, window: Window, now: datetime) -> list[tuple[int, float, float]]:
    """Of each cell how many terms fall into it, their share of it, and where in it the first one begins."""
    cells = [(0, 0.0, 0.0)] * window.columns
    # A picture of days has thousands of terms, and is drawn at each key.
    since, span = window.since, window.span
    for term in lane.terms:
        begin = max((term.began_at - since) / span * window.columns, 0.0)
        end = (min(term.ended_at or now, window.until) - since) / span * window.columns
        first_cell = int(begin)
        if end <= first_cell + 1 <= window.columns:
            pieces, share, first = cells[first_cell]
            left = begin - first_cell
            cells[first_cell] = pieces + 1, share + max(end - begin, 0.0), first if pieces else left
            continue
        for column in range(first_cell, min(max(-int(-end // 1), first_cell + 1), window.columns)):
            left, right = max(begin - column, 0.0), min(end - column, 1.0)
            pieces, share, first = cells[column]
            cells[column] = pieces + 1, share + max(right - left, 0.0), first if pieces else left
    return cells


def _glyph(pieces: int, share: float, left: float) -> str:
    if not pieces:
        return " "
    if pieces > 1:
        return _SHADES[min(int(share * len(_SHADES)), len(_SHADES) - 1)]
    first, last = int(left * 8), min(round((left + share) * 8), 8)
    last = max(last, first + 1)
    if first == 0:
        return _EIGHTHS[last]
    if last == 8:
        return "█" if first <= 2 else "▐" if first <= 6 else "▕"
    return _EIGHTHS[last - first]


def _low(share: float) -> str:
    return " " if share <= 0 else _LOW[min(int(share * len(_LOW)), len(_LOW) - 1)]
