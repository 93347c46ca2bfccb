"""The time axis below the lanes, as text. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil, inf

from .lanes import Window
from .raster import PARTLY, UNWATCHED

__all__ = ["Local", "clock_text", "span_text", "ticks", "time_marks", "times", "wall_now"]

Local = Callable[[datetime], datetime]
"""What the wall clock showed at a moment, as an aware local time."""

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800)

_FORMS = (60, "%H:%M:%S"), (21600, "%H:%M"), (86400, "%d %H:%M"), (5_000_000, "%d %b"), (inf, "%b %Y")
"""How a mark is written where they are closer than so many seconds."""


def wall_now(at: datetime) -> datetime:
    """The local time of a moment, as if the wall clock had never been set."""
    return at.astimezone()


def time_marks(window: Window, local: Local = wall_now) -> list[tuple[int, str]]:
    """Columns and local times to write below the lanes, at round times and not crowded."""
    least = window.span.total_seconds() / max(window.columns // 14, 1)
    step = next((step for step in _STEPS if step >= least), ceil(least / _STEPS[-1]) * _STEPS[-1])
    form = next(form for longest, form in _FORMS if step < longest)
    begin = local(window.since)
    offset = begin.utcoffset() or timedelta(0)
    past = (begin.timestamp() + offset.total_seconds()) % step
    at = window.since + timedelta(seconds=step - past if past else 0)
    marks = []
    while at <= window.until:
        marks.append((int(window.column(at)), f"{local(at):{form}}"))
        at += timedelta(seconds=step)
    return [(column, label) for column, label in marks if 0 <= column < window.columns]


def ticks(window: Window, local: Local = wall_now, cover: str = "") -> str:
    """The line below the lanes; it marks also what was not watched for a part of a cell only."""
    line = ["─"] * window.columns
    for column, over in enumerate(cover):
        if over in (PARTLY, UNWATCHED):
            line[column] = UNWATCHED
    for column, _ in time_marks(window, local):
        line[column] = "┬"
    return "".join(line)


def times(window: Window, local: Local = wall_now) -> str:
    """The line below the ticks."""
    line = [" "] * window.columns
    for column, label in time_marks(window, local):
        start = column - len(label) // 2
        if start >= 0 and start + len(label) <= len(line):
            line[start : start + len(label)] = label
    return "".join(line)


def span_text(seconds: int) -> str:
    """``7 d``, ``10 min``."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def clock_text(at: datetime, today: datetime) -> str:
    """A local time, with its date where that is not today's."""
    return f"{at:%H:%M:%S}" if at.date() == today.date() else f"{at:%d %b %H:%M:%S}"
