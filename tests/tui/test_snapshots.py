"""Pictures of the screens, compared with those that somebody has looked at: tests/tui/__snapshots__/.

After a change that is meant, look at the new ones and keep them:

    UPDATE_SNAPSHOTS=1 pytest tests/tui/test_snapshots.py

The charts are left out, since the two majors of plotext draw them differently.
"""

from __future__ import annotations

import difflib
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from electiontui.screens.console import ConsoleScreen
from electiontui.screens.detail import DetailScreen
from electiontui.screens.dialogs import ConfirmDialog, FormDialog, TextDialog
from electiontui.screens.elections import ElectionsScreen
from electiontui.widgets.virtual_table import VirtualTable

from .driving import text_of, until
from .still import StillApp, busy_view

SNAPSHOTS = Path(__file__).with_name("__snapshots__")
Way = Callable[[Pilot[None]], Awaitable[object]]


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is UTC, and nobody's terminal settings count."""
    for name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM"):
        monkeypatch.delenv(name, raising=False)
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


async def elections(pilot: Pilot[None]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, ElectionsScreen) and "weltkarte" in text_of(pilot.app))


async def malformed(pilot: Pilot[None]) -> None:
    await elections(pilot)
    await pilot.press("slash")
    box = pilot.app.screen.query_one("#filter", Input)
    await until(pilot, lambda: box.has_focus)
    await pilot.press(*"/[x/", "enter")
    await until(pilot, lambda: "not a regular expression" in text_of(pilot.app) and not box.display)


async def detail(pilot: Pilot[None]) -> None:
    await elections(pilot)
    shown = pilot.app.screen.query_one("#elections", VirtualTable)
    await pilot.press(*["j"] * list(shown.keys).index("drill/payments"), "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, DetailScreen) and "/60s" in text_of(pilot.app))


async def console(pilot: Pilot[None]) -> None:
    await elections(pilot)
    await pilot.press("C")
    await until(pilot, lambda: isinstance(pilot.app.screen, ConsoleScreen) and "op-bob" in text_of(pilot.app))


async def confirm(pilot: Pilot[None]) -> None:
    await console(pilot)
    await pilot.press("R")
    await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog) and pilot.app.focused is not None)


async def form(pilot: Pilot[None]) -> None:
    await console(pilot)
    await pilot.press("C")
    await until(pilot, lambda: isinstance(pilot.app.screen, FormDialog) and pilot.app.focused is not None)
    for box in pilot.app.screen.query(Input):
        box.cursor_blink = False


async def help_page(pilot: Pilot[None]) -> None:
    await elections(pilot)
    await pilot.press("question_mark")
    await until(pilot, lambda: isinstance(pilot.app.screen, TextDialog) and "Everywhere" in text_of(pilot.app))


WIDE, NARROW = (120, 30), (80, 24)
_TRIES = 200
"""Looks at a screen that is not yet as it was, 5 s in all."""


@pytest.mark.parametrize(
    ("name", "way", "size"),
    [
        ("elections", elections, WIDE),
        ("elections-80x24", elections, NARROW),
        ("malformed-filter", malformed, WIDE),
        ("detail", detail, WIDE),
        ("detail-80x24", detail, NARROW),
        ("console", console, WIDE),
        ("confirm", confirm, WIDE),
        ("form-80x24", form, NARROW),
        ("help-80x24", help_page, NARROW),
    ],
)
async def test_a_screen_looks_as_it_did(name: str, way: Way, size: tuple[int, int], tmp_path: Path) -> None:
    await _compare(StillApp(busy_view()), name, way, size, tmp_path)


async def test_a_lost_connection_and_read_only_look_as_they_did(tmp_path: Path) -> None:
    app = StillApp(busy_view(connected=False), read_only=True)
    await _compare(app, "disconnected", elections, WIDE, tmp_path)


async def _compare(app: StillApp, name: str, way: Way, size: tuple[int, int], tmp_path: Path) -> None:
    kept = SNAPSHOTS / f"{name}.svg"
    before = kept.read_text("utf-8") if kept.exists() else ""
    async with app.run_test(size=size) as pilot:
        await way(pilot)
        # Footers and panes come after what the way there waits for.
        for _ in range(_TRIES):
            await pilot.pause(0.025)
            picture = _one_run_a_line(app.export_screenshot(title="electiontui"))
            if picture == before:
                return
    if os.environ.get("UPDATE_SNAPSHOTS"):
        kept.write_text(picture, "utf-8")
        return
    (tmp_path / kept.name).write_text(picture, "utf-8")
    change = difflib.unified_diff(before.splitlines(), picture.splitlines(), "before", "now", lineterm="", n=0)
    pytest.fail(f"{kept} and {tmp_path / kept.name} differ:\n" + "\n".join(list(change)[:40]))


def _one_run_a_line(svg: str) -> str:
    """The picture without Rich's checksum of it, and broken into lines that can be compared."""
    return re.sub(r"(?=<(?:text|rect|clipPath)\b)", "\n", re.sub(r"\bterminal-\d+", "terminal", svg))
