"""The only module that knows plotext, of either major: axis charts and the timeline as text.

plotext 6 is a rewrite that shares no call with 5.3, so everything is rasterised to columns first and drawn as one
scatter per glyph: the few calls that needs exist in both, and its cost does not grow with the history.
plotext draws on one figure of its own per process; each build clears it before and after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

import plotext

from election_core import Candidate, TermLog

from ..text import fit
from ..text import width as cells_of
from .lanes import Window, lanes_of, raster, time_marks

__all__ = ["changes_per_minute", "hold_times", "timeline"]

RGB = tuple[int, int, int]
_BARS = " ▁▂▃▄▅▆▇█"
_HOLD_BINS: tuple[tuple[float, str], ...] = (
    (1, "<1s"),
    (3, "3s"),
    (10, "10s"),
    (30, "30s"),
    (60, "1m"),
    (300, "5m"),
    (900, "15m"),
    (3600, "1h"),
    (14400, "4h"),
    (float("inf"), "more"),
)
_lock = Lock()


@dataclass(slots=True)
class _Raster:
    """Glyphs on a canvas of ``columns`` × ``rows`` cells with ticks; row 0 is the lowest."""

    columns: int
    rows: int
    title: str = ""
    points: defaultdict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    x_ticks: list[tuple[int, str]] = field(default_factory=list)
    y_ticks: list[tuple[int, str]] = field(default_factory=list)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in cells with axes, tick labels and title around the canvas."""
        labels = max((cells_of(label) for _, label in self.y_ticks), default=0)
        return self.columns + labels + 2, self.rows + 3 + bool(self.title)

    def bar(self, column: int, wide: int, height: float) -> None:
        """A bar from the ground, ``height`` in rows, drawn to an eighth of a row."""
        eighths = max(round(height * 8), 1) if height > 0 else 0
        for row in range(-(-eighths // 8)):
            glyph = _BARS[min(eighths - row * 8, 8)]
            self.points[glyph] += [(column + step, row) for step in range(wide)]


def timeline(
    log: TermLog,
    queue: Sequence[Candidate],
    until: datetime,
    span: timedelta,
    *,
    width: int,
    colour: RGB | None = None,
) -> str:
    """Who led when, one line per candidate, as text of ``width`` cells and as many lines as it takes.

    Args:
        log: the election's term log.
        queue: its candidates as of now, the leader first.
        until: right edge (aware).
        span: time from the left edge to the right one.
        colour: paint the lanes with ANSI escapes; ``None`` gives text without any.
    """
    columns = max(width - 20, 10)
    window = Window(until, span, columns)
    lanes = lanes_of(log, queue, window)
    labels = min(max(cells_of(lane.label) for lane in lanes) + 2, max(width // 3, 8))
    window = Window(until, span, max(width - labels - 2, 10))
    canvas = _Raster(window.columns, len(lanes), x_ticks=time_marks(window))
    for row, lane in enumerate(reversed(lanes)):
        canvas.y_ticks.append((row, fit(("★ " if lane.leads else "  ") + lane.label, labels)))
        for column, glyph in enumerate(raster(lane, window, until)):
            if glyph != " ":
                canvas.points[glyph].append((column, row))
    return _build(canvas, colour)


def changes_per_minute(log: TermLog, until: datetime, *, width: int, height: int, colour: RGB | None = None) -> str:
    """Leader changes in each of the last 60 minutes (fewer where it is narrow), ``width`` × ``height`` cells."""
    columns, rows = max(width - 5, 10), max(height - 4, 2)
    minutes = min(60, columns)
    wide = columns // minutes
    counts = log.changes_per_bucket(until, timedelta(minutes=1), minutes)
    canvas = _Raster(columns, rows, "leader changes per minute")
    canvas.y_ticks = _count_ticks(max(counts), rows, 3)
    first = columns - minutes * wide
    for minute, count in enumerate(counts):
        canvas.bar(first + minute * wide, wide, count / max(max(counts), 1) * rows)
    canvas.x_ticks = [(first, f"-{minutes}m"), (first + minutes // 2 * wide, f"-{minutes // 2}m"), (columns - 3, "now")]
    return _build(canvas, colour)


def hold_times(log: TermLog, *, width: int, height: int, colour: RGB | None = None) -> str:
    """How many finished terms lasted how long, ``width`` × ``height`` cells; each bin is "up to" its label."""
    columns, rows = max(width - 5, 10), max(height - 4, 2)
    counts = [0] * len(_HOLD_BINS)
    for seconds in log.hold_times():
        counts[next(index for index, (limit, _) in enumerate(_HOLD_BINS) if seconds < limit)] += 1
    canvas = _Raster(columns, rows, "terms by time held")
    canvas.y_ticks = _count_ticks(max(counts), rows, 3)
    step = max(columns // len(counts), 1)
    for index, count in enumerate(counts):
        canvas.bar(index * step, max(step - 1, 1), count / max(max(counts), 1) * rows)
    canvas.x_ticks = [(index * step + step // 2, label) for index, (_, label) in enumerate(_HOLD_BINS)]
    return _build(canvas, colour)


def _count_ticks(top: int, rows: int, cells: int) -> list[tuple[int, str]]:
    return [(0, "0".rjust(cells)), (rows - 1, str(max(top, 1)).rjust(cells))]


def _build(canvas: _Raster, colour: RGB | None) -> str:
    # plotext 6 has one object where 5.3 has module-level functions.
    draw = _draw_6 if hasattr(plotext, "figure") else _draw_5
    # 5.3 leaves the axes out of a figure without points, and takes wide characters in labels for narrow ones.
    canvas.points = defaultdict(list, {" ": [(0, 0)], **canvas.points})
    labels = [label for _, label in sorted(canvas.y_ticks, reverse=True)]
    stand_in = "~" * cells_of(labels[0])
    canvas.y_ticks = [(row, stand_in) for row, _ in canvas.y_ticks]
    with _lock:
        built = draw(canvas, colour)
    lines = [line.rstrip() for line in built.rstrip("\n").split("\n")]
    return "\n".join(line.replace(stand_in, labels.pop(0), 1) if stand_in in line else line for line in lines)


def _draw_5(canvas: _Raster, colour: RGB | None) -> str:
    plotext.clear_figure()
    plotext.limitsize(False, False)
    plotext.plotsize(*canvas.size)
    plotext.theme("clear")
    if canvas.title:
        plotext.title(canvas.title)
    for glyph, points in canvas.points.items():
        columns, rows = zip(*points, strict=True)
        plotext.scatter(columns, rows, marker=glyph, **({} if colour is None else {"color": colour}))
    plotext.xlim(0, canvas.columns - 1)
    plotext.ylim(0, max(canvas.rows - 1, 1))
    plotext.xticks(*_split(canvas.x_ticks))
    plotext.yticks(*_split(canvas.y_ticks))
    built = str(plotext.build())
    plotext.clear_figure()
    return built if colour is not None else str(plotext.uncolorize(built))


def _draw_6(canvas: _Raster, colour: RGB | None) -> str:
    figure = plotext.figure
    figure.clear()
    plotext.terminal.limit(False, False)
    figure.plot_size(*canvas.size)
    figure.theme("colorless")
    if canvas.title:
        figure.title(canvas.title)
    for glyph, points in canvas.points.items():
        columns, rows = zip(*points, strict=True)
        marker = glyph if colour is None else plotext.marker(glyph, colour)
        figure.draw(figure.signal(columns, rows, marker=marker))
    figure.ruler("x").lim(0, canvas.columns - 1).ticks(*_split(canvas.x_ticks))
    figure.ruler("y").lim(0, max(canvas.rows - 1, 1)).ticks(*_split(canvas.y_ticks))
    built = str(figure.build().string(colorless=colour is None))
    figure.clear()
    plotext.terminal.limit(True, True)
    return built


def _split(ticks: Sequence[tuple[int, str]]) -> tuple[list[int], list[str]]:
    return [place for place, _ in ticks], [label for _, label in ticks]
