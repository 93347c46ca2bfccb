"""What is typed goes where it was meant to go, and nothing is written or given up unasked; in a real terminal."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator

import pexpect
import pytest
from textual import events
from textual.widgets import Input

from election_core import Client
from electiontui.app import ElectionApp
from electiontui.embedded import EmbeddedEtcd
from electiontui.screens.console import ConsoleScreen
from electiontui.screens.detail import DetailScreen
from electiontui.screens.dialogs import ConfirmDialog, FormDialog, LeaveDialog
from electiontui.screens.elections import ElectionsScreen

from ..servers import ROOT, clean_environment
from .driving import opened, text_of, until
from .still import StillApp, busy_view

Start = Callable[[], "pexpect.spawn[str]"]


@pytest.fixture
def start(etcd: EmbeddedEtcd) -> Iterator[Start]:
    """Opens the dashboard in a terminal of its own; before a client is made here, whose threads a fork may harm."""
    started: list[pexpect.spawn[str]] = []

    def spawn() -> pexpect.spawn[str]:
        terminal: pexpect.spawn[str] = pexpect.spawn(
            sys.executable,
            ["-m", "electiontui", "--endpoints", etcd.endpoint],
            cwd=str(ROOT),
            env=clean_environment(TERM="xterm-256color", COLUMNS="120"),
            dimensions=(40, 120),
            timeout=20,
            encoding="utf-8",
        )
        terminal.delaybeforesend = None
        started.append(terminal)
        return terminal

    yield spawn
    for terminal in started:
        terminal.close(force=True)


async def test_a_filter_typed_in_one_piece_filters_and_fires_nothing(etcd: EmbeddedEtcd, start: Start) -> None:
    terminal = start()
    async with Client(etcd.endpoint) as client:
        await client.election("mail").campaign("node-1").wait()
        await client.election("pay").campaign("node-2").wait()
        await asyncio.to_thread(terminal.expect, "node-2")
        terminal.send("/mail")
        await asyncio.to_thread(terminal.expect, "1 of 2.*filter: mail")


async def test_a_form_typed_in_one_piece_campaigns_as_typed(etcd: EmbeddedEtcd, start: Start) -> None:
    terminal = start()
    async with Client(etcd.endpoint) as client:
        await client.election("mail").campaign("node-1").wait()
        await asyncio.to_thread(terminal.expect, "node-1")
        # From the list to the console, its form, the confirmation and past Cancel.
        terminal.send("5Cdrill\tCarla\r\t\r")
        await asyncio.to_thread(terminal.expect, "Carla.*● leading")
        assert await client.election("drill").leader() == "Carla"


async def test_a_form_for_an_election_takes_the_value_first(etcd: EmbeddedEtcd, start: Start) -> None:
    terminal = start()
    async with Client(etcd.endpoint) as client:
        first = await client.election("mail").campaign("node-1").wait()
        await asyncio.to_thread(terminal.expect, "node-1")
        terminal.send("CCPaRacelsus\r\t\r")
        await asyncio.to_thread(terminal.expect, "PaRacelsus.*◌ waiting")
        await first.resign()
        await asyncio.to_thread(terminal.expect, "● leading")
        assert await client.election("mail").leader() == "PaRacelsus"


_CLICK = "\x1b[<0;11;5M\x1b[<0;11;5m"
"""A click on the only election …"""
_AT = (None, 10, 4, 0, 0, 1, False, False, False)
"""… and where."""


async def test_a_click_goes_where_the_key_before_it_has_led(etcd: EmbeddedEtcd) -> None:
    """Not to the dialog that the key has closed, where a button may lie below it."""
    app = ElectionApp(lambda: Client(etcd.endpoint), prefixes=("election/",))
    async with Client(etcd.endpoint) as client, app.run_test(size=(120, 40)) as pilot:
        await client.election("mail").campaign("node-1").wait()
        await until(pilot, lambda: isinstance(app.screen, ElectionsScreen) and "mail" in text_of(app))
        await pilot.press("question_mark")
        await until(pilot, lambda: "only those in trouble" in text_of(app))
        for event in (events.Key("escape", None), events.MouseDown(*_AT), events.MouseUp(*_AT)):
            app.post_message(event)
        await opened(pilot, DetailScreen)


@pytest.mark.parametrize("rounds", range(5))
async def test_a_key_that_is_on_its_way_while_the_app_ends_does_no_harm(rounds: int) -> None:
    """After so many rounds of the event loop there is no screen any more."""
    app = StillApp(busy_view())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "weltkarte" in text_of(app))
        for key in "jjj":
            app.post_message(events.Key(key, key))
        for _ in range(rounds):
            await asyncio.sleep(0)


async def test_a_double_click_opens_an_election_once(etcd: EmbeddedEtcd, start: Start) -> None:
    terminal = start()
    async with Client(etcd.endpoint) as client:
        await client.election("mail").campaign("node-1").wait()
        await asyncio.to_thread(terminal.expect, "node-1")
        terminal.send(_CLICK + _CLICK)
        await asyncio.to_thread(terminal.expect, "fencing token")
        terminal.send("\x1b")
        await asyncio.to_thread(terminal.expect, "ELECTION")


async def test_leaving_asks_what_becomes_of_ones_candidates(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client:
        app = ElectionApp(lambda: Client(etcd.endpoint), prefixes=("election/",))
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: app.desk.view.status().loaded and isinstance(app.screen, ElectionsScreen))
            leading = await app.desk.own.start("drill", "op-a", 30)
            await until(pilot, lambda: leading.campaign.is_leader)
            other = client.election("drill").campaign("node-2")
            await client.election("pay").campaign("node-1").wait()
            await app.desk.own.start("pay", "op-b", 30)
            await until(pilot, lambda: "election/drill   op-a   leads; then leader node-2" in "".join(_fates(app)))
            await pilot.press("q")
            await until(pilot, lambda: isinstance(app.screen, LeaveDialog))
            await until(pilot, lambda: "election/drill   op-a   leads; then leader node-2" in text_of(app))
            await until(pilot, lambda: "election/pay   op-b   waits as 2 of 2; leaves the queue" in text_of(app))
            await other.resign()
            await until(pilot, lambda: "election/drill   op-a   leads; then vacant" in text_of(app))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, ElectionsScreen))
            assert leading.campaign.is_leader
            await pilot.press("q", "y")
            await until(pilot, lambda: leading.is_over)
            await until(pilot, lambda: not app.is_running)
        assert await client.election("drill").candidates() == []


def _fates(app: ElectionApp) -> list[str]:
    from electiontui.screens.actions import _fate

    return [_fate(app.desk, each) for each in app.desk.own.live]


async def test_without_candidates_leaving_does_not_ask(etcd: EmbeddedEtcd) -> None:
    app = ElectionApp(lambda: Client(etcd.endpoint), prefixes=("election/",))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ElectionsScreen))
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)


async def test_an_empty_value_is_taken_only_from_one_who_insists(etcd: EmbeddedEtcd) -> None:
    app = ElectionApp(lambda: Client(etcd.endpoint), prefixes=("election/",))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.desk.view.status().loaded and isinstance(app.screen, ElectionsScreen))
        await pilot.press("5", "C", *"drill", "tab", "delete", "enter")
        await until(pilot, lambda: "The value is empty" in text_of(app))
        assert isinstance(app.screen, FormDialog)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ConsoleScreen))
        assert list(app.desk.own) == []


async def test_a_form_checks_in_place_and_keeps_what_was_typed(etcd: EmbeddedEtcd) -> None:
    app = ElectionApp(lambda: Client(etcd.endpoint), prefixes=("election/",))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.desk.view.status().loaded and isinstance(app.screen, ElectionsScreen))
        await pilot.press("5", "C", *"drill", "tab", *"op-a", "tab", *"x", "enter")
        await until(pilot, lambda: "The TTL is a whole number of seconds; got 'x'." in text_of(app))
        await pilot.press("backspace", "5", "shift+tab", "shift+tab", "end", "slash", "enter")
        await until(pilot, lambda: "slash" in text_of(app))
        assert isinstance(app.screen, FormDialog)
        assert [box.value for box in app.screen.query(Input)] == ["drill/", "op-a", "5"]


async def test_a_confirmation_follows_the_election_while_it_is_open(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client:
        app = ElectionApp(lambda: Client(etcd.endpoint), prefixes=("election/",))
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: app.desk.view.status().loaded and isinstance(app.screen, ElectionsScreen))
            await pilot.press("5", "C", *"drill", "tab", *"op-a", "enter")
            await until(pilot, lambda: "now    vacant" in text_of(app) and "then   leader op-a" in text_of(app))
            await client.election("drill").campaign("node-1").wait()
            await until(pilot, lambda: "now    leader node-1, nobody waits" in text_of(app))
            await until(pilot, lambda: "then   leader unchanged, op-a waits as 2 of 2" in text_of(app))


async def test_nothing_is_said_of_an_election_that_was_never_read() -> None:
    app = ElectionApp(lambda: Client("127.0.0.1:1", timeout=0.5), prefixes=("election/",))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ElectionsScreen))
        await pilot.press("5", "C", *"drill", "tab", *"op-a", "enter")
        await until(pilot, lambda: "now    not read yet" in text_of(app))
        await until(pilot, lambda: "then   leader op-a if nobody leads, or else op-a waits" in text_of(app))
