"""The dashboard on a history: yesterday is there at once on start, and long stretches do not slow it."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from election_core import Client, Transition, utc_now
from electiontui.app import ElectionApp
from electiontui.embedded import EmbeddedEtcd
from electiontui.history.recorder import Recorder
from electiontui.screens.detail import DetailScreen
from electiontui.sources import ClusterView
from electiontui.widgets.timeline import SPANS, Timeline

from ..history_days import busy, moved, spread
from .driving import line, text_of, until

FRAME = 0.04
"""Seconds of a core. Drawn from all changes of a day, a frame takes a tenth and more."""
YESTERDAY = re.compile(r"aa╱+aa+[░│]+bb+[░│]*╱╱╱")
HOST_A = re.compile(r"╱+.?█{4,}.?╱{4,}.?█{5,}[^╱]{10,}╱{10,}.?")
HOST_B = re.compile(r"╱+ {4,}╱{4,} {5,}[^╱█]*█{8,}[^╱█]*╱{10,}.?")
NOBODY = re.compile(r"╱+ {4,}╱{4,} {5,}.{0,2}▄{5,}.? {8,}[^╱]*╱{10,}.?")
"""Three days with yesterday in them, as a strip and as lanes."""


@asynccontextmanager
async def dashboard(etcd: EmbeddedEtcd, file: Path | None) -> AsyncIterator[tuple[ElectionApp, Pilot[Any]]]:
    app = ElectionApp(
        lambda: Client(etcd.endpoint), prefixes=("election/",), keeps_history=file is not None, history=file
    )
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.desk.view.status().loaded)
        yield app, pilot


async def recorded(etcd: EmbeddedEtcd, file: Path, *values: str) -> None:
    """What a recorder sees while these lead one after the other; the last of them stays for the test."""
    recorder = Recorder(file)
    view = ClusterView(lambda: Client(etcd.endpoint), "election/", recorder=recorder)
    async with view, Client(etcd.endpoint) as client:
        async with asyncio.timeout(20):
            await recorder.ready.wait()
            for value in values:
                async with client.election("orders").campaign(value):
                    await asyncio.sleep(0)
            while not ended(view.last_transition, values[-1].encode()):
                view.take_news()
                await asyncio.sleep(0.05)
        view.note_watching(utc_now())


def ended(last: Transition | None, value: bytes) -> bool:
    return last is not None and last.kind == "vacated" and last.before is not None and last.before.value == value


@asynccontextmanager
async def leading(etcd: EmbeddedEtcd, value: str) -> AsyncIterator[None]:
    async with Client(etcd.endpoint) as client, client.election("orders").campaign(value):
        yield


def lanes(app: ElectionApp) -> dict[str, str]:
    timelines = app.screen.query(Timeline)
    # It knows its lanes before it is told its size, and draws none of them until then.
    if not timelines or not timelines.first().lines:
        return {}
    return dict(zip((lane.label for lane in timelines.first().lanes), timelines.first().lines, strict=True))


async def test_past_terms_are_there_at_once_on_start(etcd: EmbeddedEtcd, tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    await recorded(etcd, file, "host-a", "host-b")
    moved(file, -timedelta(minutes=3))
    async with leading(etcd, "host-c"), dashboard(etcd, file) as (app, pilot):
        await until(pilot, lambda: len(app.desk.view.logs["orders"].terms) > 4)
        terms = app.desk.view.logs["orders"].terms
        assert [term.leader and term.first_value for term in terms][-1] == b"host-c"
        assert {b"host-a", b"host-b"} <= {term.first_value for term in terms}
        await until(pilot, lambda: "╱╱╱" in text_of(app), 800)
        app.push_screen(DetailScreen(app.desk, "orders"))
        await until(pilot, lambda: {"host-a", "host-b", "host-c", "vacant"} == set(lanes(app)))
        await until(pilot, lambda: all("╱╱╱" in drawn for drawn in lanes(app).values()))
        assert "terms seen 3" in line(app, "#title")


async def test_after_a_restart_list_and_detail_show_yesterdays_leaders_and_when_nobody_looked(
    etcd: EmbeddedEtcd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Yesterday a led for long, then nobody, then b; for some hours of a's, and since b's, no recorder ran."""
    monkeypatch.setenv("NO_COLOR", "1")
    file = tmp_path / "history.db"
    await recorded(etcd, file, "host-a", "host-b")
    now = utc_now()

    def ago(hours: float) -> datetime:
        return now - timedelta(hours=hours)

    spread(file, [ago(64), ago(44), ago(36), ago(24)], [(ago(64), ago(58)), (ago(52), ago(22))])
    async with leading(etcd, "host-c"), dashboard(etcd, file) as (app, pilot):
        for _ in range(12):
            await pilot.press("minus")
        await pilot.press("plus")
        await until(pilot, lambda: YESTERDAY.search(text_of(app)))
        await pilot.press("enter")
        await until(pilot, lambda: "host-c" in lanes(app))
        timeline = app.screen.query_one(Timeline)
        days = next(seconds for seconds in SPANS if seconds >= 3 * 86400)
        await pilot.press(*["minus"] * (SPANS.index(days) - SPANS.index(int(timeline.span.total_seconds()))))
        await until(pilot, lambda: timeline.span == timedelta(seconds=days))
        # What is long ago comes piece by piece.
        for lane, drawn in {"host-a": HOST_A, "host-b": HOST_B, "vacant": NOBODY}.items():
            await until(pilot, partial(_is_drawn, app, lane, drawn))


