"""Waiting for what a dashboard shows, and reading it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from electiontui.widgets.status_bar import Line

Ready = Callable[[], object]


async def until(pilot: Pilot[Any], ready: Ready, tries: int = 400) -> None:
    """Let the app work until ``ready`` is true; fails after some 10 s."""
    for _ in range(tries):
        if ready():
            return
        await pilot.pause(0.025)
    pytest.fail(f"never became true; the screen shows:\n{text_of(pilot.app)}")


def text_of(app: Any) -> str:
    """What the terminal would show."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def line(app: Any, which: str) -> str:
    return str(app.screen.query_one(which, Line).text)
