"""Screen A: every election under the prefix."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer, Input

from .. import rows
from ..rows import COLUMNS, ElectionRow
from ..text import safe
from ..widgets.status_bar import Line, StatusBar
from ..widgets.virtual_table import Cell, VirtualTable
from .console import ConsoleScreen
from .detail import DetailScreen
from .find import FindDialog, named
from .live import Desk, LiveScreen

__all__ = ["ElectionsScreen"]

_DEMO_HINT = "No etcd answers. `electiontui demo` starts one to play with; --endpoints names another."
_STEADY = frozenset({"name", "revision"})
"""Columns whose order is not renewed each second, since time alone does not change it."""


class ElectionsScreen(LiveScreen):
    """The table with filter and sort; enter opens one election."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Detail", id="detail"),
        Binding("slash", "filter", "Filter", key_display="/", id="filter"),
        Binding("s", "sort(1)", "Sort", id="sort"),
        Binding("S", "reverse", "Reverse", show=False, id="reverse"),
        Binding("a", "find", "Find", id="find"),
        Binding("C", "console", "Console", id="console"),
        Binding("escape", "clear_filter", "Clear filter", show=False, id="clear_filter"),
    ]

    # The mutable state: the order, the filter and what is wrong with it, and whether the keys have to be ordered again.

    def __init__(self, desk: Desk, notice: str | None = None) -> None:
        super().__init__(desk)
        self._notice = notice
        self._home = desk.view.prefixes
        self._column, self._descending = "name", False
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
        role = row.state if row.state != "leading" else ""
        texts = rows.cells(row, self.desk.now())
        roles = {"state": row.state, "leader": role, "held": role, "spark": "leading"}
        return {column: (text, roles.get(column, "")) for column, text in texts.items()}

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
        self._table.touch(visible)
        self._tell()

    def _order(self) -> None:
        known = self.desk.view.rows
        if self._column == "name" and not self._pattern:
            # Thousands of rows that nobody sees need not be made for it.
            self._table.set_keys(sorted(known, reverse=self._descending))
        else:
            shown = filter(self._lets_through, known.complete())
            ordered = sorted(shown, key=rows.sort_key(self._column), reverse=self._descending)
            self._table.set_keys([row.name for row in ordered])
        self._table.touch(self._table.visible_keys())
        self._stale = False

    def _tell(self) -> None:
        view = self.desk.view
        pattern = self._pattern
        total, shown = len(view.rows), len(self._table.keys)
        count = f"{shown} of {total}" if pattern else str(total)
        title = f" elections  {named(view.prefixes)}  ({count})"
        if pattern:
            title += f"   filter: {safe(pattern)}"
        arrow = "▼" if self._descending else "▲"
        self.query_one("#title", Line).show(f"{title}   sort: {self._column} {arrow}")
        self.query_one("#news", Line).show(self._news())
        self._table.say(self._nothing(total))

    def _news(self) -> str:
        if self._complaint:
            return f" filter ignored, {safe(self._complaint)}"
        error = self.desk.view.status().error
        if error is not None:
            return f" {safe(error)}"
        last = self.desk.view.last_transition
        if last is None:
            return f" {safe(self._notice)}" if self._notice else ""
        return f" {last.observed_at.astimezone():%H:%M:%S}  {safe(last.election, 40)}  {rows.describe(last)}"

    def _nothing(self, total: int) -> str:
        status = self.desk.view.status()
        if total:
            return "No election matches the filter; esc clears it."
        if not status.loaded:
            return "Reading …" if status.error is None else _DEMO_HINT if status.unreachable else safe(status.error)
        if status.prefix:
            return f"Nothing under {safe(status.prefix)!r} yet. Press a to find elections elsewhere."
        return "No elections in the whole key space yet."

    @on(VirtualTable.Chosen)
    def _open(self, event: VirtualTable.Chosen) -> None:
        self.app.push_screen(DetailScreen(self.desk, event.key))

    def action_choose(self) -> None:
        self._table.action_choose()

    @on(VirtualTable.HeaderClicked)
    def _sort_by_click(self, event: VirtualTable.HeaderClicked) -> None:
        self._sort(event.column, not self._descending if event.column == self._column else False)

    def action_sort(self, by: int) -> None:
        columns = [column.key for column in COLUMNS]
        self._sort(columns[(columns.index(self._column) + by) % len(columns)], False)

    def action_reverse(self) -> None:
        self._sort(self._column, not self._descending)

    def _sort(self, column: str, descending: bool) -> None:
        self._column, self._descending = column, descending
        self._table.sorted_by = (column, descending)
        self._order()
        self._table.refresh()
        self._tell()

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
