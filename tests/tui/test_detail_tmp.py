from __future__ import annotations
import pytest
from electiontui.screens.detail import DetailScreen
from electiontui.widgets.timeline import Timeline
from .driving import text_of, until
from .still import StillApp, busy_view


async def test_y() -> None:
    app = StillApp(busy_view())
    heights = []
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "weltkarte" in text_of(app))
        for n in range(24):
            app.push_screen(DetailScreen(app.desk, "drill/payments"))
            await until(pilot, lambda: isinstance(app.screen, DetailScreen) and "/60s" in text_of(app))
            heights.append(app.screen.query_one(Timeline).size.height)
            await pilot.press("escape")
    assert heights == [6] * 24


async def test_z() -> None:
    app = StillApp(busy_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "weltkarte" in text_of(app))
        app.push_screen(DetailScreen(app.desk, "billing/ledger"))
        await until(pilot, lambda: isinstance(app.screen, DetailScreen) and "/60s" in text_of(app))
        t = app.screen.query_one(Timeline)
        view = app.desk.view
        before = t.size.height
        t.refresh(layout=True)
        app.screen._clear_arrangement_cache()
        app.screen._refresh_layout()
        from datetime import timedelta

        q = view.elections["drill/payments"].queue + view.elections["mail/outbound"].queue
        t.show(view.logs["drill/payments"], q, app.desk.now())
        await pilot.pause(0.3)
        print(before, t.size.height, len(t.lines))
        assert t.size.height == len(t.lines) + 2
