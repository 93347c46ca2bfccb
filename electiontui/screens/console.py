"""The campaign console: the user's candidates, and below them how the election under the cursor goes on."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Footer

from ..rows import Column
from ..sources import Candidacy
from ..sources.deeds import Deed
from ..text import safe
from ..widgets.cells import Cell
from ..widgets.status_bar import Line
from ..widgets.table_messages import Moved
from ..widgets.timeline import Timeline
from ..widgets.virtual_table import VirtualTable
from . import actions
from .drills import DrillsScreen
from .live import NARROW, SHORT, Desk, LiveScreen
from .preview import Preview, preview_lines

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
_DEEDS = (
    Column("at", "TIME", 8),
    Column("path", "ELECTION", 10, grows=1, drop_below=60),
    Column("text", "WHAT CAME OF IT", 20, grows=4),
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
        Binding("D", "drills", "Drills", id="drills"),
    ]

    def __init__(self, desk: Desk, name: str | None) -> None:
        super().__init__(desk)
        self._election = name
        self._shown: list[tuple[str, ...]] | None = None
        self._deeds: dict[str, Deed] = {}

    def compose(self) -> ComposeResult:
        yield from self.top()
        yield Line(id="title")
        yield VirtualTable(_COLUMNS, self._cells, id="candidacies")
        yield Timeline(id="own-timeline")
        with Horizontal(id="own-panes"):
            yield Preview(id="own-preview")
            yield VirtualTable(_DEEDS, self._deed_cells, follows=True, id="deeds")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self._table.say("You have no candidates yet. Press C to campaign.")
        self.query_one("#deeds", VirtualTable).say("What you do is told here, with the time that it took.")
        self._table.focus()

    def on_resize(self) -> None:
        super().on_resize()
        self._share_out()

    def _share_out(self) -> None:
        """The candidates have what they need; the rest shows what becomes of them."""
        low = self.size.height < SHORT
        self._table.styles.height = (
            "1fr" if low else min(max(len(self._table.keys) + 2, 4), max(self.size.height // 3, 4))
        )
        self.query_one(Timeline).display = not low and self._path() is not None
        self.query_one(Timeline).styles.height = min(max(self.query_one(Timeline).wanted, 6), self.size.height // 3)
        self.query_one(Preview).display = self.size.width >= NARROW
        self.query_one("#own-panes").display = not low

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
        self._tell()

    def _tell(self) -> None:
        target = f"   {safe(self.desk.path(self._election), 50)}" if self._election else ""
        mine = f"   WRITE MODE   your candidates: {len(self.desk.own.live)}"
        self.query_one("#title", Line).show(f" campaign console{target}{mine}   {self.desk.own.deeds.runs()}")

    def tick(self, now: datetime) -> None:
        super().tick(now)
        self.flush(set(), now)
        self._show_election(now)

    @on(Moved, "#candidacies")
    def _other_election(self) -> None:
        self._show_election(self.desk.now())

    def _path(self) -> str | None:
        """Of the candidate under the cursor the election's name in the view, else of the one that was asked for."""
        key = self._table.cursor
        return self._election if key is None else self.desk.view.name_of(self.desk.own[key].path)

    def _show_election(self, now: datetime) -> None:
        view, name = self.desk.view, self._path()
        log, state = view.logs.get(name or ""), view.elections.get(name or "")
        if log is not None:
            unwatched = list(view.watched.unwatched(log.terms_kept[0].began_at, now))
            queue = () if state is None else state.queue
            self.query_one(Timeline).show(log, queue, now, unwatched, view.wall.local)
        self.query_one(Preview).show(preview_lines(view, name, now, self.size.height))
        self._show_deeds()
        self._share_out()

    def _show_deeds(self) -> None:
        deeds = self.desk.own.deeds
        self._deeds = {f"{deed.at.timestamp()} {deed.path} {deed.text}": deed for deed in deeds.newest_first()}
        table = self.query_one("#deeds", VirtualTable)
        table.set_keys(list(self._deeds))
        self._tell()

    def _deed_cells(self, key: str) -> dict[str, Cell]:
        deed = self._deeds.get(key)
        if deed is None:
            return {}
        return {
            "at": (f"{self.desk.view.wall.local(deed.at):%H:%M:%S}", "muted"),
            "path": (safe(deed.path, 60), ""),
            "text": (deed.text, ""),
        }

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
        # A candidate that has just begun may be meant before it was shown.
        self.flush(set(), self.desk.now())
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

    def action_drills(self) -> None:
        self.app.push_screen(DrillsScreen(self.desk))

    def action_forget(self) -> None:
        self.desk.own.forget_closed()
        self.flush(set(), self.desk.now())

    def action_copy(self) -> None:
        if self._table.cursor is not None:
            key = safe(self.desk.own[self._table.cursor].campaign.key)
            self.app.copy_to_clipboard(key)
            self.notify(f"Copied {key}", markup=False)
