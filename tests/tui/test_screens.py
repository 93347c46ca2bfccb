"""Every screen, driven by keys against a real etcd, with candidates of election_core."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from election_core import CampaignState, Client
from electiontui.app import ElectionApp
from electiontui.embedded import EmbeddedEtcd
from electiontui.screens.console import ConsoleScreen
from electiontui.screens.detail import DetailScreen
from electiontui.screens.dialogs import ConfirmDialog, FormDialog, LeaveDialog, TextDialog
from electiontui.screens.elections import ElectionsScreen
from electiontui.screens.value import ValueDialog
from electiontui.widgets.charts import Chart
from electiontui.widgets.timeline import Timeline
from electiontui.widgets.virtual_table import VirtualTable

from .driving import line, opened, text_of, until
from .still import StillApp, busy_view

NOWHERE = "127.0.0.1:1"


@asynccontextmanager
async def dashboard(
    endpoint: str,
    *,
    prefix: str = "election/",
    size: tuple[int, int] = (120, 40),
    read_only: bool = False,
    access: tuple[str, ...] = (),
) -> AsyncIterator[tuple[ElectionApp, Pilot[Any]]]:
    """A running dashboard that has read what is there, or has given up its first try."""
    app = ElectionApp(lambda: Client(endpoint, timeout=1.0), prefixes=(prefix,), read_only=read_only, access=access)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.desk.view.status().loaded or app.desk.view.status().error)
        await until(pilot, lambda: isinstance(app.screen, ElectionsScreen))
        yield app, pilot


def table(app: Any, which: str = "elections") -> VirtualTable:
    found = app.screen.query_one(f"#{which}")
    assert isinstance(found, VirtualTable)
    return found


async def confirm(pilot: Pilot[Any]) -> None:
    """Past Cancel, which has the focus, to the other button."""
    await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog) and pilot.app.focused is not None)
    assert isinstance(pilot.app.focused, Button)
    assert pilot.app.focused.id == "cancel"
    await pilot.press("tab", "enter")


async def test_the_list_shows_leaders_and_follows_changes(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client:
        first = await client.election("pay", ttl=30).campaign("node-1").wait()
        second = client.election("pay", ttl=30).campaign("node-2")
        await client.election("mail", ttl=10).campaign("node-3").wait()
        async with dashboard(etcd.endpoint) as (app, pilot):
            await until(pilot, lambda: list(table(app).keys) == ["mail", "pay"])
            row = app.desk.view.rows["pay"]
            await until(pilot, lambda: app.desk.view.rows["pay"].ttl == 30)
            await until(pilot, lambda: app.desk.view.rows["pay"].queue == 2)
            assert (row.leader, row.state, row.held_known) == ("node-1", "leading", False)
            assert "≥ 00:00:0" in text_of(app)
            await first.resign()
            await until(pilot, lambda: app.desk.view.rows["pay"].leader == "node-2")
            assert app.desk.view.rows["pay"].held_known
            await until(pilot, lambda: "node-2 takes over from node-1" in line(app, "#news"))
            await second.resign()
            await until(pilot, lambda: app.desk.view.rows["pay"].state == "vacant")
            await until(pilot, lambda: "○ VACANT" in text_of(app))
            assert app.desk.view.logs["pay"].current.is_vacant


async def test_filter_sort_and_the_way_back(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client:
        for name in ("alpha", "beta", "gamma"):
            await client.election(name).campaign(f"leader-of-{name}").wait()
        async with dashboard(etcd.endpoint) as (app, pilot):
            await until(pilot, lambda: len(table(app).keys) == 3)
            await look_for(pilot, "!eta")
            await until(pilot, lambda: list(table(app).keys) == ["alpha", "gamma"])
            await until(pilot, lambda: "2 of 3 elections" in line(app, "#title"))
            await look_for(pilot, "nothing")
            await until(pilot, lambda: list(table(app).keys) == [])
            await until(pilot, lambda: "No election matches" in text_of(app))
            await pilot.press("escape", "S")
            await until(pilot, lambda: list(table(app).keys) == ["gamma", "beta", "alpha"])
            await pilot.press("s")
            await until(pilot, lambda: "sort: held ▲" in line(app, "#title"))
            await pilot.click("#elections", offset=(2, 0))
            await until(pilot, lambda: "sort: name ▲" in line(app, "#title"))
            assert list(table(app).keys) == ["alpha", "beta", "gamma"]


async def look_for(pilot: Pilot[Any], pattern: str) -> None:
    """Type a filter, once its box has the focus."""
    await pilot.press("slash")
    box = pilot.app.screen.query_one("#filter", Input)
    await until(pilot, lambda: box.has_focus)
    box.value = ""
    await pilot.press(*pattern)
    await until(pilot, lambda: box.value == pattern)
    await pilot.press("enter")
    await until(pilot, lambda: not box.display)


@pytest.mark.parametrize("cure", ["correct", "clear"])
async def test_a_malformed_filter_is_complained_about_until_it_is_corrected_or_cleared(
    etcd: EmbeddedEtcd, cure: str
) -> None:
    async with Client(etcd.endpoint) as client:
        await client.election("alpha").campaign("node-1").wait()
        async with dashboard(etcd.endpoint) as (app, pilot):
            await until(pilot, lambda: list(table(app).keys) == ["alpha"])
            screen = app.screen
            assert isinstance(screen, ElectionsScreen)
            await look_for(pilot, "/[x/")
            assert "not a regular expression" in line(app, "#news")
            screen.flush({"alpha"}, app.desk.now())
            screen.tick(app.desk.now())
            assert "not a regular expression" in line(app, "#news")
            await client.election("beta").campaign("node-2").wait()
            # Until then it hides nothing.
            await until(pilot, lambda: "beta" in table(app).keys)
            assert "not a regular expression" in line(app, "#news")
            await (look_for(pilot, "/.*/") if cure == "correct" else pilot.press("escape"))
            await until(pilot, lambda: "beta  node-2 elected" in line(app, "#news"))


async def test_detail_shows_timeline_queue_events_and_charts(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client:
        first = await client.election("pay").campaign("node-1").wait()
        client.election("pay").campaign("node-2")
        async with dashboard(etcd.endpoint) as (app, pilot):
            await until(pilot, lambda: table(app).keys and app.desk.view.rows["pay"].queue == 2)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, DetailScreen))
            await until(pilot, lambda: "/60s" in text_of(app))
            assert "fencing token" in line(app, "#title")
            await first.proclaim("node-1:8080")
            await until(pilot, lambda: "node-1:8080 proclaimed, before it node-1" in text_of(app))
            await first.resign()
            await until(pilot, lambda: "node-2 takes over from node-1:8080" in text_of(app))
            timeline = app.screen.query_one(Timeline)
            await until(pilot, lambda: "★ node-2" in text_of(app))
            assert len(timeline.lines) == 3
            assert timeline.span.total_seconds() == 30
            await pilot.press("minus", "minus", "plus")
            await until(pilot, lambda: timeline.span.total_seconds() == 60)
            await pilot.press("h")
            await until(pilot, lambda: not timeline.is_live)
            await pilot.press("0")
            await until(pilot, lambda: timeline.is_live)
            await pilot.press("c")
            await until(pilot, lambda: "leader changes per minute" in text_of(app))
            assert all(chart.display for chart in app.screen.query(Chart))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, ElectionsScreen))


async def test_campaign_proclaim_and_resign_in_the_console(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client:
        async with dashboard(etcd.endpoint, access=("--user", "ann")) as (app, pilot):
            for value in ("op-a", "op-b"):
                await _campaign(app, pilot, "drill", value)
            await until(pilot, lambda: app.desk.own["a"].campaign.state is CampaignState.LEADING)
            await until(pilot, lambda: "2/2" in text_of(app))
            assert await client.election("drill").leader() == "op-a"

            await pilot.press("P")
            await opened(pilot, FormDialog)
            await pilot.press(*"new", "enter")
            await confirm(pilot)
            await until(pilot, lambda: app.desk.own["a"].last_action.startswith("proclaimed, seen after"))
            assert await client.election("drill").leader() == "new"

            await pilot.press("R")
            await opened(pilot, ConfirmDialog)
            await until(pilot, lambda: "leader new, next op-b, 1 waiting" in text_of(app))
            await until(pilot, lambda: f"etcdctl --endpoints {etcd.endpoint} --user ann del" in text_of(app))
            await confirm(pilot)
            await until(pilot, lambda: "op-b leads, handed over in" in app.desk.own["a"].last_action)
            assert await client.election("drill").leader() == "op-b"
        assert await client.election("drill").candidates() == []


@pytest.mark.parametrize("size", [(40, 15), (80, 24)])
async def test_dialogs_show_their_buttons_however_small_the_terminal(size: tuple[int, int]) -> None:
    app = StillApp(busy_view())
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ElectionsScreen))
        await pilot.press("5", "R")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await until(pilot, lambda: any("Cancel  " in row and "Resign" in row for row in text_of(app).splitlines()))
        await until(pilot, lambda: "now    leader op-alice" in text_of(app))
        await pilot.press("escape", "q")
        await until(pilot, lambda: isinstance(app.screen, LeaveDialog))
        await until(pilot, lambda: "Resign and leave" in text_of(app))
        await pilot.press("escape", "C")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        await until(pilot, lambda: "Continue" in text_of(app))


async def test_why_nothing_is_read_is_told_at_once() -> None:
    app = ElectionApp(lambda: Client(NOWHERE, timeout=60), prefixes=("election/",))
    async with app.run_test(size=(160, 40)) as pilot:
        await until(pilot, lambda: f"{NOWHERE} is unavailable: nothing listens there" in text_of(app))
        assert app.desk.view.status().error is None


async def _campaign(app: ElectionApp, pilot: Pilot[Any], name: str, value: str) -> None:
    """Returns once the campaign is among the user's own, which another thread sees to."""
    begun = len(list(app.desk.own))
    if not isinstance(app.screen, ConsoleScreen):
        await pilot.press("C")
        await opened(pilot, ConsoleScreen)
    await pilot.press("C")
    form = await opened(pilot, FormDialog)
    form.query_one("#name", Input).value = name
    form.query_one("#value", Input).value = value
    form.query_one("#ttl", Input).value = "5"
    form.query_one("#do", Button).press()
    await confirm(pilot)
    await until(pilot, lambda: isinstance(app.screen, ConsoleScreen) and len(list(app.desk.own)) > begun)


