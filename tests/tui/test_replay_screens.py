"""A recording in the dashboard: its screens, the keys that move it, and that it neither writes nor connects."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from textual.pilot import Pilot

from electiontui.recording import Recording
from electiontui.replay import Index, Player
from electiontui.replay_app import ReplayApp
from electiontui.screens.dialogs import FormDialog
from electiontui.widgets.position_bar import PositionBar

from ..servers import ROOT
from ..test_replay import Scene
from .driving import text_of, until


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "night.jsonl")


@pytest.fixture(autouse=True)
def _no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """H91: a replay shows what was, so it has nobody to ask."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a replay opens a connection")

    monkeypatch.setattr(grpc.aio, "insecure_channel", refuse)
    monkeypatch.setattr(grpc.aio, "secure_channel", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(asyncio, "open_connection", refuse)


@asynccontextmanager
async def playing(
    scene: Scene, start: str | None = None, *, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[ReplayApp, Pilot[Any]]]:
    recording = Recording(scene.path)
    player = Player(recording, Index(recording))
    player.playing = False
    app = ReplayApp(player, start=start)
    async with app.run_test(size=size) as pilot:
        index = player.index
        await until(pilot, lambda: "job" in text_of(app) and (index.share == 1.0 or index.failure is not None))
        yield app, pilot


async def shows(app: ReplayApp, pilot: Pilot[Any], *texts: str) -> None:
    await until(pilot, lambda: all(text in text_of(app) for text in texts))


async def test_it_begins_where_it_is_told_and_every_screen_shows_that_moment(scene: Scene) -> None:
    async with playing(scene, "02:13:30") as (app, pilot):
        await shows(app, pilot, "02:13:30", "host-4", "00:00:30", "replay of night.jsonl")
        await pilot.press("enter")
        await shows(app, pilot, "held 00:00:30", "terms seen 4", "host-4 takes over from host-3")
        await pilot.press("escape", "6")
        await shows(app, pilot, "3 of the last 3", "02:13:00.000")
        await pilot.press("2")
        await shows(app, pilot, "1 lead, 3 only wait", "host-5")
        await pilot.press("4")
        await shows(app, pilot, "0 of 0 answer")
        await pilot.press("3")
        await shows(app, pilot, "warnings")
        assert "READ-ONLY" not in text_of(app)


async def test_keys_move_it_and_the_screens_follow_back_and_forth(scene: Scene) -> None:
    async with playing(scene) as (app, pilot):
        await pilot.press("6")
        # While it is on its way to one step there is none from there.
        for number in (1, 2, 3):
            await pilot.press("full_stop")
            await shows(app, pilot, f"02:1{number}:00", f"{number} of the last {number}")
        await pilot.press("comma")
        await shows(app, pilot, "02:12:00", "2 of the last 2")
        await pilot.press("right_curly_bracket")
        await shows(app, pilot, "02:13:00", "3 of the last 3")
        await pilot.press("left_curly_bracket")
        await shows(app, pilot, "02:12:00", "2 of the last 2")
        await pilot.press("left_curly_bracket")
        await shows(app, pilot, "02:11:00", "1 of the last 1")
        await pilot.press("greater_than_sign", "greater_than_sign")
        await shows(app, pilot, "‖ 15x")
        await pilot.press("less_than_sign")
        await shows(app, pilot, "‖ 4x")


async def test_space_plays_and_stands_still(scene: Scene) -> None:
    async with playing(scene) as (app, pilot):
        # Slow enough for a look at it before it has come to its end.
        app.player.speed = 90.0
        await pilot.press("space")
        await shows(app, pilot, "▶ 90x")
        await until(pilot, lambda: app.player.story.told >= 2)
        await pilot.press("space")
        await shows(app, pilot, "‖ 90x")
        stood_at = app.player.position
        await pilot.pause(0.3)
        assert app.player.position == stood_at
        app.player.speed = 600.0
        await pilot.press("space")
        await until(pilot, lambda: app.player.position == app.player.ends)
        await shows(app, pilot, "‖ 600x", "NOT WATCHED", "the recording ends here")


async def test_it_goes_to_a_moment_that_is_typed_or_clicked(scene: Scene) -> None:
    async with playing(scene) as (app, pilot):
        await pilot.press("at")
        await until(pilot, lambda: isinstance(app.screen, FormDialog) and app.screen.focused is not None)
        await pilot.press(*"99:00", "enter")
        await shows(app, pilot, "'99:00' is no moment of a recording")
        await pilot.press(*["backspace"] * 5, *"2:18", "enter")
        await shows(app, pilot, "02:18:00", "host-9")
        await pilot.click(PositionBar, offset=(20, 0))
        await until(pilot, lambda: app.player.position < app.player.began.replace(minute=13))
        await until(pilot, lambda: "host-9" not in text_of(app))


async def test_what_would_write_or_ask_is_not_offered(scene: Scene) -> None:
    keys = ("C", "P", "R", "X", "a", "5")
    async with playing(scene, "+1m") as (app, pilot):
        screens = list(app.screen_stack), app.current_mode
        await pilot.press(*keys)
        assert (list(app.screen_stack), app.current_mode) == screens
        await pilot.press("enter")
        await shows(app, pilot, "terms seen")
        await pilot.press(*keys)
        assert (len(app.screen_stack), app.current_mode) == (2, "elections")


async def test_an_election_that_is_gone_again_after_going_back_is_no_more(scene: Scene) -> None:
    async with playing(scene, "+5m") as (app, pilot):
        await pilot.press("enter")
        await shows(app, pilot, "host-6", "terms seen 6")
        app.player.began = app.player.began.replace(minute=9)
        app._move(app.player.seek(app.player.began))
        await shows(app, pilot, "not seen under this prefix")
        assert "host-" not in text_of(app)


async def test_a_cut_off_line_is_told(scene: Scene) -> None:
    """H92: what is left of it can be played."""
    scene.path.write_bytes(scene.path.read_bytes()[:-9])
    async with playing(scene) as (app, pilot):
        await shows(app, pilot, "its last line was cut off, and is left out")


async def test_a_damaged_line_is_told_and_it_stops_before_it(scene: Scene) -> None:
    lines = scene.path.read_bytes().splitlines(keepends=True)
    scene.path.write_bytes(b"".join([*lines[:8], b"oh\n", *lines[9:]]))
    async with playing(scene) as (app, pilot):
        app.player.toggle()
        app.player.speed = 3600.0
        await shows(app, pilot, "line 9: ", "host-3")


async def test_the_recording_of_the_pictures_plays_to_its_end() -> None:
    recording = Recording(ROOT / "screenshots" / "night.jsonl")
    player = Player(recording, Index(recording))
    app = ReplayApp(player, start="-10s")
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(app, pilot, "20 elections: 18 ok", "1 VACANT", "node-05")
        player.playing, player.speed = True, 60.0
        await until(pilot, lambda: player.position == player.ends and not player.playing)
    assert (recording.note, player.failure) == (None, None)


async def test_it_fits_a_small_terminal(scene: Scene) -> None:
    async with playing(scene, "+2m", size=(60, 16)) as (app, pilot):
        await shows(app, pilot, "host-3", "┃")
        assert all(len(line) <= 60 for line in text_of(app).splitlines())


@pytest.mark.parametrize("size", [(40, 15), (80, 24), (120, 40), (200, 60)])
async def test_nothing_of_an_election_is_pushed_off_the_screen(scene: Scene, size: tuple[int, int]) -> None:
    """There is one line more than in the live dashboard, whether charts are shown or not."""
    async with playing(scene, "02:13:30", size=size) as (app, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query("#charts"))
        for key in ("c", "c", "c", "z", "z"):
            await pilot.press(key)
            await pilot.pause(0.1)
            assert app.screen.virtual_size.height == size[1], key
