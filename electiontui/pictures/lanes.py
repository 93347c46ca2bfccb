"""The leader timeline as lanes of characters: one lane per candidate, one for vacancies. Pure.

A lane is readable without colour: ``█`` leads, ``▒`` is a vacancy, ``≥`` a beginning that nobody saw, ``?`` an
end inside a gap. Edges are drawn to an eighth of a cell, so a term of any length leaves a mark.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from election_core import Candidate, Term, TermLog

from ..text import safe

__all__ = ["VACANT", "Lane", "Window", "lanes_of", "raster", "term_at", "time_marks"]

VACANT = "vacant"
LABEL_CELLS = 24
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time on a number of columns."""

    until: datetime
    span: timedelta
    columns: int

    @property
    def since(self) -> datetime:
        return self.until - self.span

    def column(self, at: datetime) -> float:
        """Where a moment lies, 0 at the left edge; outside of the window it is outside of the columns."""
        return (at - self.since) / self.span * self.columns

    def moment(self, column: float) -> datetime:
        """The moment at a column."""
        return self.since + self.span * (column / self.columns)


@dataclass(slots=True)
class Lane:
    """One candidate's row of the timeline."""

    label: str
    vacant: bool = False
    leads: bool = False
    waits: bool = False
    terms: list[Term] = field(default_factory=list)
    """Terms within the window, oldest first."""

    @property
    def mark(self) -> str:
        """Two characters before the label: who leads now, or that nobody does."""
        return "  " if not self.leads else "○ " if self.vacant else "★ "


def lanes_of(log: TermLog, queue: Sequence[Candidate], window: Window) -> list[Lane]:
    """A lane for everyone who led within the window or competes now, in order of appearance, vacancies last."""
    twins = _twins(queue)
    lanes: dict[str, Lane] = {}
    vacancies = Lane(VACANT, vacant=True, leads=not queue)
    for term in reversed(list(log.between(window.since, window.until))):
        if term.leader is None:
            # The vacancy before the first candidate of a new election takes no time.
            vacancies.terms += [term] if term.ended_at != term.began_at else []
        else:
            label = _label(term.leader, twins)
            lanes.setdefault(label, Lane(label)).terms.append(term)
    for place, candidate in enumerate(queue):
        label = _label(candidate, twins)
        lane = lanes.setdefault(label, Lane(label))
        lane.leads, lane.waits = place == 0, place > 0
    return [*lanes.values(), vacancies]


def _twins(queue: Sequence[Candidate]) -> set[bytes]:
    """Values that more than one candidate of the queue proclaims at the same time."""
    return {value for value, count in Counter(candidate.value for candidate in queue).items() if count > 1}


def _label(candidate: Candidate, twins: set[bytes]) -> str:
    name = safe(candidate.value, LABEL_CELLS) or "(empty)"
    return f"{name}·{candidate.lease_id & 0xFFFF:04x}" if candidate.value in twins else name


def raster(lane: Lane, window: Window, now: datetime) -> str:
    """The lane as exactly ``window.columns`` characters of one cell each; terms that last are drawn up to ``now``."""
    cells = [" "] * window.columns
    for term in lane.terms:
        begin = window.column(term.began_at)
        end = window.column(min(term.ended_at or now, window.until))
        _paint(cells, begin, end, vacant=lane.vacant)
        if not term.began_known and 0 <= begin < window.columns:
            cells[int(begin)] = "≥"
        if not term.ended_known and 0 < end <= window.columns:
            cells[min(int(end), window.columns - 1)] = "?"
    return "".join(cells)


def _paint(cells: list[str], begin: float, end: float, *, vacant: bool) -> None:
    left, right = max(int(begin * 8), 0), min(round(end * 8), len(cells) * 8)
    right = max(right, left + 1)
    for column in range(left // 8, min(-(-right // 8), len(cells))):
        first, last = max(left - column * 8, 0), min(right - column * 8, 8)
        cells[column] = "▒" if vacant else _glyph(first, last, cells[column])


def _glyph(first: int, last: int, under: str) -> str:
    """The character that fills a cell from eighth ``first`` to eighth ``last``, over what is there."""
    if under not in " ":
        return "█"
    if first == 0:
        return _EIGHTHS[last]
    if last == 8:
        return "█" if first <= 2 else "▐" if first <= 6 else "▕"
    return _EIGHTHS[max(last - first, 1)]


def term_at(log: TermLog, at: datetime) -> Term | None:
    """The term or vacancy that lasted at a moment, as far as it was seen."""
    return next((term for term in log.between(at, at) if term.began_at <= at), None)


def time_marks(window: Window) -> list[tuple[int, str]]:
    """Columns and local times to write below the lanes, at round times and not crowded."""
    least = window.span.total_seconds() / max(window.columns // 14, 1)
    step = next((step for step in _STEPS if step >= least), _STEPS[-1])
    form = "%H:%M:%S" if step < 60 else "%H:%M" if step < 86400 else "%d %b"
    local = window.since.astimezone()
    offset = local.utcoffset() or timedelta(0)
    first = -(-(local.timestamp() + offset.total_seconds()) // step) * step - offset.total_seconds()
    marks = []
    while first <= window.until.timestamp():
        at = datetime.fromtimestamp(first).astimezone()
        marks.append((int(window.column(at)), at.strftime(form)))
        first += step
    return [(column, label) for column, label in marks if 0 <= column < window.columns]
