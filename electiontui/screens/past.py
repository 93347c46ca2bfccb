"""The stretch of time that a list of elections shows, and each one's past within it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from rich.style import Style

from ..pictures.axis import time_marks
from ..pictures.lanes import Window
from ..pictures.strip import strip_of
from ..sources import ClusterView
from ..watched import Stretch
from ..widgets.cells import Painted
from ..widgets.strip_paint import paint

__all__ = ["Past"]

SPANS = (60, 120, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 259200, 604800)
"""Seconds shown at each zoom level."""
_LONGEST_BY_ITSELF = SPANS.index(1800)
_MOST = 500
"""Strips that are kept painted; more are on no screen."""


class _Frame(NamedTuple):
    window: Window
    unwatched: tuple[Stretch, ...]


class Past:
    """What the strips of all rows share: zoom, pan, the axis, and when nobody watched."""

    # The mutable state: the zoom, if somebody chose one, the right edge unless it is now, what is shown right now, and
    # the strips as painted
    # with what they were painted from.

    def __init__(self, view: ClusterView) -> None:
        self._view = view
        self._zoom: int | None = None
        self._end: datetime | None = None
        self._frame: _Frame | None = None
        self._painted: dict[str, tuple[object, Painted]] = {}

    def _level(self, now: datetime) -> int:
        """Until somebody zooms it grows with what was watched, up to half an hour."""
        if self._zoom is not None:
            return self._zoom
        age = (now - self._view.watched.began).total_seconds()
        return min(bisect_left(SPANS, age), _LONGEST_BY_ITSELF)

    def zoom(self, by: int, now: datetime) -> None:
        """Show more (``by`` > 0) or less time around the same right edge."""
        self._zoom = min(max(self._level(now) + by, 0), len(SPANS) - 1)

    def pan(self, by: float, now: datetime) -> None:
        """Move by a share of the span; at the right end it is live again."""
        end = (self._end or now) + timedelta(seconds=SPANS[self._level(now)] * by)
        self._end = None if end >= now else end

    def go_live(self) -> None:
        """Put the right edge back to now."""
        self._end = None

    def frame(self, columns: int, now: datetime) -> str:
        """Fix what is shown until the next call, and return its axis."""
        if columns < 1:
            self._frame = None
            return ""
        # The right edge is the end of the cell that now lies in, so that cells do not flicker.
        span = SPANS[self._level(now)]
        cell = span / columns
        end = self._end or datetime.fromtimestamp(-(-now.timestamp() // cell) * cell, UTC)
        window = Window(end, timedelta(seconds=span), columns)
        self._frame = _Frame(window, tuple(self._view.watched.unwatched(window.since, min(window.until, now))))
        return _axis(window, self._view.wall.local)

    def strip(self, name: str, now: datetime, muted: Callable[[], Style], *, colours: bool) -> Painted:
        """One election's past in the frame."""
        log = self._view.logs.get(name)
        if log is None or self._frame is None:
            return Painted(())
        window = self._frame.window
        self._view.past.want([name])
        log = self._view.past.log(name, log, window.since, window.until, window.columns)
        seen = (self._frame, log, log.current, log.dropped, len(log.terms_kept), colours)
        known = self._painted.get(name)
        if known is None or known[0] != seen:
            if len(self._painted) >= _MOST:
                self._painted.clear()
            slots = strip_of(log, window, now, self._frame.unwatched)
            known = self._painted[name] = seen, paint(slots, muted(), colours=colours)
        return known[1]


def _axis(window: Window, local: Callable[[datetime], datetime]) -> str:
    """Times above the cells that they belong to."""
    line = [" "] * window.columns
    for column, label in _fitting(time_marks(window, local), window.columns):
        line[column : column + len(label)] = label
    return "".join(line)


def _fitting(marks: Sequence[tuple[int, str]], columns: int) -> list[tuple[int, str]]:
    """Those that neither meet each other nor the right edge; a tick stands where each begins."""
    fitting, free = [], 0
    for column, label in marks:
        text = f"╷{label}"
        if column >= free and column + len(text) <= columns:
            fitting.append((column, text))
            free = column + len(text) + 1
    return fitting
