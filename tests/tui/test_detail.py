"""The screen of one election: its lanes, outages, sizes, the reading cursor, copying and export."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.color import Color
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Input

from election_core import Client, Transition
from electiontui.app import ElectionApp
from electiontui.embedded import EmbeddedEtcd
from electiontui.screens.detail import DetailScreen
from electiontui.screens.detail_layout import Shares, shares
from electiontui.screens.dialogs import FormDialog
from electiontui.screens.exporting import OverwriteDialog
from electiontui.screens.value import ValueDialog, lines_of
from electiontui.widgets.charts import Chart
from electiontui.widgets.timeline import Timeline
from electiontui.widgets.virtual_table import VirtualTable

from .driving import line, opened, text_of, until
from .still import NOW, StillApp, StillView, busy_view, candidate


@pytest.fixture(autouse=True)
def _local_time_is_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


SIZES = [(40, 15), (80, 24), (120, 40), (200, 60)]


async def open_detail(app: ElectionApp, pilot: Pilot[Any], name: str = "drill/payments") -> Timeline:
    await until(pilot, lambda: "ELECTION" in text_of(app))
    app.push_screen(DetailScreen(app.desk, name))
    await until(pilot, lambda: isinstance(app.screen, DetailScreen) and "CANDIDATE" in text_of(app))
    timeline = app.screen.query_one(Timeline)
    # It draws when it is told its size, which is after the tables have been laid out.
    await until(pilot, lambda: timeline.lines)
    return timeline


@pytest.mark.timeout(180)
async def test_all_lanes_are_there_each_time_it_is_opened() -> None:
    app = StillApp(busy_view())
    async with app.run_test(size=(120, 40)) as pilot:
        for _ in range(24):
            timeline = await open_detail(app, pilot)
            await until(pilot, partial(_has_all_its_lines, timeline, 4))
            await pilot.press("escape")


def _has_all_its_lines(timeline: Timeline, lanes: int) -> bool:
    return (len(timeline.lines), timeline.size.height) == (lanes, lanes + 2)


@pytest.mark.parametrize(
    ("height", "lanes", "queue", "events", "charts", "given"),
    [
        (15, 7, 3, 9, False, Shares(5, 3, 3, 0)),
        (24, 8, 3, 5, False, Shares(14, 4, 8, 0)),
        (24, 99, 50, 500, False, Shares(14, 3, 3, 0)),
        (24, 8, 3, 5, True, Shares(10, 4, 8, 12)),
        (40, 8, 3, 5, False, Shares(30, 6, 8, 14)),
        (40, 8, 3, 500, False, Shares(30, 6, 22, 0)),
        (40, 99, 50, 500, False, Shares(30, 3, 3, 0)),
        (60, 8, 50, 500, False, Shares(50, 24, 24, 0)),
        (60, 8, 3, 500, True, Shares(46, 6, 42, 48)),
    ],
)
def test_who_gets_how_many_lines(height: int, lanes: int, queue: int, events: int, charts: bool, given: Shares) -> None:
    assert shares(height, lanes, queue, events, charts=charts) == given


@pytest.mark.parametrize("size", SIZES)
async def test_no_pane_is_half_empty_while_another_lacks_room(size: tuple[int, int]) -> None:
    view = busy_view()
    many = [(float(1000 - n), f"node-{n:02}") for n in range(40)]
    view.add("many", many, [f"waits-{n}" for n in range(30)])
    app = StillApp(view)
    async with app.run_test(size=size) as pilot:
        timeline = await open_detail(app, pilot, "many")
        await until(pilot, lambda: len(timeline.lines) >= 31)
        panes = timeline, *(app.screen.query_one(each, VirtualTable) for each in ("#queue", "#events"))
        await until(pilot, lambda: sum(pane.outer_size.height for pane in panes) == size[1] - 4)
        _, queue, events = panes
        assert len(timeline.lines) + 4 > size[1] - 4 - 6 or timeline.size.height == len(timeline.lines) + 2
        assert queue.outer_size.height >= 3
        assert events.outer_size.height >= 3
        # Nothing that was written is wider than the screen, and every line is used.
        assert all(len(each) <= size[0] for each in text_of(app).splitlines())


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_left_over_shows_charts_or_nothing(size: tuple[int, int]) -> None:
    app = StillApp(busy_view())
    async with app.run_test(size=size) as pilot:
        await open_detail(app, pilot)
        await until(pilot, lambda: ("vacancies by duration" in text_of(app)) is (size[1] >= 40))
        await pilot.press("c")
        await until(pilot, lambda: "leader changes per minute" in text_of(app) and "CANDIDATE" not in text_of(app))
        if size[0] < 90:
            await pilot.press("c", "c")
            await until(pilot, lambda: "vacancies by duration" in text_of(app))
        await pilot.press("c")
        await until(pilot, lambda: "CANDIDATE" in text_of(app))


def _note(drawn: list[str], which: str, *_: object) -> str:
    drawn.append(which)
    return which


async def test_charts_are_drawn_only_when_they_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    app = StillApp(busy_view())
    async with app.run_test(size=(120, 30)) as pilot:
        await open_detail(app, pilot)
        for chart in app.screen.query(Chart):
            monkeypatch.setattr(chart, "_drawing", partial(_note, drawn, str(chart.id)))
        screen = app.screen
        assert isinstance(screen, DetailScreen)
        screen.tick(NOW)
        await pilot.pause(0.1)
        assert drawn == []
        await pilot.press("c")
        await until(pilot, lambda: set(drawn) == {"changes", "held", "vacancies"})
        before = len(drawn)
        screen.tick(NOW + timedelta(seconds=1))
        assert len(drawn) == before
        log = app.desk.view.logs["drill/payments"]
        for number in range(20):
            log.record(Transition("drill/payments", 9000 + number, log.current.leader, None, False, NOW))
            log.record(Transition("drill/payments", 9000 + number, None, candidate("x", "y", 9), False, NOW))
            screen.show_time(NOW + timedelta(seconds=2 + number / 20))
        assert len(drawn) == before + 3


async def test_an_outage_is_nobodys_leadership_during_it_and_afterwards(etcd: EmbeddedEtcd) -> None:
    app = ElectionApp(lambda: Client(etcd.endpoint, timeout=1.0), prefixes=("election/",))
    async with Client(etcd.endpoint) as client, app.run_test(size=(120, 40)) as pilot:
        await client.election("pay", ttl=60).campaign("node-1").wait()
        await until(pilot, lambda: "pay" in app.desk.view.rows)
        timeline = await open_detail(app, pilot, "pay")
        await until(pilot, lambda: app.desk.view.watched.lost_at is None and "/60s" in text_of(app))
        etcd.members[0].freeze()
        try:
            await until(pilot, lambda: "?   fencing" in line(app, "#title"), tries=800)
            lost_at, title = app.desk.view.watched.lost_at, line(app, "#title")
            assert lost_at is not None
            await until(pilot, lambda: app.desk.now() - lost_at > timedelta(seconds=6), tries=800)
            assert line(app, "#title") == title
            hatched = [drawn.rstrip()[-8:] for drawn in timeline.lines]
            assert hatched == ["╱" * 8] * 2
            queue = app.screen.query_one("#queue", VirtualTable)
            assert {cell[-1] for cell in queue._cells_of(queue.keys[0]).values()} == {"muted"}
        finally:
            etcd.members[0].thaw()
        await until(pilot, lambda: "?" not in line(app, "#title"), tries=1200)
        back = app.desk.now()
        await until(pilot, lambda: app.desk.now() - back > timedelta(seconds=1))
        stretch = list(app.desk.view.watched.unwatched(lost_at, back))
        assert stretch[0].since == lost_at
        assert all("╱" * 8 in drawn for drawn in timeline.lines)
        # What is drawn is as old as the last tick.
        await until(pilot, lambda: timeline.lines[0].rstrip()[-1] not in "╱?")
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "of it not watched" in line(app, "#picked"))


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
async def test_every_text_stands_out_from_its_ground_and_what_is_dim_is_between(theme: str) -> None:
    app = StillApp(busy_view(connected=False))
    async with app.run_test(size=(120, 40)) as pilot:
        app.theme = theme
        timeline = await open_detail(app, pilot)
        await pilot.pause()
        queue = app.screen.query_one("#queue", VirtualTable)
        dim = luminances(queue.render_line(2), "next")
        plain = luminances(timeline.render_line(0), "node-03")
        for ink, ground in (dim, plain):
            assert abs(ink - ground) > 60
        assert abs(dim[0] - dim[1]) < abs(plain[0] - plain[1])


def luminances(strip: Strip, text: str) -> tuple[float, float]:
    """How light a text and its ground are, from 0 to 255."""
    style = next(segment.style for segment in strip if text in segment.text)
    assert style is not None
    assert style.color is not None
    assert style.bgcolor is not None
    return brightness(style.color), brightness(style.bgcolor)


def brightness(colour: Color) -> float:
    red, green, blue = colour.get_truecolor()
    return 0.299 * red + 0.587 * green + 0.114 * blue


async def test_an_enlarged_timeline_has_thick_lanes() -> None:
    app = StillApp(busy_view())
    async with app.run_test(size=(100, 30)) as pilot:
        timeline = await open_detail(app, pilot)
        await pilot.press("z")
        await until(pilot, lambda: timeline.outer_size.height == 26)
        lines = [timeline.render_line(y).text for y in range(timeline.size.height)]
        assert [y for y, text in enumerate(lines) if "node-" in text] == [2, 7, 12]
        assert lines[0][20:] == lines[4][20:] != lines[5][20:]
        assert "11:56" in lines[21]


async def test_the_reading_cursor_reads_below_the_lanes_and_enter_on_an_event_goes_there() -> None:
    app = StillApp(busy_view())
    async with app.run_test(size=(160, 40)) as pilot:
        timeline = await open_detail(app, pilot)
        await pilot.press("left_square_bracket", "left_square_bracket")
        await until(pilot, lambda: "vacant" in line(app, "#picked"))
        assert "30.0 s" in line(app, "#picked")
        assert "rev 3751" in line(app, "#picked")
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "node-03  from" in line(app, "#picked"))
        assert "token 3761" in line(app, "#picked")
        await pilot.press("minus", "plus", "plus", "plus", "plus")
        app.screen.query_one("#events").focus()
        await pilot.press("G", "enter")
        await until(pilot, lambda: "vacant" in line(app, "#picked") and "rev 3721" in line(app, "#picked"))
        assert timeline.window is not None
        assert timeline.window.since < NOW - timedelta(seconds=225) < timeline.window.until
        await pilot.press("0")
        await until(pilot, lambda: "[ ] reads" in line(app, "#picked"))


async def test_z_enlarges_and_keeps_the_status(monkeypatch: pytest.MonkeyPatch) -> None:
    app = StillApp(busy_view())
    async with app.run_test(size=(100, 30)) as pilot:
        await open_detail(app, pilot)
        for pane, gone in (("timeline", "CANDIDATE"), ("queue", "EVENT"), ("events", "CANDIDATE")):
            app.screen.query_one(f"#{pane}").focus()
            await pilot.press("z")
            await until(pilot, partial(_is_enlarged, app, pane))
            await until(pilot, lambda: "endpoints" in text_of(app) and "Zoom" in text_of(app))
            assert gone not in text_of(app)
            await pilot.press("escape")
            await until(pilot, lambda: "CANDIDATE" in text_of(app) and "EVENT" in text_of(app))
            assert isinstance(app.screen, DetailScreen)


def _has(copied: list[str], count: int) -> bool:
    return len(copied) >= count


def _is_enlarged(app: ElectionApp, pane: str) -> bool:
    return app.screen.query_one(f"#{pane}").outer_size.height == 30 - 4


async def test_y_copies_what_has_the_focus_and_says_what(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    app = StillApp(busy_view())
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    monkeypatch.setattr(StillApp, "NOTIFICATION_TIMEOUT", 60.0)  # what was said first is looked at last
    async with app.run_test(size=(120, 40)) as pilot:
        await open_detail(app, pilot)
        # On the timeline Y has nothing to copy.
        for pane, keys, count in (("timeline", ("Y", "y"), 1), ("queue", ("y", "Y"), 3), ("events", ("y", "Y"), 5)):
            app.screen.query_one(f"#{pane}").focus()
            await pilot.press(*keys)
            await until(pilot, partial(_has, copied, count))
        assert copied == [
            "3761",
            "election/drill/payments/694d8257079faeb1",
            "694d8257079faeb1",
            "node-03",
            "11:59:00.000  node-03 elected, vacant 30.0 s  3761",
        ]
        said = [note.message.partition(":")[0].removeprefix("Copied the ") for note in app._notifications]
        assert said == ["fencing token", "key", "lease", "value", "line"]


async def test_times_are_those_that_the_wall_clock_showed(monkeypatch: pytest.MonkeyPatch) -> None:
    app = StillApp(busy_view())
    async with app.run_test(size=(120, 40)) as pilot:
        wall = app.desk.view.wall
        monkeypatch.setattr(wall, "note", lambda *_: None)
        monkeypatch.setattr(wall, "_since", [NOW - timedelta(seconds=300), NOW - timedelta(seconds=70)])
        monkeypatch.setattr(wall, "_offsets", [timedelta(0), timedelta(hours=1)])
        timeline = await open_detail(app, pilot)
        assert "12:59:00.000 node-03 elected" in text_of(app)
        assert "11:58:30.000 node-11 gone" in text_of(app)
        await pilot.press("left_square_bracket", "left_square_bracket")
        await until(pilot, lambda: "from 11:58:30 to 12:59:00  30.0 s" in line(app, "#picked"))
        assert "12:59" in timeline.render_line(5).text


async def test_the_mouse_reads_what_it_is_on_while_there_is_no_cursor() -> None:
    app = StillApp(busy_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await open_detail(app, pilot)
        await pilot.hover("#timeline", offset=(110, 1))
        await until(pilot, lambda: "node-03" in line(app, "#picked"))
        await pilot.hover("#queue", offset=(5, 1))
        await until(pilot, lambda: "[ ] reads" in line(app, "#picked"))


async def test_the_value_whole_as_text_json_and_hex(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    view = StillView()
    view.add("drill/console", [(200, None), (180, "op-alice")], ["op-bob"])
    view.add("job", [(60, '{"host": "a", "ports": [1, 2]}')])
    app = StillApp(view)
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=(100, 30)) as pilot:
        await open_detail(app, pilot, "job")
        await pilot.press("v")
        await until(pilot, lambda: '{"host": "a", "ports": [1, 2]}' in text_of(app))
        assert isinstance(app.screen, ValueDialog)
        await pilot.press("v")
        await until(pilot, lambda: '  "host": "a",' in text_of(app))
        await pilot.press("v")
        await until(pilot, lambda: "00000000  7b 22 68" in text_of(app))
        await pilot.press("y", "escape")
        await until(pilot, lambda: copied)
        assert copied == ['{"host": "a", "ports": [1, 2]}']


@pytest.mark.parametrize(
    ("value", "form", "lines"),
    [
        (b"", "text", []),
        (b"a\r\nbb\n", "text", ["a", "bb", ""]),
        ("宽宽宽".encode(), "text", ["宽宽", "宽"]),
        (b"\xff\x1b", "text", ["\\xff\\", "x1b"]),
        (b"x", "JSON", ["This is not JSON."]),
        (b'{"a":1}', "JSON", ["{", '  "a"', ": 1", "}"]),
        (b"\x00A", "hex", ["00000000  00 41                                             .A"]),
    ],
)
def test_values_in_lines(value: bytes, form: str, lines: list[str]) -> None:
    assert [each for some in lines_of(value, form, 5) for each in some] == lines


def test_a_large_value_comes_piece_by_piece_and_whole() -> None:
    value = ("宽字" * 20_000).encode()
    pieces = list(lines_of(value, "text", 80))
    assert len(pieces) > 5
    assert "".join(each for some in pieces for each in some).encode() == value


async def test_the_timeline_is_exported_and_nothing_is_written_over_unasked(tmp_path: Path) -> None:
    app = StillApp(busy_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await open_detail(app, pilot)
        files = [tmp_path / f"a.{form}" for form in ("csv", "json", "svg")]
        for file in files:
            await _export_to(app, pilot, file)
        # A file is there before all of it is written.
        await until(pilot, lambda: not any(worker.group == "export" for worker in app.workers))
        rows = (tmp_path / "a.csv").read_text("utf-8").splitlines()
        assert rows[0].startswith("leader,value,key,lease,token,began")
        assert len(rows) == 1 + 6
        assert "node-11" in rows[4]
        found = json.loads((tmp_path / "a.json").read_text("utf-8"))
        assert [term["leader"] for term in found["terms"]] == ["node-03", "", "node-07", "node-11", "", "node-03"]
        assert (tmp_path / "a.svg").read_text("utf-8").startswith("<svg")
        (tmp_path / "a.csv").write_text("mine", "utf-8")
        await _export_to(app, pilot, tmp_path / "a.csv")
        await until(pilot, lambda: isinstance(app.screen, OverwriteDialog))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        assert (tmp_path / "a.csv").read_text("utf-8") == "mine"
        await _export_to(app, pilot, tmp_path / "a.xlsx")
        await until(pilot, lambda: any("must end in .csv" in note.message for note in app._notifications))


async def _export_to(app: ElectionApp, pilot: Pilot[Any], path: Path) -> None:
    await pilot.press("e")
    form = await opened(pilot, FormDialog)
    form.query_one(Input).value = str(path)
    form.query_one(Input).focus()
    await pilot.press("enter")
    await until(pilot, lambda: not isinstance(app.screen, FormDialog))


async def test_a_dying_leader_is_told_of_before_and_its_end_is_explained(etcd: EmbeddedEtcd) -> None:
    app = ElectionApp(lambda: Client(etcd.endpoint, timeout=1.0), prefixes=("election/",))
    async with Client(etcd.endpoint) as client, app.run_test(size=(160, 40)) as pilot:
        election = client.election("job", ttl=9)
        first = await election.campaign("first").wait()
        second = election.campaign("second")
        await until(pilot, lambda: "job" in app.desk.view.rows and app.desk.view.rows["job"].queue == 2)
        await open_detail(app, pilot, "job")
        await until(pilot, lambda: "● first" in line(app, "#title"))
        await until(pilot, lambda: app.desk.view.leases.ttls.get(first.lease_id) == 9)
        first.abandon()
        await until(pilot, lambda: "DYING: not renewed for " in line(app, "#title"), tries=800)
        assert line(app, "#title").endswith("s left, next: second")
        await until(pilot, lambda: "second takes over from first (its lease ran out)" in text_of(app), tries=800)
        await until(pilot, lambda: app.desk.view.leases.ttls.get(second.lease_id) == 9)
        await second.resign()
        await until(pilot, lambda: "second gone, vacant (before its lease ran out)" in text_of(app))
