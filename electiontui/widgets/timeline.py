"""The live leader timeline: lanes that grow as time passes, with zoom and pan."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from election_core import Candidate, Term, TermLog, utc_now

from ..pictures.lanes import Lane, Window, lanes_of, raster, term_at, time_marks
from ..text import fit, width

__all__ = ["Timeline"]

SPANS = (30, 60, 120, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400)
"""Seconds shown at each zoom level."""
_WIDEST_START = SPANS.index(600)
# Okabe and Ito's colours, told apart by colour-blind people too; vermillion is kept for vacancies.
_COLOURS = ("#56B4E9", "#E69F00", "#009E73", "#F0E442", "#CC79A7", "#0072B2", "#999999")
_VACANT = "#D55E00"


class Timeline(Widget, can_focus=True):
    """Lanes of one election's term log; the right edge is now until it is panned away."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"timeline--label", "timeline--axis"}

    DEFAULT_CSS = """
    Timeline {
        height: auto;
        border: round $panel-lighten-2;
        border-title-color: $text-muted;
        &:focus { border: round $primary; }
        & > .timeline--label { color: $text; }
        & > .timeline--axis { color: $text-muted; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_lanes(1)", "Lower lanes", show=False),
        Binding("up,k", "scroll_lanes(-1)", "Upper lanes", show=False),
    ]

    @dataclass
    class Picked(Message):
        """A click on the lanes."""

        at: datetime
        """The moment clicked on."""
        term: Term | None
        """What lasted then; ``None`` where nothing was seen."""

    # The mutable state: what is shown (log, queue, now), the part of it that is in the window, and the
    # lines drawn from them.

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._log: TermLog | None = None
        self._queue: Sequence[Candidate] = ()
        self._now = utc_now()
        self._zoom = _WIDEST_START
        self._end: datetime | None = None
        self._first_lane = 0
        self._lanes: list[Lane] = []
        self._drawn: list[str] = []
        self._window: Window | None = None
        self._gutter = 8
        self._colour_of: dict[str, str] = {}

    @property
    def span(self) -> timedelta:
        """Time from the left edge to the right one."""
        return timedelta(seconds=SPANS[self._zoom])

    @property
    def is_live(self) -> bool:
        """Whether the right edge is now."""
        return self._end is None

    @property
    def lines(self) -> list[str]:
        """The lanes as drawn, without labels; for reading, not for drawing."""
        return list(self._drawn)

    def show(self, log: TermLog, queue: Sequence[Candidate], now: datetime) -> None:
        """Show this log as of ``now`` (aware, UTC); draws only if a cell has changed.

        The first call chooses a span that the log fills, up to ten minutes.
        """
        if self._log is None:
            age = (now - log.terms[0].began_at).total_seconds()
            self._zoom = min(bisect_left(SPANS, age), _WIDEST_START)
        self._log, self._queue, self._now = log, queue, now
        self._draw()

    def zoom(self, by: int) -> None:
        """Show more (``by`` > 0) or less time around the same right edge."""
        self._zoom = min(max(self._zoom + by, 0), len(SPANS) - 1)
        self._draw()

    def pan(self, by: float) -> None:
        """Move the window by a share of its span, back for ``by`` < 0; never beyond now."""
        end = (self._end or self._now) + self.span * by
        self._end = None if end >= self._now else end
        self._draw()

    def go_live(self) -> None:
        """Put the right edge back to now."""
        self._end = None
        self._draw()

    def action_scroll_lanes(self, by: int) -> None:
        self._first_lane = min(max(self._first_lane + by, 0), max(len(self._lanes) - self._room, 0))
        self.refresh()

    @property
    def _room(self) -> int:
        """How many lanes are visible at once, above the two lines of the axis."""
        return max(self.size.height - 2, 1)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as there are lanes, and the axis."""
        return max(len(self._lanes), 2) + 2

    def on_resize(self) -> None:
        self._draw()
        self.border_title = self._title()

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is not None and self._log is not None and self._window is not None and place.x >= self._gutter:
            at = self._window.moment(place.x - self._gutter + 0.5)
            self.post_message(self.Picked(at, term_at(self._log, at)))

    def _draw(self) -> None:
        """Lay the lanes out again, and repaint if that changed anything."""
        if self._log is None or self.size.width < 12:
            return
        lanes = lanes_of(self._log, self._queue, self._window_of(8))
        gutter = min(max(width(lane.label) for lane in lanes) + 4, self.size.width // 3)
        window = self._window_of(gutter)
        drawn = [raster(lane, window, self._now) for lane in lanes]
        heads = [(lane.label, lane.leads, lane.waits) for lane in lanes]
        known = [(lane.label, lane.leads, lane.waits) for lane in self._lanes]
        if (drawn, heads, window, gutter) == (self._drawn, known, self._window, self._gutter):
            return
        taller = len(lanes) != len(self._lanes)
        self._lanes, self._drawn, self._window, self._gutter = lanes, drawn, window, gutter
        for lane in lanes:
            self._colour_of.setdefault(lane.label, _COLOURS[len(self._colour_of) % len(_COLOURS)])
        self._first_lane = min(self._first_lane, max(len(lanes) - self._room, 0))
        self.border_title = self._title()
        self.refresh(layout=taller)

    def _window_of(self, gutter: int) -> Window:
        """The window; its right edge is the end of the cell that now lies in, so that cells do not flicker."""
        columns = max(self.size.width - gutter - 1, 1)
        cell = self.span.total_seconds() / columns
        end = self._end or datetime.fromtimestamp(-(-self._now.timestamp() // cell) * cell, UTC)
        return Window(end, self.span, columns)

    def _title(self) -> str:
        span = _span_text(SPANS[self._zoom])
        where = f"last {span}" if self._end is None else f"{span} until {self._end.astimezone():%H:%M:%S}"
        hidden = len(self._lanes) - self._room
        more = f" · {hidden} more lanes, j k" if hidden > 0 else ""
        return f"leaders, {where}{more}"

    def render_line(self, y: int) -> Strip:
        axis = self.get_component_rich_style("timeline--axis", partial=True) + self.rich_style
        room = min(self._room, len(self._lanes) - self._first_lane)
        if self._window is None or y > room + 1:
            return Strip.blank(self.size.width, self.rich_style)
        if y == room:
            return self._ticks(axis, self._window)
        if y == room + 1:
            return self._times(axis, self._window)
        return self._lane(self._first_lane + y)

    def _lane(self, index: int) -> Strip:
        lane = self._lanes[index]
        label = self.get_component_rich_style("timeline--label", partial=True)
        mark = "★ " if lane.leads and not lane.vacant else "◌ " if lane.waits else "  "
        head = fit(mark + lane.label, self._gutter - 2) + " ┤"
        colour = _VACANT if lane.vacant else self._colour_of[lane.label]
        style = self.rich_style + Style(color=colour)
        # Full blocks get a ground of their own colour: some fonts leave a seam between them.
        solid = style + Style(bgcolor=colour)
        segments = [Segment(head, self.rich_style + label + Style(bold=lane.leads))]
        segments += [Segment(run, solid if run[0] == "█" else style) for run in _runs(self._drawn[index])]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def _ticks(self, style: Style, window: Window) -> Strip:
        line = ["─"] * window.columns
        for column, _ in time_marks(window):
            line[column] = "┬"
        return Strip([Segment(" " * (self._gutter - 1) + "└" + "".join(line) + " ", style)], self.size.width)

    def _times(self, style: Style, window: Window) -> Strip:
        line = [" "] * window.columns
        for column, label in time_marks(window):
            start = column - len(label) // 2
            if start >= 0 and start + len(label) <= len(line):
                line[start : start + len(label)] = label
        return Strip([Segment(" " * self._gutter + "".join(line) + " ", style)], self.size.width)


def _span_text(seconds: int) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _runs(line: str) -> list[str]:
    """The line cut where full blocks begin and end."""
    runs: list[str] = []
    for char in line:
        if runs and (runs[-1][0] == "█") == (char == "█"):
            runs[-1] += char
        else:
            runs.append(char)
    return runs
