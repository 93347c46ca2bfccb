"""The views by the keys that they are on, with the one that is shown marked; a click goes there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.strip import Strip
from textual.widget import Widget

__all__ = ["ViewLine"]


class ViewLine(Widget):
    """``1 elections  2 leaders  …``; which is shown is asked of the app, whose modes they are."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"views--shown"}
    DEFAULT_CSS = """
    ViewLine { height: 1; background: $surface; color: $text-muted; }
    ViewLine > .views--shown { color: $text; background: $panel; text-style: bold; }
    """

    def __init__(self, views: Mapping[str, str]) -> None:
        super().__init__()
        self._views = views

    def render_line(self, y: int) -> Strip:
        shown, others = self.get_component_rich_style("views--shown"), self.rich_style
        segments = [Segment(text, shown if name == self.app.current_mode else others) for name, text in self._texts()]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def _texts(self) -> list[tuple[str, str]]:
        return [(name, f" {key} {name} ") for key, name in self._views.items()]

    async def on_click(self, event: events.Click) -> None:
        left = 0
        for name, text in self._texts():
            if left <= event.x < left + len(text):
                await self.run_action(f"app.view('{name}')")
            left += len(text)
