"""Drills: failovers rehearsed on this cluster or an embedded one, watched as they go on."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer

from ..drill import FORM_OF, BadDrill, Drill, as_text, included, read_drill
from ..sources.drill_runs import MOST_ROUNDS, DrillRun
from ..text import safe
from ..widgets.cells import Cell
from ..widgets.status_bar import Line
from ..widgets.table_messages import Chosen, Moved
from ..widgets.timeline import Timeline
from ..widgets.virtual_table import VirtualTable
from .dialogs import Complaint, FormDialog
from .drill_rows import DRILLS, STEPS, step_rows, summary
from .exporting import export
from .live import SHORT, Desk, LiveScreen

__all__ = ["DrillsScreen"]

_MOST_FILES = 50
"""TOML files of the working directory that are looked at."""


class DrillsScreen(LiveScreen):
    """The drills there are, the steps of the one under the cursor, and what has come of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.back", "Back", id="back"),
        Binding("enter", "run", "Run", id="run_drill"),
        Binding("o", "open", "Open a file", id="open_drill"),
        Binding("x", "stop", "Stop", id="stop_drill"),
        Binding("e", "export", "Export the report", id="export"),
    ]

    # The mutable state: the drills by what they are called here, and the steps that are shown, by number.

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._drills: dict[str, Drill] = {name: read_drill(name) for name in included()}
        self._rows: dict[str, dict[str, Cell]] = {}

    def compose(self) -> ComposeResult:
        yield from self.top()
        yield Line(id="title")
        yield VirtualTable(DRILLS, self._drill_cells, id="drills")
        yield VirtualTable(STEPS, self._step_cells, id="steps")
        yield Timeline(id="drill-timeline")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self._table("drills").focus()
        self._table("drills").set_keys(list(self._drills))
        if (run := self.desk.drills.last) is not None:
            self._drills.setdefault(run.drill.source or run.drill.name, run.drill)
            self._table("drills").set_keys(list(self._drills))
            self._show_steps_of(run.drill)
        self._show(self.desk.now())
        self.run_worker(self._look_around(), group="drills here", exit_on_error=False)

    async def _look_around(self) -> None:
        self._drills |= await asyncio.to_thread(_drills_here)
        self._table("drills").set_keys(list(self._drills))
        self._share_out()

    def on_resize(self) -> None:
        super().on_resize()
        self._share_out()

    def _share_out(self) -> None:
        """The steps have what they need, the timeline the rest."""
        height, run = self.size.height, self._run
        self._table("drills").styles.height = min(len(self._drills) + 1, max(height // 4, 4))
        timeline = self.query_one(Timeline)
        timeline.display = run is not None and height >= SHORT
        timeline.styles.height = min(max(timeline.wanted, 6), height // 3)

    def _table(self, which: str) -> VirtualTable:
        return self.query_one(f"#{which}", VirtualTable)

    @property
    def _chosen(self) -> Drill | None:
        return self._drills.get(self._table("drills").cursor or "")

    @property
    def _run(self) -> DrillRun | None:
        """The last run, if it is of the drill under the cursor."""
        last = self.desk.drills.last
        return last if last is not None and last.drill == self._chosen else None

    @property
    def wants_flush(self) -> bool:
        """A drill goes on whatever the elections do."""
        return True

    def flush(self, changed: set[str], now: datetime) -> None:
        last = self.desk.drills.last
        if last is not None and last.take_news() and self.is_mounted:
            self._show(now)

    def show_time(self, now: datetime) -> None:
        self._show(now)

    @on(Moved, "#drills")
    def _moved(self) -> None:
        self._show(self.desk.now())

    def _show(self, now: datetime) -> None:
        chosen, run, last = self._chosen, self._run, self.desk.drills.last
        self._rows = {} if chosen is None else step_rows(chosen, run)
        self._table("steps").set_keys(list(self._rows))
        self._table("steps").touch(self._rows)
        told = summary(last) if last is not None else "none was run yet; enter runs the one under the cursor"
        self.query_one("#title", Line).show(f" drills   {told}")
        if run is not None:
            self.query_one(Timeline).show(run.log, run.line, run.over_at or now, (), self.desk.view.wall.local)
        self._share_out()

    def _show_steps_of(self, drill: Drill) -> None:
        """Put the cursor on a drill."""
        for name in [name for name, each in self._drills.items() if each == drill]:
            self._table("drills").go_to(name)

    def _drill_cells(self, key: str) -> dict[str, Cell]:
        drill, running = self._drills[key], self.desk.drills.running
        is_running = running is not None and running.drill == drill
        return {
            "name": (("▶ " if is_running else "") + safe(key, 80), "own" if is_running else ""),
            "needs": ("embedded" if drill.needs_members else "", "muted"),
            "about": (safe(drill.about, 300), ""),
        }

    def _step_cells(self, key: str) -> dict[str, Cell]:
        return self._rows.get(key, {})

    @on(Chosen, "#drills")
    def action_run(self) -> None:
        if (chosen := self._chosen) is not None:
            self.app.run_worker(self.desk.ask(self._ask(chosen)), group="drill", exit_on_error=False)

    async def _ask(self, drill: Drill) -> None:
        here = self.desk.drills.endpoints
        where = "embedded" if drill.needs_members or not here else "here"
        fields = {
            "rounds": (f"{safe(drill.about, 200)}\nrounds, at most {MOST_ROUNDS}", "1"),
            "where": (
                f"where: here ({safe(here, 60) or 'no cluster'}, below drill/, nothing stays) or embedded (3 members)",
                where,
            ),
        }
        form = await self.app.push_screen_wait(
            FormDialog(f"Run the drill {safe(drill.name, 60)}", fields, "Run", _without_sense, first="rounds")
        )
        if form is None:
            return
        try:
            self.desk.drills.start(drill, int(form["rounds"]), embedded=form["where"].strip() == "embedded")
        except BadDrill as exc:
            self.app.notify(safe(str(exc), 400), severity="error", markup=False, timeout=10)
            return
        self._show(self.desk.now())

    def action_open(self) -> None:
        self.app.run_worker(self.desk.ask(self._open()), group="drill", exit_on_error=False)

    async def _open(self) -> None:
        read: dict[str, Drill] = {}

        def check(form: dict[str, str]) -> Complaint | None:
            try:
                read["drill"] = read_drill(str(Path(form["path"].strip()).expanduser()))
            except (BadDrill, RuntimeError) as exc:
                return Complaint(safe(str(exc), 300))
            return None

        fields = {"path": ("a TOML file, as docs/drills.md describes it", "")}
        form = await self.app.push_screen_wait(FormDialog("Open a drill", fields, "Open", check))
        if form is not None:
            self._drills[form["path"].strip()] = read["drill"]
            self._table("drills").set_keys(list(self._drills))
            self._show_steps_of(read["drill"])

    def action_stop(self) -> None:
        if self.desk.drills.running is None:
            self.notify("No drill is under way.", severity="warning")
        self.desk.drills.stop()

    def action_export(self) -> None:
        last = self.desk.drills.last
        report = last.report if last is not None else None
        if report is None:
            self.notify("There is no report yet: run a drill to its end.", severity="warning")
            return
        forms = tuple(end.removeprefix(".") for end in (".md", *(each for each in FORM_OF if each != ".md")))
        job = export(
            self.app, "the report", f"{report.drill}-report", forms, lambda form: as_text(report, _form_of(form))
        )
        self.app.run_worker(job, group="export", exit_on_error=False)


def _form_of(end: str) -> str:
    """Raises ValueError where a file's end says nothing."""
    if f".{end}" not in FORM_OF:
        raise ValueError(f"its end says how, which is one of {', '.join(FORM_OF)}")
    return FORM_OF[f".{end}"]


def _without_sense(form: dict[str, str]) -> Complaint | None:
    if not form["rounds"].isdecimal() or not 1 <= int(form["rounds"]) <= MOST_ROUNDS:
        return Complaint(f"The rounds are a whole number from 1 to {MOST_ROUNDS}; got {safe(form['rounds'], 20)!r}.")
    if form["where"].strip() not in ("here", "embedded"):
        return Complaint(f"It is run here or embedded; got {safe(form['where'], 20)!r}.")
    return None


def _drills_here() -> dict[str, Drill]:
    """Those in the working directory. What is no drill is passed over; opening it says what is wrong with it."""
    found = {}
    for path in sorted(Path().glob("*.toml"))[:_MOST_FILES]:
        try:
            found[str(path)] = read_drill(str(path))
        except BadDrill:
            continue
    return found
