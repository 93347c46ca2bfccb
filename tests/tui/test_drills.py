"""Drills in the dashboard: what one sees while they go on, and that nothing of them stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from election_core import Client
from electiontui.app import ElectionApp
from electiontui.drill import Access
from electiontui.embedded import EmbeddedEtcd
from electiontui.screens.console import ConsoleScreen
from electiontui.screens.dialogs import FormDialog, LeaveDialog
from electiontui.screens.drills import DrillsScreen
from electiontui.widgets.timeline import Timeline

from ..drills import WAITS, assert_nothing_left, of_two
from .driving import line, move_down, opened, text_of, until
from .test_screens import table


@asynccontextmanager
async def drills(
    etcd: EmbeddedEtcd, *, size: tuple[int, int] = (120, 40), access: bool = True
) -> AsyncIterator[tuple[ElectionApp, Pilot[Any]]]:
    """A dashboard that shows its drills."""
    way = Access(etcd.endpoints) if access else None
    app = ElectionApp(lambda: Client(etcd.endpoint, timeout=1.0), prefixes=("election/",), drills=way)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.desk.view.status().loaded)
        await pilot.press("5")
        await until(pilot, lambda: isinstance(app.screen, ConsoleScreen))
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, DrillsScreen) and table(app, "drills").keys)
        yield app, pilot


async def choose(app: ElectionApp, pilot: Pilot[Any], name: str) -> None:
    await move_down(pilot, table(app, "drills"), lambda key: key == name)


async def start(app: ElectionApp, pilot: Pilot[Any], **fields: str) -> None:
    """Run the drill under the cursor with these texts in the form."""
    await pilot.press("enter")
    form = await opened(pilot, FormDialog)
    for name, text in fields.items():
        form.query_one(f"#{name}", Input).value = text
    await pilot.press("enter")


def said(app: ElectionApp, text: str) -> bool:
    return any(text in note.message for note in app._notifications)


def written(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


async def ask_for_file(app: ElectionApp, pilot: Pilot[Any], path: str) -> None:
    await pilot.press("o")
    form = await opened(pilot, FormDialog)
    form.query_one("#path", Input).value = path
    await pilot.press("enter")


async def open_file(app: ElectionApp, pilot: Pilot[Any], path: str) -> None:
    """Returns once the cursor is on the drill in it, which the form's closing comes before."""
    await ask_for_file(app, pilot, path)
    await until(pilot, lambda: isinstance(app.screen, DrillsScreen) and table(app, "drills").cursor == path)


