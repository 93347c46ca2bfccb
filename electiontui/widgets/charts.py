"""Axis charts of one election, drawn by plotext into a widget's size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from rich.text import Text
from textual.widget import Widget

from election_core import TermLog

from ..pictures.plot import changes_per_minute, hold_times, vacancy_times

__all__ = ["Chart", "changes_chart", "hold_chart", "vacancy_chart"]

_EVERY = 15
"""Seconds after which a chart that moves is built again; that costs more than a hundredth of a second."""
_LEAST = timedelta(seconds=1)
"""However often its data changes, a chart is not built again sooner."""
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
    """One chart, built again only when its size, its data or, if it moves, the time has changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"chart--bar", "chart--unwatched"}

    DEFAULT_CSS = """
    Chart {
        width: 1fr; height: 1fr; color: $text-muted;
        & > .chart--bar { color: $accent; }
        & > .chart--unwatched { color: $text-muted; }
    }
    """

    def __init__(self, drawing: Drawing, *, moves: bool = False, id: str | None = None) -> None:
        """``moves``: it changes as time goes by, and not with the data alone."""
        super().__init__(id=id)
        self._drawing, self._moves = drawing, moves
        self._made_for: tuple[object, ...] = (None,)
        self._made_at = datetime.min.replace(tzinfo=UTC)
        self._shown: tuple[TermLog, datetime, Stretches] | None = None
        self._text = ""

    def show(self, log: TermLog, now: datetime, unwatched: Stretches = ()) -> None:
        """Show this log as of ``now`` (aware, UTC)."""
        self._shown = log, now, unwatched
        age = int(now.timestamp()) // _EVERY if self._moves else 0
        made_for = (self.size, age, log.dropped + len(log.terms_kept), len(unwatched))
        rests = self.size == self._made_for[0] and now - self._made_at < _LEAST
        if made_for != self._made_for and not rests:
            self._made_for, self._made_at = made_for, now
            fits = self.size.width >= 20 and self.size.height >= 6
            self._text = self._drawing(log, now, unwatched, self.size.width, self.size.height) if fits else ""
            self.refresh()

    def on_resize(self) -> None:
        if self._shown is not None:
            self.show(*self._shown)

    def render(self) -> Text:
        text = Text(self._text or "too small for a chart", no_wrap=True)
        bar = self.get_component_rich_style("chart--bar", partial=True)
        text.highlight_regex(r"[▁▂▃▄▅▆▇]+", bar)
        # Full blocks get a ground of their own colour: some fonts leave a seam between them.
        text.highlight_regex(r"█+", f"{bar.color.name} on {bar.color.name}" if bar.color else bar)
        return text
