"""Screen C: the campaign console, one row for each of the user's candidates."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer

from ..rows import Column
from ..sources import Candidacy
from ..text import safe
from ..widgets.cells import Cell
from ..widgets.status_bar import Line, StatusBar
from ..widgets.virtual_table import VirtualTable
from . import actions
from .live import Desk, LiveScreen

__all__ = ["ConsoleScreen"]

_COLUMNS = (
    Column("label", "ID", 3),
    Column("path", "ELECTION", 12, grows=2),
    Column("value", "VALUE", 8, grows=1),
    Column("state", "STATE", 11),
    Column("position", "POS", 5, right=True),
    Column("lease", "LEASE", 16, drop_below=100),
    Column("ttl", "TTL", 7, right=True),
    Column("action", "LAST ACTION", 16, grows=3),
)
_MARKS = {"starting": "◌", "waiting": "◌", "leading": "●", "resigned": "○"}
_ROLES = {"leading": "own", "lost": "vacant", "failed": "vacant", "waiting": "flapping", "starting": "flapping"}


class ConsoleScreen(LiveScreen):
    """Campaign, proclaim, resign and abandon; leaving the screen changes nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.back", "Back", id="back"),
        Binding("C", "campaign", "Campaign", id="campaign"),
        Binding("P", "proclaim", "Proclaim", id="proclaim"),
        Binding("R", "resign", "Resign", id="resign"),
        Binding("A", "abandon", "Abandon", id="abandon"),
        Binding("x", "forget", "Clear", id="forget"),
    ]

    def __init__(self, desk: Desk, name: str | None) -> None:
        super().__init__(desk)
        self._election = name
        self._shown: list[tuple[str, ...]] | None = None

    def compose(self) -> ComposeResult:
        yield StatusBar(id="status")
        yield Line(id="title")
        yield VirtualTable(_COLUMNS, self._cells, id="candidacies")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self._table.say("You have no candidates yet. Press C to campaign.")
        self._table.focus()

    @property
    def _table(self) -> VirtualTable:
        return self.query_one("#candidacies", VirtualTable)

    @property
    def wants_flush(self) -> bool:
        """The user's candidates change by themselves, elections or not."""
        return True

    def flush(self, changed: set[str], now: datetime) -> None:
        shown = [self._texts(candidacy) for candidacy in self.desk.own]
        if shown == self._shown or not self.is_mounted:
            return
        self._shown = shown
        labels = [candidacy.label for candidacy in self.desk.own]
        self._table.set_keys(labels)
        self._table.touch(labels)
        target = f"   {safe(self.desk.path(self._election), 50)}" if self._election else ""
        live = len(self.desk.own.live)
        self.query_one("#title", Line).show(f" campaign console{target}   WRITE MODE   your candidates: {live}")

    def tick(self, now: datetime) -> None:
        super().tick(now)
        self.flush(set(), now)

    def _texts(self, candidacy: Candidacy) -> tuple[str, ...]:
        ours, position = candidacy.campaign, self.desk.own.position(candidacy)
        lease = "–" if not ours.lease_id else f"{ours.lease_id:x}"
        remaining = "–" if candidacy.is_over or not ours.lease_id else f"{ours.lease_remaining:.0f}/{candidacy.ttl}s"
        return (
            candidacy.label,
            safe(candidacy.path, 80),
            safe(ours.value, 80),
            f"{_MARKS.get(ours.state, '✗')} {ours.state}",
            "–" if position is None else f"{position[0]}/{position[1]}",
            lease,
            remaining,
            candidacy.last_action,
        )

    def _cells(self, key: str) -> dict[str, Cell]:
        candidacy = self.desk.own[key]
        texts = dict(zip((column.key for column in _COLUMNS), self._texts(candidacy), strict=True))
        return {
            column: (text, _ROLES.get(candidacy.campaign.state, "muted") if column == "state" else "")
            for column, text in texts.items()
        }

    def _chosen(self) -> Candidacy | None:
        key = self._table.cursor
        if key is not None and not self.desk.own[key].is_over:
            return self.desk.own[key]
        self.notify("Choose a candidate that waits or leads.", severity="warning")
        return None

    def action_campaign(self) -> None:
        self._ask("campaign", actions.campaign(self.app, self.desk, self._election))

    def action_proclaim(self) -> None:
        if (chosen := self._chosen()) is not None:
            self._ask("proclaim", actions.proclaim(self.app, self.desk, chosen))

    def action_resign(self) -> None:
        if (chosen := self._chosen()) is not None:
            self._ask("resign", actions.resign(self.app, self.desk, chosen))

    def action_abandon(self) -> None:
        if (chosen := self._chosen()) is not None:
            self._ask("abandon", actions.abandon(self.app, self.desk, chosen))

    def _ask(self, group: str, action: Coroutine[None, None, object]) -> None:
        # On the app: an action goes on when its screen is left.
        self.app.run_worker(action, group=group, exit_on_error=False)

    def action_forget(self) -> None:
        self.desk.own.forget_closed()
        self.flush(set(), self.desk.now())

    def action_copy(self) -> None:
        if self._table.cursor is not None:
            key = safe(self.desk.own[self._table.cursor].campaign.key)
            self.app.copy_to_clipboard(key)
            self.notify(f"Copied {key}", markup=False)
