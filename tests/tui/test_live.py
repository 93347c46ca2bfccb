"""When a screen may be repainted: once all of its widgets are there, and not while they are taken away."""

from __future__ import annotations

import pytest
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Footer

from electiontui.screens.live import Desk, LiveScreen

from .driving import until
from .still import StillApp, busy_view


class Witness(Widget):
    """Notes whether the screen that it stands on counts as complete when it comes and when it goes."""

    def __init__(self, on: LiveScreen, seen: list[tuple[str, bool]]) -> None:
        super().__init__()
        self.on, self.seen = on, seen

    def on_mount(self) -> None:
        self.seen.append(("comes", self.on.is_complete))

    def on_unmount(self) -> None:
        self.seen.append(("goes", self.on.is_complete))


class Stage(LiveScreen):
    """A screen with a witness."""

    def __init__(self, desk: Desk, *, footer: bool) -> None:
        super().__init__(desk)
        self.footer = footer
        self.seen: list[tuple[str, bool]] = []

    def compose(self) -> ComposeResult:
        yield Witness(self, self.seen)
        if self.footer:
            yield Footer()


@pytest.mark.parametrize("footer", [True, False])
async def test_a_screen_is_complete_from_mounting_until_it_is_taken_down(footer: bool) -> None:
    app = StillApp(busy_view())
    async with app.run_test() as pilot:
        screen = Stage(app.desk, footer=footer)
        await app.push_screen(screen)
        await until(pilot, lambda: screen.is_complete)
        await app.pop_screen()
        assert screen.seen == [("comes", False), ("goes", False)]
        assert not screen.is_complete


async def test_a_screen_that_goes_down_with_the_app_is_left_alone() -> None:
    app = StillApp(busy_view())
    async with app.run_test():
        screen = Stage(app.desk, footer=True)
        await app.push_screen(screen)
    assert screen.seen == [("comes", False), ("goes", False)]
    assert not screen.is_complete
