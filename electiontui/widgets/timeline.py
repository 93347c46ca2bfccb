"""The live leader timeline: lanes that grow as time passes, with zoom, pan and a reading cursor."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from election_core import Candidate, TermLog, utc_now

from ..pictures.axis import Local, clock_text, span_text, ticks, times, wall_now
from ..pictures.lanes import Lane, Places, Window, lanes_of
from ..pictures.raster import cover_of, raster
from ..pictures.reading import Reading, edge, read
from ..text import width
from .ink import ink
from .lane_strip import AXIS, LaneStyle, axis_strip, lane_strip

__all__ = ["SPANS", "Timeline"]

SPANS = (30, 60, 120, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 345600, 604800)
"""Seconds shown at each zoom level."""
_THICKEST = 5
_WIDEST_START = SPANS.index(600)
Stretches = Sequence[tuple[datetime, datetime]]
Before = Callable[[TermLog, Window], TermLog]


class Timeline(Widget, can_focus=True):
    """Lanes of one election's term log; the right edge is now until it is panned away."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"timeline--label", "timeline--axis"}

    DEFAULT_CSS = """
    Timeline {
        height: 6;
        border: round $panel-lighten-2;
        border-title-color: $text-muted;
        &:focus { border: round $primary; }
        & > .timeline--label { color: $text; }
        & > .timeline--axis { color: $text-muted; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_lanes(1)", "Lower lanes", show=False, id="move_down"),
        Binding("up,k", "scroll_lanes(-1)", "Upper lanes", show=False, id="move_up"),
    ]

    @dataclass
    class Picked(Message):
        """The reading cursor or the mouse was set or moved, or went; `reading` says what it reads."""

        timeline: Timeline

        @property
        def control(self) -> Timeline:
            return self.timeline

    # The mutable state: what is shown (log, queue, now, what was not watched), the part of it that is in the window,
    # the lines drawn from them, and where the reading cursor stands.

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._log: TermLog | None = None
        self._drawn_log: TermLog | None = None
        self._before: Before | None = None
        self._queue: Sequence[Candidate] = ()
        self._now = utc_now()
        self._unwatched: Stretches = ()
        self._local: Local = wall_now
        self._zoom = _WIDEST_START
        self._end: datetime | None = None
        self._first_lane = 0
        self._places = Places()
        self._lanes: list[Lane] = []
        self._drawn: list[str] = []
        self._over = ""
        self._window: Window | None = None
        self._gutter = 8
        self._cursor: datetime | None = None
        self._hover: datetime | None = None

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

    @property
    def lanes(self) -> Sequence[Lane]:
        """The lanes in the order shown."""
        return self._lanes

    @property
    def wanted(self) -> int:
        """Lines that it takes to show all lanes, with the axis and the frame."""
        return len(self._lanes) + AXIS + self.gutter.height

    @property
    def window(self) -> Window | None:
        """The time shown, once it is drawn."""
        return self._window

    @property
    def reading(self) -> Reading | None:
        """What the reading cursor reads, or without one the mouse; ``None`` while there is neither."""
        at = self._cursor or self._hover
        log, window = self._drawn_log, self._window
        return None if at is None or log is None or window is None else read(log, at, window)

    def show(
        self,
        log: TermLog,
        queue: Sequence[Candidate],
        now: datetime,
        unwatched: Stretches = (),
        local: Local = wall_now,
        before: Before | None = None,
    ) -> None:
        """Show this log as of ``now`` (aware, UTC); draws only if a cell has changed.

        The first call of a log chooses a span that it fills, up to ten minutes. ``before`` gives the log to draw a
        window from, where that begins before this one.
        """
        if self._log is not log:
            self._end = self._cursor = self._hover = None
            self._first_lane, self._places = 0, Places()
            age = (now - log.terms_kept[0].began_at).total_seconds()
            self._zoom = min(bisect_left(SPANS, age), _WIDEST_START)
        self._log, self._queue, self._now = log, queue, now
        self._unwatched, self._local, self._before = unwatched, local, before
        self._draw()

    def zoom(self, by: int) -> None:
        """Show more (``by`` > 0) or less time around the same right edge, or around the reading cursor."""
        self._zoom = min(max(self._zoom + by, 0), len(SPANS) - 1)
        if self._end is not None and self._cursor is not None:
            self._end_at(self._cursor + self.span / 2)
        self._draw()

    def pan(self, by: float) -> None:
        """Move the window by a share of its span, back for ``by`` < 0; never beyond now."""
        self._end_at((self._end or self._now) + self.span * by)
        self._draw()

    def _end_at(self, end: datetime) -> None:
        self._end = None if end >= self._now else end

    def go_live(self) -> None:
        """Put the right edge back to now, and take the reading cursor away."""
        self._end = self._cursor = None
        self._draw()
        self.refresh()
        self.post_message(self.Picked(self))

    def step(self, by: int) -> None:
        """Move the reading cursor to the next edge of a term, or back to the one before for ``by`` < 0."""
        log = self._drawn_log
        if log is not None and (at := edge(log, self._cursor, by, self._now)) is not None:
            self.point(at)

    def point(self, at: datetime) -> None:
        """Put the reading cursor on a moment, and the window around it unless it is in it."""
        self._cursor = at
        if self._window is not None and not self._window.since <= at <= self._window.until:
            self._end_at(at + self.span / 2)
        self._draw()
        self.refresh()
        self.post_message(self.Picked(self))

    def action_scroll_lanes(self, by: int) -> None:
        self._first_lane = min(max(self._first_lane + by, 0), max(len(self._lanes) - self._room, 0))
        self.border_title = self._title()
        self.refresh()

    @property
    def _room(self) -> int:
        """How many lanes are visible at once, above the axis."""
        return max(self.size.height - AXIS, 1)

    @property
    def _thick(self) -> int:
        """Lines of each lane, where there is room for more than one."""
        return min(max(self._room // max(len(self._lanes), 1), 1), _THICKEST)

    def on_resize(self) -> None:
        self._draw()
        self.border_title = self._title()

    def on_click(self, event: events.Click) -> None:
        if (at := self._moment_of(event)) is not None:
            self.point(at)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._hover_at(self._moment_of(event))

    def on_leave(self) -> None:
        self._hover_at(None)

    def _hover_at(self, at: datetime | None) -> None:
        if at != self._hover:
            self._hover = at
            if self._cursor is None:
                self.post_message(self.Picked(self))

    def _moment_of(self, event: events.MouseEvent) -> datetime | None:
        """The moment that the mouse points to, if it is on the lanes."""
        place = event.get_content_offset(self)
        if place is None or self._window is None or place.x < self._gutter:
            return None
        return self._window.moment(min(place.x - self._gutter + 0.5, self._window.columns))

    def _draw(self) -> None:
        """Lay the lanes out again, and repaint if that changed anything."""
        if self._log is None:
            return
        end, log = self._end or self._now, self._log
        if self._before is not None and self.size.width:
            log = self._before(log, Window(end, self.span, self.size.width))
        self._drawn_log = log
        lanes = lanes_of(log, self._queue, Window(end, self.span, 1), self._places)
        # A height that is set takes effect always; Textual may keep one that a widget answered while it was laid out.
        known = [(lane.label, lane.leads, lane.waits) for lane in self._lanes]
        self._lanes = lanes
        self.styles.height = self.wanted
        if self.size.width < 12:
            return
        gutter = min(max(width(lane.label) for lane in lanes) + 4, self.size.width // 3)
        window = self._window_of(gutter)
        cover = cover_of(log, window, self._now, self._unwatched)
        drawn = [raster(lane, window, self._now, cover) for lane in lanes]
        heads = [(lane.label, lane.leads, lane.waits) for lane in lanes]
        if (drawn, heads, window, gutter) == (self._drawn, known, self._window, self._gutter):
            return
        self._drawn, self._over, self._window, self._gutter = drawn, cover, window, gutter
        self._first_lane = min(self._first_lane, max(len(lanes) - self._room, 0))
        self.border_title = self._title()
        self.refresh()

    def _window_of(self, gutter: int) -> Window:
        """The window; its right edge is the end of the cell that now lies in, so that cells do not flicker."""
        columns = max(self.size.width - gutter - 1, 1)
        cell = self.span.total_seconds() / columns
        end = self._end or datetime.fromtimestamp(-(-self._now.timestamp() // cell) * cell, UTC)
        return Window(end, self.span, columns)

    def _title(self) -> str:
        span = span_text(SPANS[self._zoom])
        until = "" if self._end is None else clock_text(self._local(self._end), self._local(self._now))
        parts = [f"leaders, {span} until {until}" if until else f"leaders, last {span}"]
        if (hidden := len(self._lanes) - self._room) > 0:
            parts.append(f"{hidden} more lanes, j k")
        if self._drawn_log is not None and self._drawn_log.dropped:
            parts.append(f"{self._drawn_log.dropped} earlier terms forgotten")
        return " · ".join(parts)

    def render_line(self, y: int) -> Strip:
        room = min(self._room, (len(self._lanes) - self._first_lane) * self._thick)
        if self._window is None or not self._drawn or y >= room + AXIS:
            return Strip.blank(self.size.width, self.rich_style)
        cursor = None
        if self._cursor is not None and 0 <= (at := self._window.column(self._cursor)) <= self._window.columns:
            cursor = min(int(at), self._window.columns - 1)
        if y < room:
            place, line = divmod(y, self._thick)
            lane, drawn = self._lanes[self._first_lane + place], self._drawn[self._first_lane + place]
            middle = line == self._thick // 2
            return lane_strip(lane, drawn, self._gutter, self.size.width, self._lane_style, cursor, labelled=middle)
        style = self.rich_style + ink(self.get_component_rich_style("timeline--axis"))
        text = ticks(self._window, self._local, self._over) if y == room else times(self._window, self._local)
        head = " " * (self._gutter - 1) + ("└" if y == room else " ")
        return axis_strip(head, text, self.size.width, style, cursor if y == room else None)

    @property
    def _lane_style(self) -> LaneStyle:
        return LaneStyle(
            base=self.rich_style,
            label=ink(self.get_component_rich_style("timeline--label")),
            muted=ink(self.get_component_rich_style("timeline--axis")),
            colourless=self.app.no_color,
            is_dark=self.app.current_theme.dark,
        )
