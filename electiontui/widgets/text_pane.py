"""A pane of plain text that scrolls."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

__all__ = ["TextPane"]


class TextPane(VerticalScroll):
    """Lays its text out again only when that changes; markup in it means nothing."""

    DEFAULT_CSS = """
    TextPane { padding: 0 1; background: $surface; }
    TextPane > Static { width: 100%; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = ""

    def compose(self) -> ComposeResult:
        yield Static(self._text, markup=False)

    @property
    def text(self) -> str:
        """What it shows."""
        return self._text

    def show(self, text: str) -> None:
        """Show another text, already harmless, from its beginning."""
        if text != self._text:
            self._text = text
            self.query_one(Static).update(text)
            self.scroll_home(animate=False)
