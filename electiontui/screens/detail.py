"""Screen B: one election with its live leader timeline, queue, event log and charts."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Footer

from election_core import Candidate, ElectionError, LeaseInfo, Transition

from .. import rows
from ..rows import Column, duration
from ..sources import Candidacy
from ..text import safe
from ..widgets.charts import Chart, changes_chart, hold_chart
from ..widgets.status_bar import Line, StatusBar
from ..widgets.timeline import Timeline
from ..widgets.virtual_table import Cell, VirtualTable
from . import actions
from .console import ConsoleScreen
from .dialogs import TextDialog
from .live import Desk, LiveScreen

__all__ = ["DetailScreen"]

_QUEUE = (
    Column("place", "#", 4),
    Column("value", "CANDIDATE", 8, grows=1),
    Column("lease", "LEASE", 17),
    Column("ttl", "TTL", 8, right=True),
    Column("revision", "CREATED", 9, right=True, drop_below=54),
)
_EVENTS = (Column("at", "TIME", 12), Column("what", "EVENT", 16, grows=1), Column("revision", "REV", 9, right=True))
_ROLES = {"elected": "leading", "vacated": "vacant", "succeeded": "flapping", "proclaimed": "muted"}
_VALUE_SHOWN = 20_000
"""Bytes of a value shown in full on request."""
_LEASES_SHOWN = 40
"""How many leases of the queue's visible part are asked for their remaining time, every other second."""


