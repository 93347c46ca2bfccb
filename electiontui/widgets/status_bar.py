"""The line at the top: which etcd, how current the view is, and plainly so when it is not."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from ..text import fit, safe, width

__all__ = ["Line", "StatusBar"]


class Line(Widget):
    """One line of plain text that repaints only when it changes; markup in it means nothing."""

    DEFAULT_CSS = """
    Line { height: 1; background: $surface; }
    """

    def __init__(self, text: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = text

    @property
    def text(self) -> str:
        """What the line says now."""
        return self._text

    def show(self, text: str) -> None:
        """Show another text, already harmless."""
        if text != self._text:
            self._text = text
            self.refresh()

    def render_line(self, y: int) -> Strip:
        return Strip([Segment(fit(self._text, self.size.width), self.rich_style)], self.size.width)


class StatusBar(Line):
    """Left: the cluster and the view's age. Right: mode and clock."""

    DEFAULT_CSS = """
    StatusBar { background: $panel; text-style: bold; }
    StatusBar.-lost { background: #D55E00; color: black; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._parts: tuple[list[str], list[str]] = ([""], [])

    def update(self, left: list[str], right: list[str], *, lost: bool) -> None:
        """Show the first part, then the right ones, then as many others as fit; ``lost`` paints the alarm."""
        self._parts = left, right
        self.set_class(lost, "-lost")
        self._lay_out()

    def on_resize(self) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        left, right = self._parts
        room = self.size.width - 2
        first, *others = map(safe, left)
        tail = "  ".join(right)
        if width(first) + 2 + width(tail) > room:
            tail = ""
        for part in others:
            if width(first) + width(part) + width(tail) + 4 <= room:
                first += "  " + part
        self.show(f" {first}{' ' * (room - width(first) - width(tail))}{tail}" if tail else f" {first}")
