"""The views on keys, the search for elections, and several prefixes at once, on a real etcd."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest
from textual.widgets import Button

from election_core import Candidate, Client
from electiontui.embedded import EmbeddedEtcd
from electiontui.screens import find
from electiontui.screens.console import ConsoleScreen
from electiontui.screens.detail import DetailScreen
from electiontui.screens.elections import ElectionsScreen
from electiontui.screens.events import EventsScreen
from electiontui.screens.find import FindDialog
from electiontui.screens.leaders import LeadersScreen
from electiontui.screens.live import LiveScreen

from .driving import line, text_of, until
from .test_screens import dashboard, table

SIZES = [(40, 15), (80, 24), (120, 40), (200, 60)]


async def lead(client: Client, name: str, *values: str, prefix: str = "election/") -> None:
    """Candidates of one election in this order."""
    election = client.election(name, prefix=prefix)
    await election.campaign(values[0]).wait()
    for place, value in enumerate(values[1:], 2):
        election.campaign(value)
        while len(await election.candidates()) < place:
            pass


@pytest.mark.timeout(180)
async def test_a_key_goes_to_each_view_and_back_to_where_it_was_left(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client, dashboard(etcd.endpoint) as (app, pilot):
        await lead(client, "pay", "host-1")
        await until(pilot, lambda: table(app).keys)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        views: dict[str, type[LiveScreen]] = {"2": LeadersScreen, "6": EventsScreen, "5": ConsoleScreen}
        for key, view in views.items():
            await pilot.press(key)
            await until(pilot, partial(lambda view: isinstance(app.screen, view), view))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, ElectionsScreen))
        for _ in range(20):
            await pilot.press("2", "6", "1")
        assert len(app.screen_stack) == 1


async def test_read_only_has_no_console(etcd: EmbeddedEtcd) -> None:
    async with dashboard(etcd.endpoint, read_only=True) as (app, pilot):
        await pilot.press("5")
        await pilot.pause()
        assert isinstance(app.screen, ElectionsScreen)


@pytest.mark.parametrize("size", SIZES)
async def test_leaders_say_what_they_lead_and_who_is_next(etcd: EmbeddedEtcd, size: tuple[int, int]) -> None:
    async with Client(etcd.endpoint) as client, dashboard(etcd.endpoint, size=size) as (app, pilot):
        await lead(client, "a", "host-1", "host-2")
        await lead(client, "b", "host-1")
        await lead(client, "c", "host-2")
        await until(pilot, lambda: len(table(app).keys) == 3)
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, LeadersScreen) and list(table(app, "leaders").keys))
        await until(pilot, lambda: list(table(app, "leaders").keys) == ["host-1", "host-2"])
        await until(pilot, lambda: list(table(app, "heirs").keys) == ["b", "a"])
        await until(pilot, lambda: "NOBODY" in text_of(app) and "2 elections have no heir" in line(app, "#title"))
        await pilot.press("down")
        await until(pilot, lambda: list(table(app, "heirs").keys) == ["c"])
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ElectionsScreen) and list(table(app).keys) == ["c"])


@pytest.mark.parametrize("size", SIZES)
async def test_events_of_all_elections_come_newest_first(etcd: EmbeddedEtcd, size: tuple[int, int]) -> None:
    async with Client(etcd.endpoint) as client, dashboard(etcd.endpoint, size=size) as (app, pilot):
        await pilot.press("6")
        await until(pilot, lambda: isinstance(app.screen, EventsScreen))
        leader = client.election("pay").campaign("host-1")
        await leader.wait()
        await lead(client, "mail", "host-2")
        await until(pilot, lambda: [key.partition(" ")[2] for key in table(app, "all-events").keys] == ["mail", "pay"])
        await leader.proclaim("again")
        await until(pilot, lambda: "2 of the last 3" in line(app, "#title"))
        await pilot.press("p")
        await until(pilot, lambda: len(table(app, "all-events").keys) == 3)
        await pilot.press("slash", *"host-2")
        await until(pilot, lambda: [key.partition(" ")[2] for key in table(app, "all-events").keys] == ["mail"])
        await pilot.press("enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen) and "mail" in line(app, "#title"))


async def test_what_is_found_can_be_watched_several_at_once(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client:
        await lead(client, "pay", "host-1", prefix="services/")
        await lead(client, "eu", "host-2", prefix="jobs/")
        await lead(client, "us", "host-3", prefix="jobs/")
        async with dashboard(etcd.endpoint) as (app, pilot):
            await until(pilot, lambda: "Press a to find elections elsewhere" in text_of(app))
            await pilot.press("a")
            await until(pilot, lambda: isinstance(app.screen, FindDialog))
            await until(pilot, lambda: "done: 3 keys" in line(app, "#progress"))
            # What was watched at first is offered, too.
            assert list(table(app, "prefixes").keys) == ["election/", "jobs/", "services/"]
            await pilot.press("down", "space", "space", "enter")
            await until(pilot, lambda: isinstance(app.screen, ElectionsScreen))
            await until(pilot, lambda: sorted(table(app).keys) == ["jobs/eu", "jobs/us", "services/pay"])
            assert "jobs/ services/" in line(app, "#title")
            await pilot.press("a")
            await until(pilot, lambda: isinstance(app.screen, FindDialog) and "done" in line(app, "#progress"))
            await pilot.press("home", "enter")
            await until(pilot, lambda: app.desk.view.prefixes == ("election/",))


async def test_nothing_is_watched_where_the_search_is_left(etcd: EmbeddedEtcd) -> None:
    async with dashboard(etcd.endpoint) as (app, pilot):
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, FindDialog))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ElectionsScreen))
        assert app.desk.view.prefixes == ("election/",)


async def test_a_large_database_is_asked_for_first(etcd: EmbeddedEtcd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "LARGE", 1)
    async with dashboard(etcd.endpoint) as (app, pilot):
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, FindDialog) and "etcd holds" in line(app, "#progress"))
        assert "no values but those of candidates" in line(app, "#progress")
        await until(pilot, lambda: isinstance(app.focused, Button) and app.focused.id == "look")
        await pilot.press("enter")
        await until(pilot, lambda: "done" in line(app, "#progress"))


class Endless:
    """A search that finds one election and goes on looking."""

    seen = 10_000

    async def __aiter__(self) -> AsyncIterator[tuple[str, tuple[Candidate, ...]]]:
        yield "a/pay", ()
        await asyncio.Event().wait()


async def test_a_search_that_is_stopped_keeps_what_it_found(
    etcd: EmbeddedEtcd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, "find_elections", lambda client: Endless())
    async with dashboard(etcd.endpoint) as (app, pilot):
        await pilot.press("a")
        await until(pilot, lambda: "looking: 10,000 keys" in line(app, "#progress") and "1 elections" in text_of(app))
        await pilot.press("s")
        await until(pilot, lambda: "stopped: 10,000 keys" in line(app, "#progress"))
        assert list(table(app, "prefixes").keys) == ["a/", "election/"]
