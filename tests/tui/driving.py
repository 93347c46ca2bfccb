"""Waiting for what a dashboard shows, and reading it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from textual.css.query import NoMatches
from textual.pilot import Pilot
from textual.screen import Screen

from electiontui.widgets.status_bar import Line
from electiontui.widgets.virtual_table import VirtualTable

Ready = Callable[[], object]
Shown = TypeVar("Shown", bound=Screen[Any])


async def until(pilot: Pilot[Any], ready: Ready, tries: int = 400) -> None:
    """Let the app work until ``ready`` is true; fails after some 10 s."""
    for _ in range(tries):
        if _holds(ready):
            return
        await pilot.pause(0.025)
    pytest.fail(f"never became true; the screen shows:\n{text_of(pilot.app)}")


def _holds(ready: Ready) -> bool:
    # A screen is the app's before it has its widgets.
    try:
        return bool(ready())
    except NoMatches:
        return False


async def opened(pilot: Pilot[Any], kind: type[Shown]) -> Shown:
    """A screen of this kind, once it is there with all its widgets, one of which has the focus."""
    await until(pilot, lambda: isinstance(pilot.app.screen, kind) and pilot.app.focused is not None)
    screen: Any = pilot.app.screen
    assert isinstance(screen, kind)
    return screen


async def move_down(pilot: Pilot[Any], table: VirtualTable, is_wanted: Callable[[str], object]) -> None:
    """Put the cursor of a table on the next row whose key is wanted, by as many presses of j as it takes."""
    begin = list(table.keys).index(table.cursor or "")
    steps = next(number for number, key in enumerate(table.keys[begin:]) if is_wanted(key))
    await pilot.press(*["j"] * steps)
    await until(pilot, lambda: is_wanted(table.cursor or ""))


def text_of(app: Any) -> str:
    """What the terminal would show."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def line(app: Any, which: str) -> str:
    return str(app.screen.query_one(which, Line).text)