class DetailScreen(LiveScreen):
    """One election; the screen only looks, the user's candidacies live on the desk."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.back", "Back", id="back"),
        Binding("plus,equals_sign", "zoom(-1)", "Zoom", key_display="+-hl", id="zoom_in"),
        Binding("minus", "zoom(1)", "Zoom out", show=False, id="zoom_out"),
        Binding("h,left", "pan(-0.25)", "Pan back", show=False, id="pan_back"),
        Binding("l,right", "pan(0.25)", "Pan forward", show=False, id="pan_forward"),
        Binding("0", "go_live", "Now", show=False, id="go_live"),
        Binding("c", "charts", "Charts", id="charts"),
        Binding("v", "value", "Value", show=False, id="value"),
        Binding("z", "maximise", "Maximise", show=False, id="maximise"),
        Binding("C", "console", "Console", id="console"),
        Binding("P", "proclaim", "Proclaim", id="proclaim"),
        Binding("R", "resign", "Resign", id="resign"),
    ]

    # The mutable state: the queue and events as last shown, and what is known of the queue's leases.

    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk)
        self._election = name
        self._queue: dict[str, tuple[int, Candidate]] = {}
        self._events: dict[str, tuple[Transition, Transition | None]] = {}
        self._leases: dict[int, LeaseInfo] = {}

    def compose(self) -> ComposeResult:
        yield StatusBar(id="status")
        yield Line(id="title")
        yield Timeline(id="timeline")
        with Container(id="panes"):
            yield VirtualTable(_QUEUE, self._queue_cells, id="queue")
            yield VirtualTable(_EVENTS, self._event_cells, follows=True, id="events")
        with Container(id="charts"):
            yield Chart(changes_chart, id="changes")
            yield Chart(hold_chart, id="held")
        yield Line(id="picked")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#charts").display = False
        self._table("queue").say("Vacant: nobody is in the queue.")
        self._table("events").say("No change seen since the start.")
        self.query_one(Timeline).focus()
        self.run_worker(self._follow_leases(), group="leases", exit_on_error=False)

    def _table(self, which: str) -> VirtualTable:
        return self.query_one(f"#{which}", VirtualTable)

    def flush(self, changed: set[str], now: datetime) -> None:
        view = self.desk.view
        if self._election not in changed or self._election not in view.logs or not self.is_mounted:
            return
        state = view.elections.get(self._election)
        queue = () if state is None else state.queue
        self._queue = {f"{c.create_revision} {c.key!r}": (place, c) for place, c in enumerate(queue, 1)}
        events = view.events(self._election)
        pairs = zip(events, (None, *events), strict=False)
        self._events = {str(event.revision): (event, previous) for event, previous in pairs}
        self._table("queue").set_keys(list(self._queue))
        self._table("events").set_keys(list(self._events)[::-1])
        self._touch_all()
        self.show_time(now)

    def show_time(self, now: datetime) -> None:
        log = self.desk.view.logs.get(self._election)
        if log is None:
            self.query_one("#title", Line).show(f" elections › {safe(self._election)}   not seen under this prefix")
            return
        queue = [candidate for _, candidate in self._queue.values()]
        self.query_one(Timeline).show(log, queue, now)
        if self.query_one("#charts").display:
            for chart in self.query(Chart):
                chart.show(log, now)
        self.query_one("#title", Line).show(self._title(now))

    def _title(self, now: datetime) -> str:
        log = self.desk.view.logs[self._election]
        term, leader = log.current, log.current.leader
        length = ("" if term.began_known else "≥ ") + duration(term.duration(now))
        name = f" elections › {safe(self._election, max(self.size.width // 3, 10))}"
        if leader is None:
            return f"{name}   ○ VACANT for {length}"
        seen = sum(not each.is_vacant for each in log.terms)
        who = safe(leader.value, max(self.size.width // 4, 10))
        return f"{name}   ● {who}   held {length}   fencing token {leader.create_revision}   terms seen {seen}"

    def _touch_all(self) -> None:
        for table in self.query(VirtualTable):
            table.touch(table.visible_keys())

    def _queue_cells(self, key: str) -> dict[str, Cell]:
        place, candidate = self._queue[key]
        ours = any(own.campaign.key == candidate.key for own in self.desk.own.live)
        info = self._leases.get(candidate.lease_id)
        ttl = "–" if info is None else f"{info.remaining:.0f}/{info.granted_ttl}s"
        return {
            "place": (f"{place}{'★' if place == 1 else ''}{'⚑' if ours else ''}", "own" if ours else ""),
            "value": (safe(candidate.value, 200) or "(empty)", "leading" if place == 1 else ""),
            "lease": (f"{candidate.lease_id:x}" if candidate.lease_id else "none, permanent", "muted"),
            "ttl": (ttl, "muted"),
            "revision": (str(candidate.create_revision), "muted"),
        }

    def _event_cells(self, key: str) -> dict[str, Cell]:
        event, previous = self._events[key]
        return {
            "at": (f"{event.observed_at.astimezone():%H:%M:%S.%f}"[:12], "muted"),
            "what": (rows.describe(event, previous), _ROLES[event.kind]),
            "revision": (str(event.revision), "muted"),
        }

    async def _follow_leases(self) -> None:
        """Keep the remaining time of the visible leases current until the screen goes."""
        while True:
            if self.desk.paused_at is None and self.is_current:
                await self._read_leases()
            await asyncio.sleep(2)

    async def _read_leases(self) -> None:
        visible = [self._queue[key][1].lease_id for key in self._table("queue").visible_keys()[:_LEASES_SHOWN]]
        for lease_id in filter(None, visible):
            try:
                info = await self.desk.view.client.lease(lease_id)
            except ElectionError:
                # The status bar says that etcd does not answer; the last known times stay.
                return
            if info is None:
                self._leases.pop(lease_id, None)
            else:
                self._leases[lease_id] = info
        self._table("queue").touch(self._table("queue").visible_keys())

    def action_zoom(self, by: int) -> None:
        self.query_one(Timeline).zoom(by)

    def action_pan(self, by: float) -> None:
        self.query_one(Timeline).pan(by)

    def action_go_live(self) -> None:
        self.query_one(Timeline).go_live()

    def action_charts(self) -> None:
        charts, panes = self.query_one("#charts"), self.query_one("#panes")
        charts.display, panes.display = panes.display, charts.display
        self.call_after_refresh(lambda: self.show_time(self.desk.now()))

    def action_maximise(self) -> None:
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            self.maximize(self.focused, container=False)

    def action_value(self) -> None:
        chosen = self._candidate()
        if chosen is not None:
            shown = safe(chosen.value[:_VALUE_SHOWN])
            cut = f"\n\n… {len(chosen.value):,} bytes in all" if len(chosen.value) > _VALUE_SHOWN else ""
            text = f"key    {safe(chosen.key)}\nlease  {chosen.lease_id:x}\n\n{shown}{cut}"
            self.app.push_screen(TextDialog("value", text))

    def _candidate(self) -> Candidate | None:
        """The candidate under the queue's cursor, at first the leader."""
        key = self._table("queue").cursor
        return self._queue[key][1] if key is not None else None

    def action_copy(self) -> None:
        chosen = self._candidate()
        if chosen is not None:
            self.app.copy_to_clipboard(safe(chosen.key))
            self.notify(f"Copied {safe(chosen.key, 80)}", markup=False)

    def action_console(self) -> None:
        self.app.push_screen(ConsoleScreen(self.desk, self._election))

    def action_proclaim(self) -> None:
        if (ours := self._own()) is not None:
            self.app.run_worker(actions.proclaim(self.app, self.desk, ours), group="proclaim", exit_on_error=False)

    def action_resign(self) -> None:
        if (ours := self._own()) is not None:
            self.app.run_worker(actions.resign(self.app, self.desk, ours), group="resign", exit_on_error=False)

    def _own(self) -> Candidacy | None:
        ours = actions.pick(self.desk, self.desk.path(self._election))
        if ours is None:
            self.notify("You have no candidate here, or several; choose one in the console (C).", severity="warning")
        return ours

    @on(Timeline.Picked)
    def _show_picked(self, event: Timeline.Picked) -> None:
        at, term = event.at.astimezone(), event.term
        if term is None:
            text = f" {at:%H:%M:%S}  not watched yet"
        else:
            who = "vacant" if term.leader is None else safe(term.leader.value, 40)
            length = ("" if term.began_known else "≥ ") + duration(term.duration(self.desk.now()))
            text = f" {at:%H:%M:%S}  {who}  since {term.began_at.astimezone():%H:%M:%S}  for {length}"
        self.query_one("#picked", Line).show(text)
