"""View 4: the members of the cluster, and how they have answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Footer

from election_core import EndpointStatus

from ..rows import Column, duration, sparkline
from ..text import safe
from ..widgets.cells import Cell
from ..widgets.status_bar import Line
from ..widgets.table_messages import Moved
from ..widgets.text_pane import TextPane
from ..widgets.virtual_table import VirtualTable
from .live import Desk, LiveScreen

__all__ = ["ClusterScreen"]

_ROUND_TRIPS = 24
_COLUMNS = (
    Column("member", "MEMBER", 14, grows=1),
    Column("state", "STATE", 13),
    Column("trip", "RTT", 8, right=True),
    Column("trips", "LAST ANSWERS", _ROUND_TRIPS, drop_below=110),
    Column("version", "VERSION", 8, drop_below=58),
    Column("size", "DB", 8, right=True, drop_below=76),
    Column("alarms", "ALARMS", 10, drop_below=66),
    Column("bugs", "BUGS", 4, right=True, drop_below=50),
    Column("relay", "RELAY", 5, drop_below=90),
)


class ClusterScreen(LiveScreen):
    """A row for each endpoint, and all that is known of the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.back", "Back", show=False, id="back")]

    # The mutable state: the endpoints as they answered last.

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._members: dict[str, EndpointStatus] = {}

    def compose(self) -> ComposeResult:
        yield from self.top()
        yield Line(id="title")
        with Container(id="member-panes"):
            yield VirtualTable(_COLUMNS, self._cells, id="members")
            yield TextPane(id="member-text")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self._table.say("No endpoint was asked yet.")
        self._table.focus()

    @property
    def _table(self) -> VirtualTable:
        return self.query_one("#members", VirtualTable)

    def show_time(self, now: datetime) -> None:
        # A name may have several addresses, and two endpoints may be told alike.
        self._members = {member.endpoint: member for member in self.desk.view.members.now}
        self._table.set_keys(list(self._members))
        self._table.styles.height = min(len(self._members) + 1, max(self.size.height // 2, 3))
        self._table.touch(self._table.visible_keys())
        self.query_one("#title", Line).show(self._title())
        self._show_text()

    def _title(self) -> str:
        members = self._members.values()
        up = sum(member.reachable for member in members)
        changes = self.desk.view.members.leader_changes
        parts = [f" cluster  {up} of {len(members)} answer"]
        if not self.desk.view.members.has_quorum:
            parts.append("NO QUORUM")
        parts.append(f"raft leader changed at least {changes} times" if changes else "raft leader never changed")
        return "   ".join(parts)

    def _cells(self, key: str) -> dict[str, Cell]:
        member = self._members.get(key)
        if member is None:
            return {}
        state, role = _state(member)
        trip = "–" if member.round_trip is None else f"{member.round_trip * 1000:.1f}ms"
        bugs = len(member.known_bugs)
        return {
            "member": (safe(member.endpoint), ""),
            "state": (state, role),
            "trip": (trip, "" if member.reachable else "muted"),
            "trips": (pulse(self.desk.view.members.round_trips(key)[-_ROUND_TRIPS:]), "leading"),
            "version": (safe(member.version, 20) or "–", ""),
            "size": (size(member.db_size) if member.reachable else "–", ""),
            "alarms": (", ".join(member.alarms) or "–", "vacant" if member.alarms else "muted"),
            "bugs": (str(bugs) if bugs else "–", "flapping" if bugs else "muted"),
            "relay": ("yes" if member.is_relay else "–", "flapping" if member.is_relay else "muted"),
        }

    @on(Moved, "#members")
    def _show_text(self) -> None:
        member = self._members.get(self._table.cursor or "")
        self.query_one("#member-text", TextPane).show("" if member is None else self._text(member))

    def _text(self, member: EndpointStatus) -> str:
        lines = [f"{safe(member.endpoint)}  {_state(member)[0]}"]
        if not member.reachable:
            silent = self.desk.view.members.silent(self.desk.view.clock.seconds()).get(member.endpoint, 0.0)
            lines += ["", f"no answer for {duration(silent)}: {safe(member.error, 1000)}"]
            return "\n".join(lines)
        trips = [each for each in self.desk.view.members.round_trips(member.endpoint) if each is not None]
        if trips:
            told = f"{min(trips) * 1000:.1f} to {max(trips) * 1000:.1f} ms"
            lines.append(f"round trips of {told} in the last {len(trips)} answers")
        lines.append(f"member {member.member_id:x}, follows {member.raft_leader:x}" if member.raft_leader else _ALONE)
        if member.is_relay:
            lines.append("etcd's grpc-proxy answers here; it may answer for etcd without asking it")
        if member.alarms:
            lines.append(f"alarms: {', '.join(member.alarms)}; see warnings (3)")
        if member.known_bugs:
            lines += ["", f"known bugs of etcd {safe(member.version, 20)} that concern elections:"]
            lines += [f"- {bug}" for bug in member.known_bugs]
        return "\n".join(lines)

    def action_copy(self) -> None:
        if (key := self._table.cursor) is not None:
            self.app.copy_to_clipboard(safe(key))
            self.notify(f"Copied {safe(key, 60)}", markup=False)


_ALONE = "it knows no raft leader: it has no quorum, or is cut off from the others"


def _state(member: EndpointStatus) -> tuple[str, str]:
    if not member.reachable:
        return "✗ no answer", "vacant"
    if not member.raft_leader:
        return "◐ no leader", "flapping"
    return ("★ raft leader", "leading") if member.is_raft_leader else ("● follows", "")


def pulse(round_trips: Sequence[float | None]) -> str:
    """A bar for each answer, scaled to the slowest, and ``✗`` for none."""
    bars = sparkline([int((each or 0.0) * 1e6) for each in round_trips])
    return "".join("✗" if each is None else bar for each, bar in zip(round_trips, bars, strict=True))


def size(count: int) -> str:
    """Bytes in the units that etcd's own tools use: ``20 kB``, ``1.3 GB``."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"
