"""View 2: who leads what, by value, and what becomes of it if that host goes."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.widgets import Footer

from ..leaders import Heir, Leader, leaders_of
from ..rows import Column, duration
from ..sources import in_slices
from ..text import safe
from ..widgets.cells import Cell
from ..widgets.status_bar import Line
from ..widgets.table_messages import Chosen, Moved
from ..widgets.virtual_table import VirtualTable
from .live import Desk, LiveScreen

__all__ = ["LeadersScreen"]

_LEADERS = (
    Column("value", "LEADER", 10, grows=1),
    Column("leads", "LEADS", 6, right=True),
    Column("waits", "WAITS", 6, right=True),
    Column("heirless", "NO HEIR", 7, right=True),
    Column("oldest", "OLDEST TERM", 12, right=True, drop_below=56),
    Column("changes", "CHG/h", 6, right=True, drop_below=48),
)
_HEIRS = (Column("election", "IF IT GOES", 10, grows=1), Column("next", "NEXT", 10, grows=1))
_PAUSE = 1.0
"""Seconds between two counts; counting ten thousand elections takes a twentieth of one."""


class LeadersScreen(LiveScreen):
    """A row for each value that leads or waits; below it, what becomes of each election that it leads."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Its elections", id="open")]

    class Wanted(Message):
        """The user wants to see the elections of one leader."""

        def __init__(self, value: bytes) -> None:
            super().__init__()
            self.value = value

    # The mutable state: the leaders as last counted, by the key of their row, and the heirs of the chosen one.

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._leaders: dict[str, Leader] = {}
        self._heirs: dict[str, Heir] = {}

    def compose(self) -> ComposeResult:
        yield from self.top()
        yield Line(id="title")
        with Container(id="leader-panes"):
            yield VirtualTable(_LEADERS, self._leader_cells, id="leaders")
            yield VirtualTable(_HEIRS, self._heir_cells, id="heirs")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self._table("leaders").say("Nobody leads and nobody waits.")
        self._table("heirs").say("It leads nothing.")
        self._table("leaders").focus()
        self.run_worker(self._follow(), group="leaders", exit_on_error=False)

    def _table(self, which: str) -> VirtualTable:
        return self.query_one(f"#{which}", VirtualTable)

    async def _follow(self) -> None:
        """Count for as long as somebody looks."""
        while True:
            if self.is_current and self.desk.paused_at is None:
                await self._count()
            await asyncio.sleep(_PAUSE)

    async def _count(self) -> None:
        view = self.desk.view
        found = await in_slices(leaders_of(view.elections, view.logs, self.desk.now()))
        ordered = sorted(found.values(), key=lambda each: (-each.leads, -each.waits, each.value))
        # A row's key is text; what is not UTF-8 stays apart in it.
        self._leaders = {each.value.decode("utf-8", "surrogateescape"): each for each in ordered}
        self._table("leaders").set_keys(list(self._leaders))
        self.show_time(self.desk.now())

    def show_time(self, now: datetime) -> None:
        leading = sum(each.leads > 0 for each in self._leaders.values())
        lonely = sum(each.heirless for each in self._leaders.values())
        title = f" leaders  {leading} lead, {len(self._leaders) - leading} only wait"
        self.query_one("#title", Line).show(title + (f"   {lonely} elections have no heir" if lonely else ""))
        self._show_heirs()
        for table in self.query(VirtualTable):
            table.touch(table.visible_keys())

    def _show_heirs(self) -> None:
        chosen = self._chosen
        view = self.desk.view
        heirs = [] if chosen is None else chosen.heirs(view.elections, view.logs)
        self._heirs = {heir.election: heir for heir in heirs}
        self._table("heirs").set_keys(list(self._heirs))

    @property
    def _chosen(self) -> Leader | None:
        return self._leaders.get(self._table("leaders").cursor or "")

    def _leader_cells(self, key: str) -> dict[str, Cell]:
        leader = self._leaders.get(key)
        if leader is None:
            return {}
        oldest = "–"
        if leader.oldest is not None:
            oldest = ("" if leader.oldest_known else "≥ ") + duration(self.desk.now() - leader.oldest)
        return {
            "value": (safe(leader.value, 200) or "(empty)", "leading" if leader.leads else ""),
            "leads": (str(leader.leads), ""),
            "waits": (str(leader.waits), ""),
            "heirless": (str(leader.heirless) if leader.heirless else "–", "flapping" if leader.heirless else "muted"),
            "oldest": (oldest, ""),
            "changes": (str(leader.changes), ""),
        }

    def _heir_cells(self, key: str) -> dict[str, Cell]:
        heir = self._heirs.get(key)
        if heir is None:
            return {}
        following = "NOBODY" if heir.next is None else safe(heir.next.value, 200) or "(empty)"
        return {
            "election": (safe(heir.election, 200), ""),
            "next": (following, "vacant" if heir.next is None else ""),
        }

    @on(Moved, "#leaders")
    def _moved(self) -> None:
        self._show_heirs()

    @on(Chosen, "#leaders")
    def _wanted(self) -> None:
        if (chosen := self._chosen) is not None:
            self.post_message(self.Wanted(chosen.value))

    def action_choose(self) -> None:
        self._table("leaders").action_choose()

    def action_copy(self) -> None:
        if (chosen := self._chosen) is not None:
            self.app.copy_to_clipboard(safe(chosen.value))
            self.notify(f"Copied {safe(chosen.value, 80)}", markup=False)
