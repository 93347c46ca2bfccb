"""Axis charts of one election, drawn by plotext into a widget's size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual.widget import Widget

from election_core import TermLog

from ..pictures.plot import changes_per_minute, hold_times, vacancy_times

__all__ = ["Chart", "changes_chart", "hold_chart", "vacancy_chart"]

Stretches = Sequence[tuple[datetime, datetime]]
Drawing = Callable[[TermLog, datetime, Stretches, int, int], str]


def changes_chart(log: TermLog, now: datetime, unwatched: Stretches, width: int, height: int) -> str:
    """Leader changes per minute."""
    return changes_per_minute(log, now, unwatched, width=width, height=height)


def hold_chart(log: TermLog, now: datetime, unwatched: Stretches, width: int, height: int) -> str:
    """Finished terms by time held."""
    return hold_times(log, width=width, height=height)


def vacancy_chart(log: TermLog, now: datetime, unwatched: Stretches, width: int, height: int) -> str:
    """Finished vacancies by duration."""
    return vacancy_times(log, width=width, height=height)


class Chart(Widget):
    """One chart, built again only when its size, its five seconds or its data has changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"chart--bar", "chart--unwatched"}

    DEFAULT_CSS = """
    Chart {
        width: 1fr; height: 1fr; color: $text-muted;
        & > .chart--bar { color: $accent; }
        & > .chart--unwatched { color: $text-muted; }
    }
    """

    def __init__(self, drawing: Drawing, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._drawing = drawing
        self._made_for: tuple[object, ...] = ()
        self._text = ""

    def show(self, log: TermLog, now: datetime, unwatched: Stretches = ()) -> None:
        """Show this log as of ``now`` (aware, UTC)."""
        made_for = (self.size, int(now.timestamp()) // 5, log.dropped + len(log.terms_kept), len(unwatched))
        if made_for != self._made_for and self.size.width >= 20 and self.size.height >= 6:
            self._made_for = made_for
            self._text = self._drawing(log, now, unwatched, self.size.width, self.size.height)
            self.refresh()

    def render(self) -> Text:
        text = Text(self._text or "too small for a chart", no_wrap=True)
        bar = self.get_component_rich_style("chart--bar", partial=True)
        text.highlight_regex(r"[▁▂▃▄▅▆▇]+", bar)
        # Full blocks get a ground of their own colour: some fonts leave a seam between them.
        text.highlight_regex(r"█+", f"{bar.color.name} on {bar.color.name}" if bar.color else bar)
        return text
