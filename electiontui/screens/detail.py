"""Screen B: one election with its live leader timeline, queue, event log and charts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Footer

from election_core import Candidate, TermLog, Transition

from .. import rows
from ..pictures.export import FORMS, exported
from ..pictures.lanes import Window
from ..rows import Column, duration
from ..text import safe
from ..watched import Stretch
from ..widgets.cells import Cell
from ..widgets.charts import Chart, changes_chart, hold_chart, vacancy_chart
from ..widgets.status_bar import Line, StatusBar
from ..widgets.table_messages import Chosen
from ..widgets.timeline import SPANS, Timeline
from ..widgets.virtual_table import VirtualTable
from .acting import ActingScreen
from .copying import to_copy
from .detail_layout import Panes
from .exporting import export
from .live import Desk
from .queue_rows import QUEUE, QueueRows
from .reading_line import reading_line
from .value import ValueDialog

__all__ = ["DetailScreen"]

_EVENTS = (
    Column("at", "TIME", 12),
    Column("what", "EVENT", 16, grows=1),
    Column("revision", "REV", 9, right=True, drop_below=46),
)
_ROLES = {"elected": "leading", "vacated": "vacant", "succeeded": "flapping", "proclaimed": "muted"}
_HINT = " [ ] reads from edge to edge, a click reads there"
_LOOKED_BACK = timedelta(seconds=2 * SPANS[-1])
"""How far back what was not watched is shown."""


class DetailScreen(ActingScreen):
    """One election; the screen only looks, the user's candidacies live on the desk."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", id="back"),
        Binding("plus,equals_sign", "zoom(-1)", "Zoom", key_display="+-hl", id="zoom_in"),
        Binding("minus", "zoom(1)", "Zoom out", show=False, id="zoom_out"),
        Binding("h,left", "pan(-0.25)", "Pan back", show=False, id="pan_back"),
        Binding("l,right", "pan(0.25)", "Pan forward", show=False, id="pan_forward"),
        Binding("left_square_bracket", "step(-1)", "Read", key_display="[]", id="previous_edge"),
        Binding("right_square_bracket", "step(1)", "Next edge", show=False, id="next_edge"),
        Binding("0", "go_live", "Now", show=False, id="go_live"),
        Binding("c", "charts", "Charts", id="charts"),
        Binding("v", "value", "Value", id="value"),
        Binding("Y", "copy(True)", "Copy the line or lease", show=False, id="copy_more"),
        Binding("e", "export", "Export", id="export"),
        Binding("z", "enlarge", "Enlarge", show=False, id="maximise"),
    ]

    # The mutable state: the queue and events as last shown, and whether they were shown as lost.

    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        self._rows = QueueRows()
        self._events: dict[str, tuple[Transition, Transition | None]] = {}
        self._panes = Panes(self)
        self._dim = False

    def compose(self) -> ComposeResult:
        yield StatusBar(id="status")
        yield from self.position_line()
        yield Line(id="title")
        yield Timeline(id="timeline")
        with Container(id="panes"):
            yield VirtualTable(QUEUE, self._queue_cells, id="queue")
            yield VirtualTable(_EVENTS, self._event_cells, follows=True, id="events")
        with Container(id="charts"):
            yield Chart(changes_chart, moves=True, id="changes")
            yield Chart(hold_chart, id="held")
            yield Chart(vacancy_chart, id="vacancies")
        yield Line(_HINT, id="picked")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self._table("queue").say("Vacant: nobody is in the queue.")
        self._table("events").say("No change seen since the start.")
        self._table("queue").border_title, self._table("events").border_title = "queue", "events, newest first"
        self.query_one(Timeline).focus()
        self.run_worker(self._follow_leases(), group="leases", exit_on_error=False)

    def on_resize(self) -> None:
        super().on_resize()
        self._panes.share_out(len(self._rows.candidates), len(self._events))
        self.call_after_refresh(self.show_time, self.desk.now())

    def _table(self, which: str) -> VirtualTable:
        return self.query_one(f"#{which}", VirtualTable)

    @property
    def _log(self) -> TermLog | None:
        return self.desk.view.logs.get(self.election)

    def flush(self, changed: set[str], now: datetime) -> None:
        view = self.desk.view
        if self.election not in changed or self.election not in view.logs or not self.is_mounted:
            return
        state = view.elections.get(self.election)
        self._take(() if state is None else state.queue, now)
        self.show_time(now)

    def _take(self, queue: Sequence[Candidate], now: datetime) -> None:
        events = self.desk.view.events(self.election)
        pairs = zip(events, (None, *events), strict=False)
        self._events = {str(event.revision): (event, previous) for event, previous in pairs}
        self._table("queue").set_keys(self._rows.take(queue, now))
        self._table("events").set_keys(list(self._events)[::-1])
        self._touch_all()

    def show_time(self, now: datetime) -> None:
        self.desk.view.want_leases([self.election])
        log = self._log
        if log is None:
            self.query_one("#title", Line).show(f" elections › {safe(self.election)}   not seen under this prefix")
            # A recording that went back may show what was before the election.
            self._take((), now)
            self.query_one(Timeline).show(TermLog(self.election, None, now), (), now, (), self.desk.view.wall.local)
            return
        if self._dim is not (self._lost_at is not None):
            self._dim = not self._dim
            self._touch_all()
        self._table("queue").touch(self._table("queue").visible_keys())
        timeline = self.query_one(Timeline)
        self.desk.view.past.want([self.election])
        timeline.show(log, self._rows.queue, now, self._unwatched(now), self.desk.view.wall.local, self._before)
        self._panes.share_out(len(self._rows.candidates), len(self._events))
        if self.query_one("#charts").display:
            for chart in self.query(Chart):
                if chart.display:
                    chart.show(log, now, self._unwatched(now))
        self.query_one("#title", Line).show(self._title(log, now))
        self._show_reading()

    @property
    def _lost_at(self) -> datetime | None:
        """Since when nobody knows whether what is shown still holds, if that is so."""
        return self.desk.view.watched.lost_at

    def _before(self, log: TermLog, window: Window) -> TermLog:
        return self.desk.view.past.log(self.election, log, window.since, window.until, window.columns)

    def _unwatched(self, now: datetime) -> list[Stretch]:
        return list(self.desk.view.watched.unwatched(now - _LOOKED_BACK, now))

    def _title(self, log: TermLog, now: datetime) -> str:
        term, leader, lost_at = log.current, log.current.leader, self._lost_at
        # What was not watched counts for nobody.
        length = ("" if term.began_known else "≥ ") + duration(term.duration(lost_at or now)) + ("?" if lost_at else "")
        name = f" elections › {safe(self.election, max(self.size.width // 3, 10))}"
        if leader is None:
            return f"{name}   ○ VACANT for {length}"
        seen = log.dropped + sum(not each.is_vacant for each in log.terms_kept)
        who = safe(leader.value, max(self.size.width // 4, 10))
        doom, state = self.desk.view.leases.doom(leader.lease_id), self.desk.view.elections.get(self.election)
        if doom is not None and state is not None:
            return f"{name}   ◌ {who}   {rows.doom(*doom, state)}"
        return f"{name}   ● {who}   held {length}   fencing token {leader.create_revision}   terms seen {seen}"

    def _touch_all(self) -> None:
        for table in self.query(VirtualTable):
            table.touch(table.visible_keys())

    def _queue_cells(self, key: str) -> dict[str, Cell]:
        ours = [own.campaign.key for own in self.desk.own.live]
        return self._rows.cells(key, self._lost_at or self.desk.now(), ours, dim=self._dim)

    def _event_cells(self, key: str) -> dict[str, Cell]:
        event, previous = self._events[key]
        return {
            "at": (f"{self.desk.view.wall.local(event.observed_at):%H:%M:%S.%f}"[:12], "muted"),
            "what": (
                rows.describe(event, previous, self.desk.view.leases.how_ended(event)),
                "muted" if self._dim else _ROLES[event.kind],
            ),
            "revision": (str(event.revision), "muted"),
        }

    async def _follow_leases(self) -> None:
        """Keep the remaining time of the visible leases current until the screen goes."""
        while True:
            table = self._table("queue")
            if self.desk.paused_at is None and self.is_current:
                await self._rows.read_leases(self.desk.view.client, table.visible_keys())
                table.touch(table.visible_keys())
            await asyncio.sleep(2)

    def action_zoom(self, by: int) -> None:
        self.query_one(Timeline).zoom(by)

    def action_pan(self, by: float) -> None:
        self.query_one(Timeline).pan(by)

    def action_step(self, by: int) -> None:
        self.query_one(Timeline).step(by)

    def action_go_live(self) -> None:
        self.query_one(Timeline).go_live()

    def action_charts(self) -> None:
        self._panes.turn_charts()
        self.call_after_refresh(self.show_time, self.desk.now())

    def action_enlarge(self) -> None:
        self._panes.enlarge(self.focused)
        self.show_time(self.desk.now())

    async def action_back(self) -> None:
        if self._panes.restore():
            self.show_time(self.desk.now())
        else:
            await self.run_action("app.back")

    def action_value(self) -> None:
        if (chosen := self._focused_candidate()) is not None:
            self.app.push_screen(ValueDialog(chosen.key, chosen.lease_id, chosen.value))

    def _focused_candidate(self) -> Candidate | None:
        """Under the cursor: of the events who came or proclaimed, else of the queue, at first the leader."""
        key = self._table("events").cursor
        if self._table("events").has_focus and key in self._events:
            event = self._events[key][0]
            return event.after or event.before
        return self.candidate()

    def action_copy(self, more: bool = False) -> None:
        """Key of the queue, value of the events, fencing token of the timeline; or what else there is (``more``)."""
        pane = None if self.focused is None else self.focused.id
        key = self._table("events").cursor
        line = "" if self.query_one(Timeline).reading is None else self.query_one("#picked", Line).text.strip()
        if pane == "events":
            line = "" if key is None else "  ".join(str(cell[0]) for cell in self._event_cells(key).values())
        copied = to_copy(pane, self._focused_candidate(), self._read_leader(), line, more)
        if copied is not None:
            self.app.copy_to_clipboard(copied.text)
            self.notify(f"Copied the {copied.what}: {safe(copied.text, 80)}", markup=False)

    def _read_leader(self) -> Candidate | None:
        reading, log = self.query_one(Timeline).reading, self._log
        term = reading.term if reading is not None else None if log is None else log.current
        return None if term is None else term.leader

    def action_export(self) -> None:
        log, now = self._log, self.desk.now()
        if log is not None:
            timeline, local = self.query_one(Timeline), self.desk.view.wall.local
            self.app.run_worker(
                export(
                    self.app,
                    "the timeline",
                    self.election,
                    FORMS,
                    lambda form: exported(form, log, self._rows.queue, timeline.span, now, self._unwatched(now), local),
                ),
                group="export",
                exit_on_error=False,
            )

    def candidate(self) -> Candidate | None:
        """The one under the cursor of the queue, or else the leader."""
        return self._rows.candidate(self._table("queue").cursor)

    @on(Chosen, "#events")
    def _event_chosen(self, event: Chosen) -> None:
        if event.key in self._events:
            self.query_one(Timeline).point(self._events[event.key][0].observed_at)

    @on(Chosen, "#queue")
    def _candidate_chosen(self) -> None:
        self.action_value()

    @on(Timeline.Picked)
    def _show_reading(self) -> None:
        reading = self.query_one(Timeline).reading
        if reading is None:
            self.query_one("#picked", Line).show(_HINT)
            return
        events = [event for event, _ in self._events.values()]
        view = self.desk.view
        line = reading_line(reading, events, view.watched, self.desk.now(), view.wall.local)
        self.query_one("#picked", Line).show(f" {line}")