async def test_cancel_writes_nothing(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client, dashboard(etcd.endpoint) as (app, pilot):
        await pilot.press("C", "C")
        form = await opened(pilot, FormDialog)
        form.query_one("#name", Input).value = "drill"
        form.query_one("#value", Input).value = "op-a"
        form.query_one("#do", Button).press()
        await opened(pilot, ConfirmDialog)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConsoleScreen))
        assert list(app.desk.own) == []
        assert await client.election("drill").candidates() == []


async def test_leaving_the_console_keeps_the_lease(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client, dashboard(etcd.endpoint) as (app, pilot):
        await _campaign(app, pilot, "drill", "op-a")
        await until(pilot, lambda: app.desk.own["a"].campaign.is_leader)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ElectionsScreen))
        assert await client.election("drill").leader() == "op-a"
        assert app.desk.own["a"].campaign.is_leader


async def test_an_abandoned_candidate_is_gone_only_when_its_lease_ends(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client, dashboard(etcd.endpoint) as (app, pilot):
        await _campaign(app, pilot, "drill", "op-a")
        await until(pilot, lambda: app.desk.own["a"].campaign.is_leader)
        await pilot.press("A")
        await confirm(pilot)
        await until(pilot, lambda: app.desk.own["a"].is_over)
        assert await client.election("drill").leader() == "op-a"
        await until(pilot, lambda: app.desk.view.rows["drill"].state == "vacant", tries=800)


async def test_read_only_offers_nothing_that_writes(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client:
        await client.election("pay").campaign("node-1").wait()
        async with dashboard(etcd.endpoint, read_only=True) as (app, pilot):
            await until(pilot, lambda: table(app).keys)
            await until(pilot, lambda: "READ-ONLY" in text_of(app) and "Find" in text_of(app))
            assert "Console" not in text_of(app)
            await pilot.press("C")
            assert isinstance(app.screen, ElectionsScreen)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, DetailScreen) and "Charts" in text_of(app))
            assert not {"Console", "Proclaim", "Resign"} & set(text_of(app).split())
            await pilot.press("C", "P", "R")
            assert isinstance(app.screen, DetailScreen)


