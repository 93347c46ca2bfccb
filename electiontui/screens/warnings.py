"""View 3: what is wrong, what it means, how to make sure and what to do."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import datetime
from time import process_time
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Footer

from election_core import ElectionError

from ..findings import SEVERITIES, Finding, does, means, plural, says, verifies
from ..rows import Column, duration
from ..sources import Lookout
from ..text import safe
from ..widgets.cells import Cell
from ..widgets.status_bar import Line
from ..widgets.table_messages import Chosen, Moved
from ..widgets.text_pane import TextPane
from ..widgets.virtual_table import VirtualTable
from .live import Desk, LiveScreen

__all__ = ["WarningsScreen"]

_COLUMNS = (
    Column("sign", "", 1),
    Column("kind", "KIND", 12, drop_below=90),
    Column("where", "WHERE", 10, grows=1),
    Column("what", "WHAT", 14, grows=5),
    Column("age", "FOR", 9, right=True, drop_below=60),
)
_SIGNS = ("✗", "▲", "·")
_ROLES = ("vacant", "flapping", "muted")
_WIDE = 150
"""From this width on the text is beside the table, else below it."""
_LOW = 20
"""Below this height the text is shown on request only."""
_LOOK = 2.0
"""Seconds between two looks; ten thousand elections take a twentieth of one …"""
_PAUSES = 30
"""… and then the pause is so many times as long as the look."""
_LEASES = 5.0
"""Seconds between two rounds of looking leases up."""


class _Findings(VirtualTable):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("g", "screen.election", "Its election", id="warning_election")]

    def key_enter(self, event: events.Key) -> None:
        """The screen's binding does it, and only once."""


