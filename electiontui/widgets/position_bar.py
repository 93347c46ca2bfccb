"""Where in a recording the screens are: the changes of all of it as bars, with the position among them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ..rows import sparkline
from ..text import fit, width

__all__ = ["Position", "PositionBar"]

_LEAST = 10
"""Cells for the bars; where there are fewer, what stands to their right goes."""


class Position(NamedTuple):
    """What the bar shows; its texts are harmless already."""

    left: str
    share: float
    """How much of the recording is over, from 0 to 1."""
    changes: Sequence[int]
    """Changes in stretches of equal length, over the whole recording."""
    right: str


class PositionBar(Widget):
    """One line; a click on its bars goes there."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"position--over", "position--to-come", "position--here"}
    DEFAULT_CSS = """
    PositionBar { height: 1; background: $panel; text-style: bold; }
    PositionBar > .position--over { color: $accent; background: $panel; }
    PositionBar > .position--to-come { color: $text-muted; background: $panel; }
    PositionBar > .position--here { color: $background; background: $accent; text-style: bold; }
    """

    class Sought(Message):
        """The user wants to see another moment."""

        def __init__(self, share: float) -> None:
            super().__init__()
            self.share = share

    # The mutable state: what is shown.

    def __init__(self) -> None:
        super().__init__()
        self._shown = Position("", 0.0, (), "")

    def show(self, position: Position) -> None:
        """Show another position."""
        if position != self._shown:
            self._shown = position
            self.refresh()

    def render_line(self, y: int) -> Strip:
        start, cells = self._bars()
        left, share, changes, right = self._shown
        here = min(int(share * cells), cells - 1)
        bars = _bars(changes, cells)
        style = self.get_component_rich_style
        segments = [
            Segment(fit(f" {left} ", start), self.rich_style),
            Segment(bars[:here], style("position--over")),
            # A sign of its own, so that it is seen without colours.
            Segment("┃" * (cells > 0), style("position--here")),
            Segment(bars[here + 1 :], style("position--to-come")),
            Segment(f" {right}", self.rich_style),
        ]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def _bars(self) -> tuple[int, int]:
        """Where the bars begin, and how many cells they have."""
        start = min(width(self._shown.left) + 2, self.size.width)
        room = self.size.width - start
        cells = room - width(self._shown.right) - 2
        return start, cells if cells >= _LEAST else max(room, 0)

    def on_click(self, event: events.Click) -> None:
        start, cells = self._bars()
        if start <= event.x < start + cells:
            self.post_message(self.Sought((event.x - start) / max(cells - 1, 1)))


def _bars(changes: Sequence[int], cells: int) -> str:
    """The changes in as many stretches as there are cells; where nothing changed there is a line."""
    if not changes or cells <= 0:
        return "─" * max(cells, 0)
    edges = [number * len(changes) // cells for number in range(cells + 1)]
    counts = [sum(changes[first : max(last, first + 1)]) for first, last in pairwise(edges)]
    return "".join("─" if not count else bar for count, bar in zip(counts, sparkline(counts), strict=True))