async def test_an_unreachable_etcd_is_said_and_tried_again_forever() -> None:
    async with dashboard(NOWHERE) as (app, pilot):
        await until(pilot, lambda: "✗ NOT CONNECTED" in line(app, "#status"))
        await until(pilot, lambda: "electiontui demo" in text_of(app))
        attempt = app.desk.view.status().attempt
        await until(pilot, lambda: app.desk.view.status().attempt > attempt)
        assert app.is_running


async def test_a_lost_connection_keeps_the_state_and_recovers(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client:
        await client.election("pay", ttl=60).campaign("node-1").wait()
        async with dashboard(etcd.endpoint) as (app, pilot):
            await until(pilot, lambda: list(table(app).keys) == ["pay"])
            revision = app.desk.view.status().revision
            etcd.members[0].freeze()
            await until(pilot, lambda: "✗ DISCONNECTED" in line(app, "#status"), tries=1200)
            assert f"showing state as of rev {revision}" in line(app, "#status")
            assert "node-1" in text_of(app)
            etcd.members[0].thaw()
            await until(pilot, lambda: "✗" not in line(app, "#status"), tries=1200)


async def test_pause_holds_the_view_still_and_misses_nothing(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client:
        first = await client.election("pay").campaign("node-1").wait()
        async with dashboard(etcd.endpoint) as (app, pilot):
            await until(pilot, lambda: list(table(app).keys) == ["pay"])
            await pilot.press("space")
            await until(pilot, lambda: "PAUSED" in line(app, "#status"))
            await first.resign()
            await until(pilot, lambda: app.desk.view.logs["pay"].current.is_vacant)
            assert "node-1" in text_of(app)
            await pilot.press("space")
            await until(pilot, lambda: "○ VACANT" in text_of(app))


async def test_hostile_names_and_values_are_shown_and_obeyed_by_nobody(etcd: EmbeddedEtcd) -> None:
    hostile = b"[red]\x1b]0;owned\x07\xff" + "宽".encode() * 50 + b"A" * 1_000_000
    async with Client(etcd.endpoint) as client:
        await client.election("na[bold]me\x1b[31m").campaign(hostile).wait()
        async with dashboard(etcd.endpoint, size=(80, 24)) as (app, pilot):
            await until(pilot, lambda: len(table(app).keys) == 1)
            await until(pilot, lambda: r"na[bold]me\x1b[31m" in text_of(app))
            await pilot.press("y", "enter")
            await until(pilot, lambda: isinstance(app.screen, DetailScreen))
            await until(pilot, lambda: r"[red]\x1b]0;owned\x07\xff宽" in text_of(app))
            await pilot.press("v")
            await until(pilot, lambda: isinstance(app.screen, ValueDialog) and "1,000,166 bytes" in text_of(app))
            await pilot.press("v", "v", "escape", "C", "C")
            await opened(pilot, FormDialog)
            await until(pilot, lambda: r"na[bold]me\x1b[31m" in text_of(app))
            assert "\x1b" not in text_of(app)
            assert "\x07" not in text_of(app)


@pytest.mark.parametrize("size", [(200, 60), (120, 40), (80, 24), (40, 15)])
async def test_every_screen_fits(etcd: EmbeddedEtcd, size: tuple[int, int]) -> None:
    async with Client(etcd.endpoint) as client:
        await client.election("pay").campaign("node-1").wait()
        async with dashboard(etcd.endpoint, size=size) as (app, pilot):
            await until(pilot, lambda: list(table(app).keys) == ["pay"])
            assert "/" in line(app, "#title")
            await pilot.press("enter")
            await until(pilot, lambda: "CANDIDATE" in text_of(app) and "EVENT" in text_of(app))
            # The lines are shared out once the screen knows its size.
            queue, events, timeline = table(app, "queue"), table(app, "events"), app.screen.query_one(Timeline)
            await until(pilot, lambda: timeline.size.height == 4 and min(queue.size.height, events.size.height) >= 3)
            await pilot.press("question_mark")
            await until(pilot, lambda: isinstance(app.screen, TextDialog) and "Everywhere" in text_of(app))
            await pilot.press("escape", "C")
            await until(pilot, lambda: "You have no candidates yet" in text_of(app))
