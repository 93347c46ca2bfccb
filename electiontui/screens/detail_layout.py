"""Who gets how many lines on the screen of one election."""

from __future__ import annotations

from typing import NamedTuple

from textual.screen import Screen
from textual.widget import Widget

from ..widgets.charts import Chart
from ..widgets.position_bar import PositionBar
from ..widgets.timeline import Timeline

__all__ = ["Panes", "Shares", "shares"]

_AROUND = 4
"""Lines of status, title, reading and footer."""
_LEAST = 6
"""Lines that queue and events keep together."""
_LEAST_CHARTS = 10
_TALL = 32
"""From this height on, queue and events have frames."""
_LOW = 20
"""Below it the timeline has no frame but its title."""


class Shares(NamedTuple):
    """Lines for each pane, frames included."""

    timeline: int
    """At most."""
    queue: int
    events: int
    """The charts have the rest."""
    charts: int
    """0: there is no room for them beside the others."""


def shares(height: int, lanes: int, queue: int, events: int, *, charts: bool) -> Shares:
    """Who gets how many lines of a screen.

    Args:
        height: of the screen.
        lanes: lines that the timeline wants, with its axis and frame.
        queue: how many candidates there are.
        events: how many events there are.
        charts: charts are wanted instead of queue and events.
    """
    room = height - _AROUND
    least = _LEAST_CHARTS if charts and height >= _LOW else _LEAST
    timeline = max(room - least, 3)
    rest = room - min(lanes, timeline)
    frame = 2 if height >= _TALL else 0
    queue = min(max(queue, 2) + 1 + frame, max(rest // 2, 3))
    left = rest - queue - (max(events, 3) + 1 + frame)
    beside = left if left >= _LEAST_CHARTS and not charts else 0
    return Shares(timeline, queue, rest - queue - beside, rest if charts else beside)


class Panes:
    """Shares the screen out among timeline, queue, events and charts."""

    # The mutable state: which pane has the screen for itself, and which chart is shown where there is room for one.

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._enlarged: str | None = None
        self._chart: int | None = None

    def share_out(self, queue: int, events: int) -> None:
        """Give each pane its lines; ``queue`` and ``events`` are how many of them there are."""
        screen = self._screen
        if not screen.size.height:
            return
        # A replay has one line more above.
        height = screen.size.height - len(screen.query(PositionBar))
        screen.set_class(height >= _TALL, "-tall")
        screen.set_class(height < _LOW, "-low")
        timeline, panes, charts = (screen.query_one(f"#{each}") for each in ("timeline", "panes", "charts"))
        given = shares(height, _wanted(timeline), queue, events, charts=self._chart is not None)
        big = self._enlarged
        timeline.styles.max_height = None if big == "timeline" else given.timeline
        timeline.styles.min_height = height - _AROUND if big == "timeline" else 3
        timeline.display = big in (None, "timeline")
        panes.display = big != "timeline" and (self._chart is None or big is not None)
        charts.display = big is None and given.charts > 0
        charts.styles.height = given.charts
        for each in ("queue", "events"):
            screen.query_one(f"#{each}").display = big in (None, each)
        screen.query_one("#queue").styles.height = "1fr" if big == "queue" else given.queue
        for number, chart in enumerate(screen.query(Chart)):
            chart.display = not screen.has_class("-narrow") or number == (self._chart or 0)

    def turn_charts(self) -> None:
        """Charts instead of queue and events, and back; one after the other where it is narrow."""
        self._enlarged = None
        last = len(self._screen.query(Chart)) - 1 if self._screen.has_class("-narrow") else 0
        self._chart = 0 if self._chart is None else self._chart + 1 if self._chart < last else None

    def enlarge(self, pane: Widget | None) -> None:
        """Give a pane the whole screen but for status, title and keys; or end that."""
        if not self.restore() and pane is not None and pane.id in ("timeline", "queue", "events"):
            self._enlarged = pane.id

    def restore(self) -> bool:
        """End what `enlarge` did; ``False`` if it did nothing."""
        was, self._enlarged = self._enlarged, None
        return was is not None


def _wanted(timeline: Widget) -> int:
    return timeline.wanted if isinstance(timeline, Timeline) else 0