class WarningsScreen(LiveScreen):
    """A row for each finding, and the text of the one under the cursor. Looks only while it is looked at."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "text", "Text", id="open"),
        Binding("g", "election", "Its election", id="warning_election"),
        Binding("x", "acknowledge", "Acknowledge", id="acknowledge"),
        Binding("f", "folded", "Acknowledged ones", show=False, id="acknowledged"),
        Binding("escape", "app.back", "Back", show=False, id="back"),
    ]

    # The mutable state: all findings of the last look, those that are shown by the key of their row, and whether the
    # acknowledged ones are among them.

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._lookout = Lookout(desk.view, desk.wishes.limits, desk.wishes.ignored)
        self._found: list[Finding] = []
        self._has_looked = False
        self._shown: dict[str, Finding] = {}
        self._folded = True
        self._text_wanted: bool | None = None

    def compose(self) -> ComposeResult:
        yield from self.top()
        yield Line(id="title")
        with Container(id="finding-panes"):
            yield _Findings(_COLUMNS, self._cells, id="findings")
            yield TextPane(id="finding-text")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self._table.say("Looking …")
        self.query_one("#title", Line).show(" warnings  …")
        self._table.focus()
        self.run_worker(self._follow(), group="findings", exit_on_error=False)
        self.run_worker(self._follow_leases(), group="finding leases", exit_on_error=False)

    @property
    def _table(self) -> VirtualTable:
        return self.query_one("#findings", VirtualTable)

    @property
    def _pane(self) -> TextPane:
        return self.query_one("#finding-text", TextPane)

    def on_resize(self) -> None:
        self.set_class(self.size.width >= _WIDE, "-wide")
        self._lay_out()

    def _lay_out(self) -> None:
        wanted = self.size.height >= _LOW if self._text_wanted is None else self._text_wanted
        self._pane.display = wanted
        # Where there is no room for both the text takes all of it but two rows.
        self._table.styles.max_height = 3 if wanted and self.size.height < _LOW else None

    async def _follow(self) -> None:
        while True:
            view, took = self.desk.view, 0.0
            if self.is_current and self.desk.paused_at is None and (view.status().loaded or view.members.now):
                began = process_time()
                await self._look()
                took = process_time() - began
            await asyncio.sleep(max(_LOOK, took * _PAUSES))

    async def _look(self) -> None:
        self._found = await self._lookout.findings(self.desk.now())
        self._lookout.forget_ended(self._found)
        self._has_looked = True
        self._show()

    async def _follow_leases(self) -> None:
        while True:
            if self.is_current and self.desk.paused_at is None and self.desk.view.status().connected:
                suspects = [each.election for each in self._found if each.kind == "not-renewed" and each.election]
                # The status bar says when etcd does not answer; what was found stays.
                with suppress(ElectionError):
                    await self._lookout.look_at_leases(suspects)
            await asyncio.sleep(_LEASES)

    def _show(self) -> None:
        acknowledged = set[int]()
        if self._lookout.has_acknowledged:
            acknowledged = {at for at, each in enumerate(self._found) if self._lookout.is_acknowledged(each)}
        left = [each for at, each in enumerate(self._found) if at not in acknowledged]
        shown = left if self._folded else self._found
        self._shown = {f"{each.kind} {each.election} {each.endpoint} {each.facts}": each for each in shown}
        self._table.set_keys(list(self._shown))
        self._table.say(
            f"Nothing else is wrong; {self.desk.keys.shown('acknowledged')} shows what is acknowledged."
            if acknowledged
            else "Nothing is wrong."
        )
        counts = Counter(each.severity for each in left)
        parts = [f"{_SIGNS[each]} {counts[each]} {plural(each, counts[each])}" for each in sorted(counts)]
        told = "   ".join(parts) or ("none" if self._has_looked else "…")
        folded = f"   {len(acknowledged)} acknowledged" if acknowledged else ""
        self.query_one("#title", Line).show(f" warnings  {told}{folded}")
        self.show_time(self.desk.now())

    def show_time(self, now: datetime) -> None:
        self._table.touch(self._table.visible_keys())
        self._pane.show(self._text())

    def _cells(self, key: str) -> dict[str, Cell]:
        finding = self._shown.get(key)
        if finding is None:
            return {}
        acknowledged = self._lookout.is_acknowledged(finding)
        role = "muted" if acknowledged else _ROLES[finding.severity]
        return {
            "sign": ("✓" if acknowledged else _SIGNS[finding.severity], role),
            "kind": (finding.kind, role),
            "where": (_where(finding), ""),
            "what": (says(finding), "muted" if acknowledged else ""),
            "age": ("" if finding.age is None else duration(finding.age), "muted"),
        }

    def _text(self) -> str:
        finding = self._chosen
        if finding is None:
            return ""
        view = self.desk.view
        check = verifies(finding, self.desk.etcdctl, view.prefixes)
        parts = (
            f"{SEVERITIES[finding.severity]}: {finding.kind}",
            f"{_where(finding)}\n{says(finding)}",
            f"What it means\n{means(finding)}",
            f"How to make sure\n{check}",
            f"What to do\n{does(finding)}",
        )
        return "\n\n".join(parts)

    @property
    def _chosen(self) -> Finding | None:
        return self._shown.get(self._table.cursor or "")

    @on(Moved, "#findings")
    def _moved(self) -> None:
        self._pane.show(self._text())

    @on(Chosen, "#findings")
    def _clicked(self) -> None:
        self.action_text()

    def action_text(self) -> None:
        self._text_wanted = not self._pane.display
        self._lay_out()

    async def action_election(self) -> None:
        finding = self._chosen
        if finding is not None and finding.election is not None:
            self.open_election(finding.election)
        elif finding is not None:
            await self.run_action("app.view('cluster')")

    def action_acknowledge(self) -> None:
        finding = self._chosen
        if finding is None:
            return
        if self._lookout.is_acknowledged(finding):
            self._lookout.recall(finding)
        else:
            self._lookout.acknowledge(finding)
        self._show()
        self._table.refresh()

    def action_folded(self) -> None:
        self._folded = not self._folded
        self._show()

    def action_copy(self) -> None:
        if (finding := self._chosen) is not None:
            command = verifies(finding, self.desk.etcdctl, self.desk.view.prefixes)
            self.app.copy_to_clipboard(command)
            self.notify(f"Copied {safe(command, 80)}", markup=False)


def _where(finding: Finding) -> str:
    if finding.election is not None:
        return safe(finding.election, 200) or '""'
    return finding.endpoint or "everything watched"