def _is_drawn(app: ElectionApp, lane: str, drawn: re.Pattern[str]) -> object:
    return drawn.fullmatch(lanes(app).get(lane, ""))


async def test_without_a_history_there_is_none(etcd: EmbeddedEtcd, tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    await recorded(etcd, file, "host-a")
    before = file.read_bytes()
    async with leading(etcd, "host-c"), dashboard(etcd, None) as (app, pilot):
        app.push_screen(DetailScreen(app.desk, "orders"))
        await until(pilot, lambda: "host-c" in lanes(app))
        assert set(lanes(app)) == {"host-c", "vacant"}
    assert file.read_bytes() == before


async def test_a_history_that_cannot_be_kept_is_told_and_costs_nothing_else(etcd: EmbeddedEtcd, tmp_path: Path) -> None:
    """H90"""
    (tmp_path / "file").touch()
    async with leading(etcd, "host-c"), dashboard(etcd, tmp_path / "file" / "history.db") as (app, pilot):
        await until(pilot, lambda: "HISTORY NOT KEPT" in line(app, "#status"))
        await until(pilot, lambda: "host-c" in text_of(app))


async def test_yesterday_is_a_few_keys_away_and_no_frame_takes_long(etcd: EmbeddedEtcd, tmp_path: Path) -> None:
    """A day at one change a second; what is drawn of ten a second is as much."""
    file, now = tmp_path / "history.db", utc_now()
    busy(file, b"election/orders", now - timedelta(hours=25), now - timedelta(hours=1), 1)
    async with leading(etcd, "host-z"), dashboard(etcd, file) as (app, pilot):
        app.push_screen(DetailScreen(app.desk, "orders"))
        await until(pilot, lambda: "host-z" in lanes(app))
        timeline = app.screen.query_one(Timeline)
        while timeline.span < timedelta(days=1):
            timeline.zoom(1)
        await until(pilot, lambda: "▓" in lanes(app).get("host-0", "") or "░" in lanes(app).get("host-0", ""), 800)
        await until(pilot, lambda: {f"host-{number}" for number in range(4)} <= set(lanes(app)))
        there_and_back, tiles = (-0.25, -0.25, 0.25, 0.25), app.desk.view.past._tiles
        for step in there_and_back:
            timeline.pan(step)
            # A frame costs more once all of its pieces are there.
            await until(pilot, lambda: tiles._reading is None or tiles._reading.done(), 800)
        rounds = []
        for _ in range(5):
            rounds.append([_drawn_in(timeline, step) for step in there_and_back])
            await pilot.pause(0.05)
        # Other programs, and what the processor does for them, may hold up any but the fastest at each place.
        best = [min(frames) for frames in zip(*rounds, strict=True)]
        bound = FRAME * (4 if sys.gettrace() else 1)  # being traced costs several times as much
        assert max(best) <= bound, rounds
        timeline.point(now - timedelta(hours=13))
        await until(pilot, lambda: timeline.reading is not None and timeline.reading.changes > 50)


def _drawn_in(timeline: Timeline, step: float) -> float:
    """How much of a core it takes to pan, and to draw what is there then."""
    began = time.thread_time()
    timeline.pan(step)
    for y in range(timeline.size.height):
        timeline.render_line(y)
    return time.thread_time() - began
