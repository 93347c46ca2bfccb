"""View 1: every election under the prefixes, the worst first, each with who led it when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer, Input

from .. import rows
from ..rows import COLUMNS, ElectionRow
from ..text import safe
from ..widgets.cells import Cell
from ..widgets.ink import ink
from ..widgets.status_bar import Line, StatusBar
from ..widgets.table_messages import Chosen, HeaderClicked
from ..widgets.virtual_table import VirtualTable
from . import list_lines as lines
from .console import ConsoleScreen
from .detail import DetailScreen
from .find import FindDialog
from .list_lines import Shown
from .live import Desk, LiveScreen
from .past import Past

__all__ = ["ElectionsScreen"]

_STEADY = frozenset({"name", "revision"})
"""Columns whose order is not renewed each second, since time alone does not change it."""


class ElectionsScreen(LiveScreen):
    """The table with filter and sort; enter opens one election."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Detail", id="detail"),
        Binding("slash", "filter", "Filter", key_display="/", id="filter"),
        Binding("exclamation_mark", "troubles", "Troubles", key_display="!", id="troubles"),
        Binding("s", "sort(1)", "Sort", id="sort"),
        Binding("plus,equals_sign", "zoom(-1)", "Zoom", key_display="+-hl", show=False, id="list_zoom_in"),
        Binding("minus", "zoom(1)", "Zoom out", show=False, id="list_zoom_out"),
        Binding("h,left", "pan(-0.25)", "Pan back", show=False, id="list_pan_back"),
        Binding("l,right", "pan(0.25)", "Pan forward", show=False, id="list_pan_forward"),
        Binding("0", "go_live", "Now", show=False, id="list_go_live"),
        Binding("S", "reverse", "Reverse", show=False, id="reverse"),
        Binding("a", "find", "Find", id="find"),
        Binding("C", "console", "Console", id="console"),
        Binding("escape", "clear_filter", "Clear filter", show=False, id="clear_filter"),
    ]

    # The mutable state: the order, the filter and what is wrong with it, whether only troubles are shown, the stretch
    # of time, and whether the keys have to be ordered again.

    def __init__(self, desk: Desk, notice: str | None = None) -> None:
        super().__init__(desk)
        self._notice = notice
        self._home = desk.view.prefixes
        self._column, self._descending = "state", False
        self._past = Past(desk.view)
        self._only_troubles = False
        self._lets_through: Callable[[ElectionRow], bool] = rows.matcher("")
        self._complaint = ""
        self._stale = True

    def compose(self) -> ComposeResult:
        yield StatusBar(id="status")
        yield Line(id="title")
        yield VirtualTable(COLUMNS, self._cells, id="elections")
        yield Input(placeholder="text, /regex/, !inverse", id="filter", compact=True)
        yield Line(id="news")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#filter").display = False
        self._table.sorted_by = (self._column, self._descending)
        self._table.when_resized = self._again
        self._table.focus()

    @property
    def _table(self) -> VirtualTable:
        return self.query_one("#elections", VirtualTable)

    @property
    def _pattern(self) -> str:
        return self.query_one("#filter", Input).value

    def _cells(self, key: str) -> dict[str, Cell]:
        row = self.desk.view.rows.get(key)
        if row is None:
            return {}
        now, is_known = self.desk.now(), self.desk.view.watched.lost_at is None
        role = "" if row.state == "leading" else row.state
        texts = rows.cells(row, now)
        roles: dict[str, str] = {"state": row.state, "leader": role, "held": role}
        if not is_known:
            # Nobody knows whether the leader still leads, so nothing is counted on.
            texts["held"] = rows.held(row, self.desk.view.watched.lost_at or now) + "?"
            roles = dict.fromkeys(texts, "muted")
        cells: dict[str, Cell] = {column: (text, roles.get(column, "")) for column, text in texts.items()}
        cells["strip"] = self._past.strip(key, now, self._muted, colours=self._has_colours)
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
        table = self._table
        same = len(table.keys) == len(self.desk.view.rows) and changed <= table.known
        if self._stale or not same or self._pattern:
            self._order()
        else:
            table.touch(changed)
        self._tell()

    def show_time(self, now: datetime) -> None:
        if self._column not in _STEADY:
            self._order()
        visible = self._table.visible_keys()
        self.desk.view.want_ttls(visible)
        before = self._table.titles.get("strip")
        self._frame()
        if self._table.titles["strip"] != before:
            self._table.refresh()
        self._table.touch(visible)
        self._tell()

    def _order(self) -> None:
        self._frame()
        known, troubles = self.desk.view.rows, self.desk.view.troubles
        if self._column in ("name", "state") and not self._pattern:
            # Thousands of rows that nobody sees need not be made for it.
            names = sorted(name for name in known if not self._only_troubles or name in troubles)
            if self._column == "state":
                names = [*troubles.worst_first(), *(name for name in names if name not in troubles)]
            self._table.set_keys(names[::-1] if self._descending else names)
        else:
            shown = (row for row in known.complete() if self._lets_through(row))
            if self._only_troubles:
                shown = (row for row in shown if row.state != "leading")
            ordered = sorted(shown, key=rows.sort_key(self._column), reverse=self._descending)
            self._table.set_keys([row.name for row in ordered])
        self._table.touch(self._table.visible_keys())
        self._stale = False

    def _tell(self) -> None:
        view = self.desk.view
        order = f"{self._column} {'▼' if self._descending else '▲'}"
        shown = Shown(len(self._table.keys), self._pattern, order, self._only_troubles)
        self.query_one("#title", Line).show(lines.title(view, shown, self.desk.now()))
        self.query_one("#news", Line).show(lines.news(view, self._complaint, self._notice))
        self._table.say(lines.nothing(view, shown))

    @on(Chosen)
    def _open(self, event: Chosen) -> None:
        self.app.push_screen(DetailScreen(self.desk, event.key))

    def action_choose(self) -> None:
        self._table.action_choose()

    @on(HeaderClicked)
    def _sort_by_click(self, event: HeaderClicked) -> None:
        self._sort(event.column, not self._descending if event.column == self._column else False)

    def action_troubles(self) -> None:
        """Show those that are in trouble, or all."""
        self._only_troubles = not self._only_troubles
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
        self._sort(columns[(columns.index(self._column) + by) % len(columns)], False)

    def action_reverse(self) -> None:
        self._sort(self._column, not self._descending)

    def _sort(self, column: str, descending: bool) -> None:
        self._column, self._descending = column, descending
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
        try:
            self._lets_through, self._complaint = rows.matcher(event.value), ""
        except ValueError as exc:
            self._lets_through = rows.matcher("")
            self._complaint = str(exc)
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

    def action_console(self) -> None:
        self.app.push_screen(ConsoleScreen(self.desk, self._table.cursor))

    def action_copy(self) -> None:
        if (name := self._table.cursor) is not None:
            self.app.copy_to_clipboard(safe(name))
            self.notify(f"Copied {safe(name, 60)}", markup=False)
