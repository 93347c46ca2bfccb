"""View 6: what happened in all elections, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer, Input

from election_core import Transition

from .. import rows
from ..records import EVENT_COLUMNS, event_record
from ..rows import Column
from ..text import safe
from ..widgets.cells import Cell
from ..widgets.status_bar import Line
from ..widgets.table_messages import Chosen
from ..widgets.virtual_table import VirtualTable
from .live import Desk, LiveScreen

__all__ = ["EventsScreen"]

_COLUMNS = (
    Column("at", "TIME", 12),
    Column("election", "ELECTION", 10, grows=2),
    Column("what", "EVENT", 16, grows=3),
    Column("revision", "REV", 9, right=True, drop_below=70),
)
_ROLES = {"elected": "leading", "vacated": "vacant", "succeeded": "flapping", "proclaimed": "muted"}


class EventsScreen(LiveScreen):
    """Follows the newest event while the cursor is on top; elsewhere it stays where it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Its election", id="open"),
        Binding("slash", "filter", "Filter", key_display="/", id="filter"),
        Binding("p", "proclaims", "Proclaims", id="proclaims"),
        Binding("e", "export", "Export", show=False, id="export"),
        Binding("escape", "clear_filter", "Clear filter", show=False, id="clear_filter"),
    ]

    # The mutable state: what is shown by the key of its row, the filter, and whether proclaims are shown.

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._events: dict[str, Transition] = {}
        self._shows_proclaims = False
        self._stale = True

    def compose(self) -> ComposeResult:
        yield from self.top()
        yield Line(id="title")
        yield VirtualTable(_COLUMNS, self._cells, follows=True, id="all-events")
        yield Input(placeholder="text in the election, event or value", id="filter", compact=True)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#filter").display = False
        self._table.say("No change seen since the start.")
        self._table.focus()

    @property
    def _table(self) -> VirtualTable:
        return self.query_one("#all-events", VirtualTable)

    @property
    def wants_flush(self) -> bool:
        return self._stale

    def flush(self, changed: set[str], now: datetime) -> None:
        # To search two thousand lines takes some milliseconds, which once per second is no harm.
        if self.is_mounted and (self._stale or (changed and not self._wanted)):
            self._read()

    def show_time(self, now: datetime) -> None:
        if self._wanted:
            self._read()

    @property
    def _wanted(self) -> str:
        return self.query_one("#filter", Input).value.casefold()

    def _read(self) -> None:
        wanted = self._wanted
        recent = reversed(self.desk.view.recent)
        shown = (event for event in recent if self._shows_proclaims or event.kind != "proclaimed")
        # Events of one revision may be of several elections.
        found = (event for event in shown if not wanted or wanted in _text(event))
        self._events = {f"{event.revision} {event.election}": event for event in found}
        self._stale = False
        self._table.set_keys(list(self._events))
        self._table.touch(self._table.visible_keys())
        self._tell()

    def _tell(self) -> None:
        kept = len(self.desk.view.recent)
        text = f" events of all elections  {len(self._events)} of the last {kept}"
        if not self._shows_proclaims:
            text += f"   without proclaims, {self.desk.keys.shown('proclaims')} shows them"
        self.query_one("#title", Line).show(text)

    def _cells(self, key: str) -> dict[str, Cell]:
        event = self._events.get(key)
        if event is None:
            return {}
        return {
            "at": (f"{self.desk.view.wall.local(event.observed_at):%H:%M:%S.%f}"[:12], "muted"),
            "election": (safe(event.election, 200), ""),
            "what": (rows.describe(event, None, self.desk.view.leases.how_ended(event)), _ROLES[event.kind]),
            "revision": (str(event.revision), "muted"),
        }

    def action_proclaims(self) -> None:
        self._shows_proclaims = not self._shows_proclaims
        self._again()

    def _again(self) -> None:
        self._stale = True
        self._read()

    def action_filter(self) -> None:
        box = self.query_one("#filter", Input)
        box.display = True
        box.focus()

    @on(Input.Changed, "#filter")
    def _filter_changed(self) -> None:
        self._again()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.query_one("#filter").display = bool(self.query_one("#filter", Input).value)
        self._table.focus()

    def action_clear_filter(self) -> None:
        self.query_one("#filter", Input).value = ""
        self._filter_done()

    @on(Chosen)
    def _chosen(self, event: Chosen) -> None:
        if (chosen := self._events.get(event.key)) is not None:
            self.open_election(chosen.election)

    def action_choose(self) -> None:
        self._table.action_choose()

    def action_export(self) -> None:
        """Write the events that are shown to a file, the newest first."""
        about = {"prefixes": list(self.desk.view.prefixes), "as_of": self.desk.now().isoformat()}
        self.export("the events", "events", EVENT_COLUMNS, about, [*map(event_record, self._events.values())])

    def action_copy(self) -> None:
        if (chosen := self._events.get(self._table.cursor or "")) is not None:
            self.app.copy_to_clipboard(
                f"{chosen.observed_at.isoformat()} {safe(chosen.election)} {rows.describe(chosen)}"
            )
            self.notify("Copied the event", markup=False)


def _text(event: Transition) -> str:
    return f"{safe(event.election)} {rows.describe(event)}".casefold()
