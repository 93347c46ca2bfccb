"""A table of any length that draws only what is visible, by key and not by row number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..rows import Column
from ..text import fit
from .cells import Cell, Painted, column_widths
from .ink import ink
from .table_messages import Chosen, HeaderClicked, Moved

__all__ = ["VirtualTable"]


class VirtualTable(ScrollView, can_focus=True):
    """Rows come from ``cells_of(key) -> {column: Cell}`` when they are drawn; the cursor stays on its key.

    With ``follows`` a cursor on the first row stays on the first row instead, whatever comes to stand there.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--header",
        "table--row",
        "table--cursor",
        "table--cursor-blurred",
        "table--leading",
        "table--vacant",
        "table--flapping",
        "table--blocked",
        "table--dying",
        "table--muted",
        "table--own",
    }

    DEFAULT_CSS = """
    VirtualTable {
        height: 1fr;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & > .table--header { text-style: bold; color: $text-muted; background: $panel; }
        & > .table--cursor { background: $primary; color: $text; text-style: bold; }
        & > .table--cursor-blurred { background: $surface-lighten-2; }
        & > .table--leading { color: $text-primary; }
        & > .table--vacant { color: $text-error; text-style: bold; }
        & > .table--dying { color: $text-error; }
        & > .table--flapping { color: $text-warning; text-style: bold; }
        & > .table--blocked { color: $text-error; text-style: bold reverse; }
        & > .table--muted { color: $text-muted; }
        & > .table--own { color: $text-success; text-style: bold; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False, id="move_down"),
        Binding("up,k", "move(-1)", "Up", show=False, id="move_up"),
        Binding("home,g", "edge(0)", "Top", show=False, id="move_top"),
        Binding("end,G", "edge(-1)", "Bottom", show=False, id="move_bottom"),
        Binding("pagedown,ctrl+d", "page(1)", "Page down", show=False, id="page_down"),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False, id="page_up"),
    ]

    # The mutable state: the keys in order, where each stands, which key the cursor is on, what was drawn last
    # on which line, and the columns' widths for the width they were last computed for.

    def __init__(
        self,
        columns: Sequence[Column],
        cells_of: Callable[[str], dict[str, Cell]],
        *,
        follows: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._columns = columns
        self._cells_of = cells_of
        self._keys: list[str] = []
        self._row_of: dict[str, int] = {}
        self._cursor: str | None = None
        self._empty = ""
        self._follows = follows
        self._drawn: dict[int, tuple[str, dict[str, Cell]]] = {}
        self._laid_out: tuple[int, list[tuple[Column, int]]] = (-1, [])
        self.sorted_by: tuple[str, bool] | None = None
        """Column and whether it descends, marked in the header."""
        self.titles: dict[str, str] = {}
        """What stands above a column instead of its title."""
        self.when_resized: Callable[[], None] | None = None
        """Called when the columns have other widths, before anything is drawn."""

    @property
    def cursor(self) -> str | None:
        """The key under the cursor, ``None`` only while the table is empty."""
        return self._cursor

    @property
    def keys(self) -> Sequence[str]:
        """All keys in the order shown."""
        return self._keys

    @property
    def known(self) -> AbstractSet[str]:
        """The keys without order."""
        return self._row_of.keys()

    def width_of(self, column: str) -> int:
        """Cells that a column has; 0 where it is left out."""
        return next((cells for each, cells in self._layout_of(self.size.width) if each.key == column), 0)

    def say(self, text: str) -> None:
        """What to show while there are no rows."""
        if text != self._empty:
            self._empty = text
            if not self._keys:
                self.refresh()

    def set_keys(self, keys: list[str]) -> None:
        """Show these rows in this order; the cursor stays on its key, or else near its old place."""
        if keys is self._keys or keys == self._keys:
            return
        place = self._row_of.get(self._cursor or "", 0)
        line = place - self.scroll_offset.y
        self._keys = keys
        self._row_of = {key: row for row, key in enumerate(keys)}
        if self._cursor not in self._row_of or (self._follows and place == 0):
            self._cursor = keys[min(place, len(keys) - 1)] if keys else None
        self.virtual_size = Size(self.size.width, len(keys) + 1)
        if self._cursor is not None:
            # Whoever reads the line under the cursor must find it where it was, whatever moved around it.
            self.scroll_to(y=self._row_of[self._cursor] - line, animate=False, immediate=True)
        self.refresh()

    def touch(self, keys: Iterable[str]) -> None:
        """Draw these rows again if they are visible and their cells have changed."""
        lines = self._lines_of(keys)
        self._refresh_lines(line for line, key in lines if self._drawn.get(line) != (key, self._cells_of(key)))

    def _lines_of(self, keys: Iterable[str | None]) -> Iterator[tuple[int, str]]:
        """The lines of the widget that rows are on, with their keys, as far as they are visible."""
        # Each is asked of all widgets above this one.
        top, height = self.scroll_offset.y, self.size.height
        for key in keys:
            if key is not None and key in self._row_of and 1 <= (line := self._row_of[key] + 1 - top) < height:
                yield line, key

    def _refresh_lines(self, lines: Iterable[int]) -> None:
        width = self.size.width
        regions = [Region(0, line, width, 1) for line in lines]
        if regions:
            self.refresh(*regions)

    def visible_keys(self) -> list[str]:
        """The keys whose rows are on the screen."""
        top = self.scroll_offset.y
        return self._keys[top : top + max(self.size.height - 1, 0)]

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._keys) + 1)
        if self.when_resized is not None:
            self.when_resized()

    def on_focus(self) -> None:
        self._touch_cursor()

    def on_blur(self) -> None:
        self._touch_cursor()

    def _touch_cursor(self) -> None:
        self._refresh_lines(line for line, _ in self._lines_of([self._cursor]))

    def go_to(self, key: str) -> None:
        """Put the cursor on a row."""
        self._go(self._row_of[key])

    def action_move(self, by: int) -> None:
        self._go(self._row_of.get(self._cursor or "", 0) + by)

    def action_page(self, by: int) -> None:
        self.action_move(by * max(self.size.height - 2, 1))

    def action_edge(self, row: int) -> None:
        self._go(row % max(len(self._keys), 1))

    def key_enter(self, event: events.Key) -> None:
        """No binding, which would hide the one of a screen from the footer."""
        event.stop()
        self.action_choose()

    def action_choose(self) -> None:
        if self._cursor is not None:
            self.post_message(Chosen(self, self._cursor))

    def _go(self, row: int) -> None:
        if not self._keys:
            return
        row = min(max(row, 0), len(self._keys) - 1)
        self._touch_cursor()
        if self._cursor != self._keys[row]:
            self._cursor = self._keys[row]
            self.post_message(Moved(self, self._cursor))
        self._touch_cursor()
        top, body = self.scroll_offset.y, max(self.size.height - 1, 1)
        if not top <= row < top + body:
            self.scroll_to(y=row if row < top else row - body + 1, animate=False, immediate=True)

    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            self._click_header(event.x)
            return
        row = event.y - 1 + self.scroll_offset.y
        if row < len(self._keys):
            if self._keys[row] == self._cursor:
                self.action_choose()
            self._go(row)

    def _click_header(self, x: int) -> None:
        left = 1
        for column, width in self._layout_of(self.size.width):
            if left <= x < left + width:
                self.post_message(HeaderClicked(self, column.key))
            left += width + 1

    def _layout_of(self, width: int) -> list[tuple[Column, int]]:
        if self._laid_out[0] != width:
            self._laid_out = width, column_widths(self._columns, width)
        return self._laid_out[1]

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            return self._header(width)
        row = y - 1 + self.scroll_offset.y
        if row < len(self._keys):
            return self._row(y, self._keys[row], width)
        blank = fit(" " + self._empty if y == 2 and not self._keys else "", width)
        return Strip([Segment(blank, self.get_component_rich_style("table--muted"))], width)

    def _header(self, width: int) -> Strip:
        style = self.get_component_rich_style("table--header")
        segments = [Segment(" ", style)]
        for column, cells in self._layout_of(width):
            mark = ""
            if self.sorted_by is not None and self.sorted_by[0] == column.key:
                mark = "▼" if self.sorted_by[1] else "▲"
            title = self.titles.get(column.key, column.title)
            segments.append(Segment(fit(title + mark, cells, right=column.right) + " ", style))
        return Strip(segments).adjust_cell_length(width, style)

    def _row(self, line: int, key: str, width: int) -> Strip:
        """The row as few segments: each costs as much as its text on the way to the terminal."""
        cells_of = self._cells_of(key)
        self._drawn[line] = key, cells_of
        base = self.get_component_rich_style("table--row")
        at_cursor = key == self._cursor
        if at_cursor:
            base += self.get_component_rich_style("table--cursor" if self.has_focus else "table--cursor-blurred")
        plain = at_cursor and self.has_focus
        segments: list[Segment] = []
        texts, role, used = ["▶" if at_cursor else " "], "", 1
        for column, cells in self._layout_of(width):
            cell = cells_of.get(column.key, ("", ""))
            used += cells + 1
            if isinstance(cell, Painted):
                segments.append(Segment("".join(texts), self._style(base, role)))
                segments += [Segment(text, base + style) for text, style in cell.runs]
                texts = [" " * (cells - sum(len(text) for text, _ in cell.runs) + 1)]
                continue
            text, its_role = cell
            if its_role != role and not plain:
                segments.append(Segment("".join(texts), self._style(base, role)))
                texts, role = [], its_role
            texts.append(fit(text, cells, right=column.right) + " ")
        segments.append(Segment("".join(texts), self._style(base, role)))
        return Strip(segments, used).adjust_cell_length(width, base)

    def _style(self, base: Style, role: str) -> Style:
        return base + ink(self.get_component_rich_style(f"table--{role}")) if role else base
