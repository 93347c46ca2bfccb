"""The console: a hand-over is watched where it is caused, with the time that it took."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from election_core import Client
from electiontui.embedded import EmbeddedEtcd
from electiontui.screens.console import ConsoleScreen
from electiontui.screens.dialogs import FormDialog
from electiontui.sources.deeds import Deeds
from electiontui.widgets.timeline import Timeline

from .driving import line, opened, text_of, until
from .test_screens import _campaign, confirm, dashboard, table


def test_runs_are_told_with_their_median_and_their_worst() -> None:
    deeds = Deeds()
    assert deeds.runs() == ""
    for seconds in (0.001, 0.002, 0.009):
        deeds.note("election/a", "handed over", "handed over", seconds)
    deeds.note("election/a", "left the queue")
    deeds.note("election/a", "crash", "crash", 5.0)
    assert deeds.runs() == ("handed over 3×: median 0.002 s, worst 0.009 s · crash 1×: median 5.000 s, worst 5.000 s")
    assert [deed.text for deed in deeds.newest_first()[:2]] == ["crash", "left the queue"]


def test_what_it_remembers_is_bounded() -> None:
    deeds = Deeds()
    for number in range(3000):
        deeds.note("election/a", str(number), "run", float(number))
    assert len(deeds.newest_first()) == 200
    assert deeds.runs().startswith("run 1000×:")


async def test_a_crash_is_timed_until_the_next_one_leads(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client, dashboard(etcd.endpoint) as (app, pilot):
        await _campaign(app, pilot, "drill", "op-a")
        await until(pilot, lambda: app.desk.own["a"].campaign.is_leader)
        waiting = client.election("drill").campaign("op-b")
        await until(pilot, lambda: "op-b" in text_of(app) and "QUEUE 2" in text_of(app))
        await until(pilot, lambda: app.screen.query_one(Timeline).display)
        await pilot.press("A")
        await confirm(pilot)
        await until(pilot, lambda: app.desk.own["a"].last_action.startswith("crash: op-b leads, after "))
        await until(pilot, lambda: waiting.is_leader)
        await until(pilot, lambda: "crash 1×: median" in line(app, "#title"))
        await until(pilot, lambda: "op-a: crash: op-b leads" in text_of(app))


async def test_the_crash_of_a_lone_leader_ends_in_a_vacancy(etcd: EmbeddedEtcd) -> None:
    async with dashboard(etcd.endpoint) as (app, pilot):
        await _campaign(app, pilot, "drill", "op-a")
        await until(pilot, lambda: app.desk.own["a"].campaign.is_leader)
        await pilot.press("A")
        await confirm(pilot)
        await until(pilot, lambda: app.desk.own["a"].last_action.startswith("crash: vacant, seen after "), tries=800)


async def test_the_form_knows_who_asks_and_the_last_ttl(etcd: EmbeddedEtcd) -> None:
    async with dashboard(etcd.endpoint) as (app, pilot):
        await _campaign(app, pilot, "drill", "op-a")
        await until(pilot, lambda: app.desk.own["a"].campaign.is_leader)
        await pilot.press("C")
        form = await opened(pilot, FormDialog)
        texts = {box.id: box.value for box in form.query(Input)}
        assert texts["ttl"] == "5"
        assert texts["value"] == app.desk.own.usual_value != ""


@pytest.mark.parametrize("size", [(40, 15), (80, 24), (120, 40), (200, 60)])
async def test_the_console_fits(etcd: EmbeddedEtcd, size: tuple[int, int]) -> None:
    async with dashboard(etcd.endpoint, size=size) as (app, pilot):
        await pilot.press("5")
        await until(pilot, lambda: isinstance(app.screen, ConsoleScreen))
        await until(pilot, lambda: "You have no candidates yet" in text_of(app))
        if size[0] < 120:
            return
        await _campaign(app, pilot, "drill", "op-a")
        await until(pilot, lambda: app.desk.own["a"].campaign.is_leader and "QUEUE 1" in text_of(app))
        timeline, deeds = app.screen.query_one(Timeline), table(app, "deeds")
        await until(pilot, lambda: timeline.size.height >= 4 and deeds.size.height >= 5)
