"""The list on a real etcd: groups on keys, leases that die, the palette, files, and how seldom it can repaint."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.widgets import Input

from election_core import Client
from electiontui import rows
from electiontui.embedded import EmbeddedEtcd
from electiontui.screens.detail import DetailScreen
from electiontui.screens.dialogs import FormDialog
from electiontui.screens.elections import ElectionsScreen
from electiontui.screens.leaders import LeadersScreen
from electiontui.screens.live import LiveScreen
from electiontui.screens.preview import Preview
from electiontui.text import width
from electiontui.widgets.view_line import ViewLine
from electiontui.widgets.virtual_table import VirtualTable

from .driving import line, opened, text_of, until
from .still import StillApp, busy_view
from .test_screens import dashboard, table
from .test_views import lead


async def test_groups_on_keys(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client, dashboard(etcd.endpoint) as (app, pilot):
        for name in ("orders/eu", "orders/us", "mail"):
            await lead(client, name, "node-1")
        await until(pilot, lambda: len(table(app).keys) == 3)
        await pilot.press("t")
        await until(pilot, lambda: "▸ orders/ (2)" in text_of(app))
        await until(pilot, lambda: "3 elections: all ok" in line(app, "#title"))
        await pilot.press("g", "j", "enter")
        await until(pilot, lambda: "▾ orders/ (2)" in text_of(app) and "  orders/eu" in text_of(app))
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ElectionsScreen))
        await pilot.press("k", "enter")
        await until(pilot, lambda: len(table(app).keys) == 2)
        await pilot.press("y", "C")  # on a group there is no name to copy or to fill in
        await pilot.press("escape", "t")
        await until(pilot, lambda: len(table(app).keys) == 3)


async def test_a_lease_that_nobody_renews_is_told_before_it_ends(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client, dashboard(etcd.endpoint) as (app, pilot):
        await lead(client, "ledger", "node-1")
        campaign = client.election("pay", ttl=12).campaign("node-1")
        await campaign.wait()
        await until(pilot, lambda: len(table(app).keys) == 2)
        campaign.abandon()
        # Eight seconds pass before a third of it is left.
        await until(pilot, lambda: "◌ DYING" in text_of(app) and list(table(app).keys) == ["pay", "ledger"], tries=800)
        await until(pilot, lambda: "1 ok · 1 DYING" in line(app, "#title"))
        await until(pilot, lambda: "○ VACANT" in text_of(app) and "1 ok · 1 VACANT" in line(app, "#title"))


@pytest.mark.parametrize("state", rows.SEVERITY)
def test_every_state_has_its_name_and_its_colours(state: rows.RowState) -> None:
    assert f"table--{state}" in VirtualTable.COMPONENT_CLASSES
    assert f"preview--{state}" in Preview.COMPONENT_CLASSES
    assert width(rows.STATE_LABELS[state]) <= 8


async def test_an_election_opens_from_the_palette(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client, dashboard(etcd.endpoint) as (app, pilot):
        await lead(client, "mail/[b]out", "node-1")
        await lead(client, "ledger", "node-1")
        await until(pilot, lambda: len(table(app).keys) == 2)
        await pilot.press("colon")
        palette = await opened(pilot, CommandPalette)
        palette.query_one(Input).value = "]OUT"
        await until(pilot, lambda: "mail/[b]out" in text_of(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen) and "mail/[b]out" in line(app, "#title"))


async def test_a_view_opens_by_a_click_on_its_name(etcd: EmbeddedEtcd) -> None:
    async with dashboard(etcd.endpoint) as (_, pilot):
        await pilot.click(ViewLine, offset=(18, 0))
        await opened(pilot, LeadersScreen)


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_the_list_and_the_events_as_files(tmp_path: Path, form: str) -> None:
    app = StillApp(busy_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ElectionsScreen))
        shown = {}
        for view, key in (("elections", "1"), ("events", "6")):
            await pilot.press(key, "e")
            dialog = await opened(pilot, FormDialog)
            path = tmp_path / f"{view}.{form}"
            dialog.query_one("#path", Input).value = str(path)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, LiveScreen) and app.workers._workers == set())
            text = path.read_text()
            assert "\x1b" not in text
            shown[view] = list(csv.DictReader(text.splitlines())) if form == "csv" else json.loads(text)["records"]
    assert [record["election"] for record in shown["elections"]][:2] == ["reports/monthly", "mail/outbound"]
    vacant = shown["elections"][0]
    assert (vacant["leader"] or None, vacant["state"], float(vacant["seconds"])) == (None, "vacant", 30.0)
    event = shown["events"][0]
    assert (event["election"], event["kind"], event["before"]) == ("reports/monthly", "vacated", "reports-1")


@pytest.mark.parametrize(("low", "repaints"), [(False, 5), (True, 1)])
async def test_with_low_bandwidth_the_time_is_shown_every_five_seconds(
    low: bool, repaints: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = StillApp(busy_view())
    app._low_bandwidth = low
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, ElectionsScreen))
        told: list[object] = []
        monkeypatch.setattr(app.screen, "tick", told.append)
        for _ in range(5):
            app._tick()
        assert len(told) == repaints


async def test_another_s_candidate_is_evicted_by_typing_its_value(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client, dashboard(etcd.endpoint) as (app, pilot):
        await lead(client, "pay", "node-1", "node-2")
        await until(pilot, lambda: table(app).keys)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen) and len(table(app, "queue").keys) == 2)
        await pilot.press("X")
        await opened(pilot, FormDialog)
        await until(pilot, lambda: "then   leader node-2" in text_of(app))
        await pilot.press(*"node-2", "enter")
        await until(pilot, lambda: "That is not node-1." in text_of(app))
        await pilot.press("backspace", "1", "enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        await until(pilot, lambda: any("'node-2' leads after" in each.message for each in app._notifications))
        assert await client.election("pay").leader() == "node-2"


async def test_read_only_evicts_nobody(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client, dashboard(etcd.endpoint, read_only=True) as (app, pilot):
        await lead(client, "pay", "node-1")
        await until(pilot, lambda: table(app).keys)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen) and table(app, "queue").keys)
        await pilot.press("X")
        await pilot.pause(0.2)
        assert isinstance(app.screen, DetailScreen)
        assert "Evict" not in text_of(app)
