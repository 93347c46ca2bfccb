"""The only module that knows plotext, of either major: axis charts.

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

from election_core import TermLog

from ..text import width as cells_of

__all__ = ["changes_per_minute", "hold_times", "vacancy_times"]

RGB = tuple[int, int, int]
_BARS = " ▁▂▃▄▅▆▇█"
_BINS: tuple[tuple[float, str], ...] = (
    (0.1, "0.1s"),
    (0.3, "0.3s"),
    (1, "1s"),
    (3, "3s"),
    (10, "10s"),
    (30, "30s"),
    (60, "1m"),
    (300, "5m"),
    (900, "15m"),
    (3600, "1h"),
    (14400, "4h"),
    (86400, "1d"),
    (float("inf"), "more"),
)
_LEAST_BINS, _WIDEST_BAR = 4, 12
_MINUTE = timedelta(minutes=1)
_LEAST_MINUTES = 10
Stretches = Sequence[tuple[datetime, datetime]]
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

    def write(self, column: int, row: int, text: str) -> None:
        """Digits from a column on."""
        for step, char in enumerate(text):
            if 0 <= column + step < self.columns:
                self.points[char].append((column + step, row))


def changes_per_minute(
    log: TermLog, until: datetime, unwatched: Stretches = (), *, width: int, height: int, colour: RGB | None = None
) -> str:
    """Leader changes per minute, up to the last 60 minutes (fewer where the history or the chart is short).

    ``╱`` marks minutes that were not watched for the most part, which is not the same as quiet ones.
    """
    columns, rows = max(width - 5, 10), max(height - 4, 2)
    age = int((until - log.terms_kept[0].began_at) / _MINUTE) + 1
    minutes = min(60, columns, max(age, _LEAST_MINUTES))
    wide = columns // minutes
    counts = log.changes_per_bucket(until, _MINUTE, minutes)
    canvas = _Raster(columns, rows, "leader changes per minute")
    canvas.y_ticks = _count_ticks(max(counts), rows, 3)
    first = columns - minutes * wide
    for minute, count in enumerate(counts):
        canvas.bar(first + minute * wide, wide - (wide > 2), count / max(max(counts), 1) * rows)
        begin = until - _MINUTE * (minutes - minute)
        if not count and _overlap(unwatched, begin, begin + _MINUTE) > _MINUTE / 2:
            canvas.points["╱"] += [(first + minute * wide + step, 0) for step in range(wide)]
    canvas.x_ticks = [(first, f"-{minutes}m"), (first + minutes // 2 * wide, f"-{minutes - minutes // 2}m")]
    canvas.x_ticks.append((columns - 3, "now"))
    return _build(canvas, colour)


def _overlap(stretches: Stretches, since: datetime, until: datetime) -> timedelta:
    return sum((max(min(e, until) - max(b, since), timedelta(0)) for b, e in stretches), timedelta(0))


def hold_times(log: TermLog, *, width: int, height: int, colour: RGB | None = None) -> str:
    """How many finished terms lasted how long, ``width`` × ``height`` cells; each bin is "up to" its label."""
    return _histogram("terms by time held", log.hold_times(), width, height, colour)


def vacancy_times(log: TermLog, *, width: int, height: int, colour: RGB | None = None) -> str:
    """How many finished vacancies lasted how long, those left out whose beginning or end nobody saw."""
    known = [
        term.duration(term.ended_at).total_seconds()
        for term in log.terms_kept
        if term.is_vacant and term.ended_at not in (None, term.began_at) and term.began_known and term.ended_known
    ]
    return _histogram("vacancies by duration", known, width, height, colour)


def _histogram(title: str, lengths: Sequence[float], width: int, height: int, colour: RGB | None) -> str:
    """Bars from the first bin that holds something to the last, each with its count above it."""
    columns, rows = max(width - 5, 10), max(height - 4, 2)
    counts = [0] * len(_BINS)
    for seconds in lengths:
        counts[next(index for index, (limit, _) in enumerate(_BINS) if seconds < limit)] += 1
    first, last = _filled(counts)
    shown = counts[first:last]
    canvas = _Raster(columns, rows, title)
    canvas.y_ticks = _count_ticks(max(shown), rows - 1, 3)
    step = columns // len(shown)
    bar = max(min(step - 1, _WIDEST_BAR), 1)
    for index, count in enumerate(shown):
        left, high = index * step + (step - bar) // 2, count / max(max(shown), 1) * (rows - 1)
        canvas.bar(left, bar, high)
        if count:
            canvas.write(left + (bar - len(str(count))) // 2, min(-int(-high // 1), rows - 1), str(count))
    canvas.x_ticks = [(index * step + step // 2, _BINS[first + index][1]) for index in range(len(shown))]
    return _build(canvas, colour)


def _filled(counts: Sequence[int]) -> tuple[int, int]:
    """From which to which bin to show, at least four of them."""
    held = [index for index, count in enumerate(counts) if count] or [2]
    first = max(min(held[0], len(counts) - _LEAST_BINS), 0)
    return first, max(held[-1] + 1, first + _LEAST_BINS)


def _count_ticks(top: int, rows: int, cells: int) -> list[tuple[int, str]]:
    """Zero, the highest count, and a whole number between them."""
    counts = sorted({0, max(top, 1), *([top // 2] if top >= 2 and top % 2 == 0 and rows >= 5 else [])})
    return [(round((rows - 1) * count / max(top, 1)), str(count).rjust(cells)) for count in counts]


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
