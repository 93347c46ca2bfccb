"""View 1: every election under the prefixes, the worst first, each with who led it when."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Footer, Input

from ..groups import group_of
from ..records import ROW_COLUMNS, row_record
from ..rows import COLUMNS
from ..text import safe
from ..widgets.cells import Cell
from ..widgets.ink import ink
from ..widgets.status_bar import Line
from ..widgets.table_messages import Chosen, HeaderClicked, Moved
from ..widgets.virtual_table import VirtualTable
from . import list_lines as lines
from .console import ConsoleScreen
from .find import FindDialog
from .list_rows import election_cells, group_cells
from .listing import Listing
from .live import Desk, LiveScreen
from .past import Past
from .preview import Preview, preview_lines

__all__ = ["ElectionsScreen"]

_PREVIEW_FROM = 160
"""From this width on the election under the cursor is shown beside the list."""
_STEADY = frozenset({"name", "revision"})
"""Columns whose order is not renewed each second, since time alone does not change it."""


class ElectionsScreen(LiveScreen):
    """The table with filter and sort; enter opens one election."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Detail", id="open"),
        Binding("slash", "filter", "Filter", key_display="/", id="filter"),
        Binding("exclamation_mark", "troubles", "Troubles", key_display="!", id="troubles"),
        Binding("s", "sort(1)", "Sort", id="sort"),
        Binding("plus,equals_sign", "zoom(-1)", "Zoom", key_display="+-hl", show=False, id="zoom_in"),
        Binding("minus", "zoom(1)", "Zoom out", show=False, id="zoom_out"),
        Binding("h,left", "pan(-0.25)", "Pan back", show=False, id="pan_back"),
        Binding("l,right", "pan(0.25)", "Pan forward", show=False, id="pan_forward"),
        Binding("0", "go_live", "Now", show=False, id="go_live"),
        Binding("S", "reverse", "Reverse", show=False, id="reverse"),
        Binding("t", "fold", "Group", id="fold"),
        Binding("f", "past", "Past", show=False, id="past"),
        Binding("e", "export", "Export", show=False, id="export"),
        Binding("a", "find", "Find", id="find"),
        Binding("C", "console", "Console", id="console"),
        Binding("escape", "clear_filter", "Clear filter", show=False, id="clear_filter"),
    ]

    # The mutable state: what is shown in which order, the stretch of time, and whether the keys have to be ordered
    # again.

    def __init__(self, desk: Desk, notice: str | None = None) -> None:
        super().__init__(desk)
        self._notice = notice
        self._home = desk.view.prefixes
        self._listing = Listing()
        self._past = Past(desk.view)
        self._stale = True

    def compose(self) -> ComposeResult:
        yield from self.top()
        yield Line(id="title")
        with Horizontal(id="list-panes"):
            yield VirtualTable(COLUMNS, self._cells, id="elections")
            yield Preview(id="preview")
        yield Input(placeholder="text, /regex/, !inverse", id="filter", compact=True)
        yield Line(id="news")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#filter").display = False
        self._table.sorted_by = (self._listing.column, self._listing.descending)
        self._table.when_resized = self._again
        self._table.focus()

    @property
    def _table(self) -> VirtualTable:
        return self.query_one("#elections", VirtualTable)

    @property
    def _election(self) -> str | None:
        """The election under the cursor."""
        key = self._table.cursor
        return None if key is None or group_of(key) is not None else key

    def _cells(self, key: str) -> dict[str, Cell]:
        view, group = self.desk.view, group_of(key)
        if group is not None:
            names, is_open = self._listing.groups.get(key, []), self._listing.is_open(key)
            return group_cells(view, group, names, self.desk.now(), is_open=is_open)
        row = view.rows.get(key)
        if row is None:
            return {}
        cells = election_cells(view, row, self.desk.now(), inside=self._listing.is_inside(key))
        cells["strip"] = self._past.strip(key, self.desk.now(), self._muted, colours=self._has_colours)
        return cells

    def _muted(self) -> Style:
        return ink(self._table.get_component_rich_style("table--muted"))

    @property
    def _has_colours(self) -> bool:
        few = not self.app.is_headless and self.app.console.color_system in ("standard", "windows")
        return not (self.app.no_color or few)

    def _frame(self) -> None:
        """Fix the stretch of time that all rows show from now on."""
        self._table.titles["strip"] = self._past.frame(self._table.width_of("strip"), self.desk.now())

    @property
    def wants_flush(self) -> bool:
        return self._stale

    def flush(self, changed: set[str], now: datetime) -> None:
        if not self.is_mounted or (not changed and not self._stale):
            return
        # Apart from new rows, the order is renewed once per second, lest rows jump while they are read.
        if self._stale or self._listing.version != self.desk.view.rows.version or self._listing.pattern:
            self._order()
            self._tell()
        else:
            self._table.touch(changed)
            self._tell_news()
            if self._election in changed:
                self._preview()

    def on_resize(self) -> None:
        super().on_resize()
        preview = self.query_one(Preview)
        preview.display = self.size.width >= _PREVIEW_FROM
        self._preview()

    @on(Moved, "#elections")
    def _preview(self) -> None:
        preview = self.query_one(Preview)
        if preview.display:
            preview.show(preview_lines(self.desk.view, self._election, self.desk.now(), self.size.height))

    def show_time(self, now: datetime) -> None:
        before = self._table.titles.get("strip")
        if self._listing.column in _STEADY:
            self._show_rows()
        else:
            self._order()
        self.desk.view.want_leases(self._table.visible_keys())
        if self._table.titles["strip"] != before:
            self._table.refresh()
        self._tell()

    def _order(self) -> None:
        self._table.set_keys(self._listing.keys(self.desk.view))
        self._show_rows()
        self._stale = False

    def _show_rows(self) -> None:
        self._frame()
        self._table.touch(self._table.visible_keys())

    def _tell(self) -> None:
        view, listing = self.desk.view, self._listing
        self.query_one("#title", Line).show(lines.title(view, listing, self.desk.now()))
        self._tell_news()
        self._table.say(lines.nothing(view, listing, self.desk.keys))
        self._preview()

    def _tell_news(self) -> None:
        self.query_one("#news", Line).show(lines.news(self.desk.view, self._listing.complaint, self._notice))

    @on(Chosen)
    def _open(self, event: Chosen) -> None:
        if group_of(event.key) is not None:
            self._listing.toggle(event.key)
            self._again()
            return
        self.open_election(event.key)

    def action_choose(self) -> None:
        self._table.action_choose()

    @on(HeaderClicked)
    def _sort_by_click(self, event: HeaderClicked) -> None:
        self._sort(event.column, not self._listing.descending if event.column == self._listing.column else False)

    def action_troubles(self) -> None:
        """Show those that are in trouble, or all."""
        self._listing.only_troubles = not self._listing.only_troubles
        self._again()

    def action_past(self) -> None:
        """Show those that are over, or hide them."""
        self._listing.shows_past = not self._listing.shows_past
        self._again()

    def action_fold(self) -> None:
        """Fold elections whose names begin alike, or show all of them."""
        self._listing.is_folded = not self._listing.is_folded
        self._again()

    def action_zoom(self, by: int) -> None:
        self._past.zoom(by, self.desk.now())
        self._again()

    def action_pan(self, by: float) -> None:
        self._past.pan(by, self.desk.now())
        self._again()

    def action_go_live(self) -> None:
        self._past.go_live()
        self._again()

    def _again(self) -> None:
        self._order()
        self._table.refresh()
        self._tell()

    def action_sort(self, by: int) -> None:
        columns = [column.key for column in COLUMNS]
        self._sort(columns[(columns.index(self._listing.column) + by) % len(columns)], False)

    def action_reverse(self) -> None:
        self._sort(self._listing.column, not self._listing.descending)

    def _sort(self, column: str, descending: bool) -> None:
        self._listing.column, self._listing.descending = column, descending
        self._table.sorted_by = (column, descending)
        self._again()

    def filter_by(self, pattern: str) -> None:
        """Show what matches this alone."""
        self.query_one("#filter", Input).value = pattern
        self._table.focus()

    def action_filter(self) -> None:
        box = self.query_one("#filter", Input)
        box.display = True
        box.focus()

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self._listing.filter(event.value)
        self._order()
        self._tell()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.query_one("#filter").display = False
        self._table.focus()

    def action_clear_filter(self) -> None:
        self.query_one("#filter", Input).value = ""
        self._filter_done()

    def action_find(self) -> None:
        self.app.push_screen(FindDialog(self.desk.view.client, self._home), self._found)

    def _found(self, prefixes: tuple[str, ...] | None) -> None:
        if prefixes is not None and prefixes != self.desk.view.prefixes:
            self.run_worker(self._watch(prefixes), group="switch", exit_on_error=False)

    async def _watch(self, prefixes: tuple[str, ...]) -> None:
        self.desk.paused_at = None
        await self.desk.view.switch(*prefixes)
        self._stale = True
        self._order()
        self._tell()

    def action_export(self) -> None:
        """Write the elections that are shown to a file."""
        view, now = self.desk.view, self.desk.now()
        shown = [row_record(view.rows[name], now) for name in self._listing.names if name in view.rows]
        about = {"prefixes": list(view.prefixes), "as_of": now.isoformat(), "revision": view.status().revision}
        self.export("the list", "elections", ROW_COLUMNS, about, shown)

    def action_console(self) -> None:
        self.app.push_screen(ConsoleScreen(self.desk, self._election))

    def action_copy(self) -> None:
        if (name := self._election) is not None:
            self.app.copy_to_clipboard(safe(name))
            self.notify(f"Copied {safe(name, 60)}", markup=False)