async def test_a_drill_is_watched_step_by_step_and_its_report_is_saved(
    etcd: EmbeddedEtcd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with drills(etcd) as (app, pilot):
        await choose(app, pilot, "clean-hand-over")
        await until(pilot, lambda: "await-leader a" in text_of(app))
        await start(app, pilot, rounds="2")
        await until(pilot, lambda: app.desk.drills.last is not None and app.desk.drills.last.report is not None)
        await until(pilot, lambda: "PASS  clean-hand-over on" in line(app, "#title"))
        assert f"{etcd.endpoint}, 2 rounds   10 PASS   hand-over of step 4: median " in line(app, "#title")
        await until(pilot, lambda: text_of(app).count("PASS 2 of 2") == 5)
        assert app.screen.query_one(Timeline).display
        assert_nothing_left(etcd, "drill/")
        await pilot.press("e")
        await opened(pilot, FormDialog)
        await pilot.press("enter")
        await until(pilot, lambda: said(app, "Wrote "))
        assert "## clean-hand-over: PASS" in (tmp_path / "clean-hand-over-report.md").read_text()


async def test_a_failure_says_why_and_goes_on_while_one_looks_elsewhere(etcd: EmbeddedEtcd, tmp_path: Path) -> None:
    async with drills(etcd) as (app, pilot):
        # Long enough for the look elsewhere to come before its end.
        await open_file(app, pilot, written(tmp_path, of_two("resign", leader="a", within="5s")))
        await start(app, pilot)
        await until(pilot, lambda: app.desk.drills.running)
        await pilot.press("1")
        await until(pilot, lambda: "drill mine" in text_of(app))
        await until(pilot, lambda: app.desk.drills.running is None and "drill mine" not in text_of(app))
        await pilot.press("5")
        await until(pilot, lambda: "FAIL  mine on" in line(app, "#title"))
        await until(pilot, lambda: "After 5 s b leads, and not a." in text_of(app))


async def test_what_is_typed_ahead_is_for_the_drill_that_was_opened(
    etcd: EmbeddedEtcd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not for the one that the cursor was on, however long the opening takes."""
    written(tmp_path, of_two("resign", leader="b", within="5s"))
    answered = ElectionApp.push_screen_wait

    async def slowly(app: ElectionApp, screen: FormDialog) -> object:
        answer = await answered(app, screen)
        await asyncio.sleep(0.2)
        return answer

    monkeypatch.setattr(ElectionApp, "push_screen_wait", slowly)
    async with drills(etcd) as (app, pilot):
        monkeypatch.chdir(tmp_path)
        for key in ("o", *"mine", ".", *"toml", "enter", "enter"):
            app.post_message(events.Key({".": "full_stop"}.get(key, key), key if len(key) == 1 else None))
        await until(pilot, lambda: "Run the drill mine" in text_of(app))


async def test_a_file_that_is_wrong_is_refused_with_its_line(etcd: EmbeddedEtcd, tmp_path: Path) -> None:
    async with drills(etcd) as (app, pilot):
        path = written(tmp_path, of_two("resign", leader="x", within="1s"))
        await ask_for_file(app, pilot, path)
        await until(pilot, lambda: "mine.toml:" in text_of(app))
        assert isinstance(app.screen, FormDialog)
        assert app.screen.query_one("#path", Input).value == path
        await pilot.press("escape")
        await pilot.press("x")
        await until(pilot, lambda: said(app, "No drill is under way."))
        await pilot.press("e")
        await until(pilot, lambda: said(app, "There is no report yet"))
        await start(app, pilot, rounds="0")
        await until(pilot, lambda: "from 1 to 100; got '0'" in text_of(app))
        app.screen.query_one("#rounds", Input).value = "1"
        app.screen.query_one("#where", Input).value = "there"
        await pilot.press("enter")
        await until(pilot, lambda: "got 'there'" in text_of(app))


async def test_members_are_broken_on_an_embedded_cluster_alone(etcd: EmbeddedEtcd) -> None:
    async with drills(etcd, access=False) as (app, pilot):
        await choose(app, pilot, "frozen-member")
        await start(app, pilot, where="here")
        await until(pilot, lambda: said(app, "This dashboard has no cluster for drills"))
        assert app.desk.drills.last is None


async def test_a_drill_that_is_stopped_clears_away(etcd: EmbeddedEtcd, tmp_path: Path) -> None:
    async with drills(etcd) as (app, pilot):
        await open_file(app, pilot, written(tmp_path, WAITS))
        await start(app, pilot)
        await until(pilot, lambda: "▶ mine on" in line(app, "#title") and "7 " in text_of(app), tries=800)
        await until(pilot, lambda: (run := app.desk.drills.last) and run.began and run.began.step.do == "wait", 800)
        await pilot.press("enter")
        await opened(pilot, FormDialog)
        await pilot.press("enter")
        await until(pilot, lambda: said(app, "The drill mine is under way; stop it"))
        await pilot.press("x")
        await until(pilot, lambda: "stopped: mine on" in line(app, "#title"), tries=1200)
        assert_nothing_left(etcd, "drill/")


async def test_leaving_asks_and_clears_away(etcd: EmbeddedEtcd, tmp_path: Path) -> None:
    async with drills(etcd) as (app, pilot):
        await open_file(app, pilot, written(tmp_path, of_two("resign", leader="a", within="50s")))
        await start(app, pilot)
        await until(pilot, lambda: (run := app.desk.drills.last) and run.began and run.began.step.do == "expect")
        await pilot.press("q")
        await opened(pilot, LeaveDialog)
        await until(pilot, lambda: "the drill mine is stopped, and clears away" in text_of(app))
        await pilot.press("y")
        await until(pilot, lambda: not app.is_running, tries=800)
        assert_nothing_left(etcd, "drill/")
    assert app.left_behind == []


@pytest.mark.parametrize("size", [(40, 15), (80, 24), (200, 60)])
async def test_the_drills_fit(etcd: EmbeddedEtcd, size: tuple[int, int]) -> None:
    async with drills(etcd, size=size) as (app, pilot):
        await choose(app, pilot, "mass-exit")
        await start(app, pilot)
        await until(pilot, lambda: "PASS  mass-exit" in line(app, "#title"))
        await until(pilot, lambda: sum("PASS" in row for row in text_of(app).splitlines()) >= 3)
        rows = text_of(app).splitlines()
        assert len(rows) == size[1]
        assert all(len(row) <= size[0] for row in rows)
