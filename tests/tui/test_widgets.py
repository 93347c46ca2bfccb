"""The widgets on the pure core, without any etcd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from textual.app import App, ComposeResult
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Button

from election_core.core.model import Candidate, Transition
from election_core.core.term_log import TermLog
from electiontui.rows import COLUMNS, Column
from electiontui.screens.dialogs import ConfirmDialog, Plan
from electiontui.text import width
from electiontui.widgets.cells import Cell, column_widths
from electiontui.widgets.status_bar import StatusBar
from electiontui.widgets.table_messages import Chosen
from electiontui.widgets.timeline import Timeline
from electiontui.widgets.virtual_table import VirtualTable

from .driving import until

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
A, B = (Candidate(b"e/a/%d" % n, b"node-%d" % n, n, n, n) for n in (1, 2))


class Stage(App[None]):
    """One widget, filling the screen."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget
        self.messages: list[object] = []

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_timeline_picked(self, event: Timeline.Picked) -> None:
        self.messages.append(event)

    def on_chosen(self, event: Chosen) -> None:
        self.messages.append(event.key)


class Numbers(VirtualTable):
    """A table of numbers that counts how many rows it was asked to draw."""

    def __init__(self) -> None:
        self.drawn: list[str] = []
        super().__init__((Column("n", "NUMBER", 10, grows=1),), self._number)

    def _number(self, key: str) -> dict[str, Cell]:
        self.drawn.append(key)
        return {"n": (f"{key} 宽\\x1b", "vacant")}


def _lines(widget: Widget) -> list[str]:
    return [widget.render_line(y).text for y in range(widget.size.height)]


async def test_a_table_draws_only_what_is_visible() -> None:
    table = Numbers()
    async with Stage(table).run_test(size=(40, 10)) as pilot:
        table.set_keys([str(n) for n in range(100_000)])
        await until(pilot, lambda: len(set(table.drawn)) >= 9)
        await pilot.pause()
        assert set(table.drawn) == {str(n) for n in range(9)}
        assert {width(line) for line in _lines(table)} == {table.size.width}
        table.drawn.clear()
        table.touch(["5", "99999"])
        await until(pilot, lambda: table.drawn)
        await pilot.pause()
        assert set(table.drawn) == {"5"}
        await pilot.press("G")
        await until(pilot, lambda: table.cursor == "99999")
        assert table.visible_keys()[-1] == "99999"


async def test_a_touched_row_is_drawn_again_only_when_its_cells_have_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {"a": "1", "b": "2"}
    table = VirtualTable((Column("n", "NUMBER", 10),), lambda key: {"n": (texts[key], "")})
    async with Stage(table).run_test(size=(40, 10)) as pilot:
        table.set_keys(["a", "b"])
        await until(pilot, lambda: {1, 2} <= table._drawn.keys())
        await pilot.pause()
        drawn: list[int] = []
        draw = table.render_line

        def noted(y: int) -> Strip:
            drawn.append(y)
            return draw(y)

        monkeypatch.setattr(table, "render_line", noted)
        table.touch(["a", "b"])
        await pilot.pause(0.1)
        assert drawn == []
        texts["b"] = "3"
        table.touch(["a", "b"])
        await until(pilot, lambda: drawn)
        await pilot.pause(0.1)
        assert drawn == [2]
        assert "3" in draw(2).text


async def test_the_cursor_stays_on_its_key_and_its_line_while_rows_come_and_go() -> None:
    table = Numbers()
    stage = Stage(table)
    async with stage.run_test(size=(40, 10)) as pilot:
        table.set_keys([f"{n:03}" for n in range(100, 200)])
        table.focus()
        await pilot.pause()
        await pilot.press(*["j"] * 20)
        await until(pilot, lambda: table.cursor == "120")
        before = _lines(table)
        table.set_keys([f"{n:03}" for n in range(50, 200)])
        await pilot.pause()
        assert table.cursor == "120"
        assert _lines(table) == before
        table.set_keys([f"{n:03}" for n in range(50, 120)])
        await pilot.pause()
        assert table.cursor == "119"
        table.set_keys([])
        assert table.cursor is None
        await pilot.press("enter", "j", "G")
        assert stage.messages == []


async def test_enter_chooses_the_row_under_the_cursor_and_a_second_click_too() -> None:
    table = Numbers()
    app = Stage(table)
    async with app.run_test(size=(40, 10)) as pilot:
        table.set_keys(["a", "b", "c"])
        table.focus()
        await pilot.press("j", "enter")
        await until(pilot, lambda: app.messages)
        await pilot.click(table, offset=(3, 3))
        await until(pilot, lambda: table.cursor == "c")
        assert app.messages == ["b"]
        await pilot.click(table, offset=(3, 3))
        await until(pilot, lambda: app.messages == ["b", "c"])


@pytest.mark.parametrize(
    ("cells", "dropped"),
    [
        (130, set()),
        (129, {"revision"}),
        (89, {"revision", "ttl"}),
        (80, {"revision", "ttl", "changes"}),
        (75, {"revision", "ttl", "changes", "strip"}),
        (59, {"revision", "ttl", "changes", "strip", "queue"}),
        (40, {"revision", "ttl", "changes", "strip", "queue", "held"}),
    ],
)
def test_columns_give_way_to_narrow_terminals(cells: int, dropped: set[str]) -> None:
    shown = column_widths(COLUMNS, cells)
    assert {column.key for column in COLUMNS} - {column.key for column, _ in shown} == dropped
    assert all(given >= column.cells for column, given in shown)
    assert sum(given + 1 for _, given in shown) < cells


def _log() -> TermLog:
    log = TermLog("job", A, START)
    log.record(Transition("job", 5, A, None, False, START + timedelta(seconds=20)))
    log.record(Transition("job", 6, None, B, False, START + timedelta(seconds=25)))
    return log


async def test_a_timeline_grows_as_time_passes() -> None:
    timeline, log = Timeline(), _log()
    async with Stage(timeline).run_test(size=(80, 10)) as pilot:
        timeline.focus()
        await pilot.pause()
        timeline.zoom(-10)
        timeline.show(log, [B], START + timedelta(seconds=30))
        early = timeline.lines
        timeline.show(log, [B], START + timedelta(seconds=40))
        late = timeline.lines
        assert early[1].count("█") < late[1].count("█")
        assert set(late[2]) <= {"▁", "▂", "▃", "▄", " "}
        assert "▄" in late[2]
        await pilot.pause()
        text = "\n".join(_lines(timeline))
        assert "★ node-2" in text
        assert "node-1" in text


async def test_zoom_pan_and_back_to_now() -> None:
    timeline, log = Timeline(), _log()
    async with Stage(timeline).run_test(size=(80, 10)) as pilot:
        await pilot.pause()
        now = START + timedelta(seconds=300)
        timeline.show(log, [B], now)
        assert timeline.span == timedelta(minutes=5)
        timeline.zoom(1)
        live = timeline.lines
        timeline.zoom(1)
        assert timeline.span == timedelta(minutes=30)
        timeline.zoom(-1)
        timeline.pan(-0.25)
        assert not timeline.is_live
        panned = timeline.lines
        timeline.show(log, [B], now + timedelta(seconds=60))
        assert timeline.lines == panned
        timeline.go_live()
        timeline.show(log, [B], now)
        assert timeline.is_live
        assert timeline.lines == live
        timeline.pan(0.25)
        assert timeline.is_live


async def test_more_lanes_than_lines_can_be_scrolled() -> None:
    timeline = Timeline()
    queue = [Candidate(b"e/a/%d" % n, b"node-%02d" % n, n, n, n) for n in range(1, 31)]
    async with Stage(timeline).run_test(size=(80, 10)) as pilot:
        timeline.styles.max_height = 10
        timeline.focus()
        timeline.show(TermLog("job", queue[0], START), queue, START + timedelta(seconds=9))
        await until(pilot, lambda: "25 more lanes" in str(timeline.border_title))
        assert "node-01" in _lines(timeline)[0]
        await pilot.press("j", "j")
        await until(pilot, lambda: "node-03" in _lines(timeline)[0])


async def test_a_click_on_a_lane_tells_who_led_then() -> None:
    timeline, log = Timeline(), _log()
    app = Stage(timeline)
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.pause()
        timeline.zoom(-10)
        timeline.show(log, [B], START + timedelta(seconds=30))
        await pilot.click(timeline, offset=(20, 1))
        await until(pilot, lambda: app.messages)
        (picked,) = app.messages
        assert isinstance(picked, Timeline.Picked)
        reading = timeline.reading
        assert reading is not None
        assert reading.term is not None
        assert reading.term.leader == A


async def test_the_reading_cursor_goes_from_edge_to_edge_and_brings_the_window_along() -> None:
    timeline, log = Timeline(), _log()
    async with Stage(timeline).run_test(size=(80, 10)) as pilot:
        timeline.show(log, [B], START + timedelta(seconds=30))
        await pilot.pause()
        seen = []
        for by in (-1, -1, -1, -1, 1, 1, 1):
            timeline.step(by)
            assert timeline.reading is not None
            seen.append((timeline.reading.at - START).total_seconds())
        assert seen == [25, 20, 0, 0, 20, 25, 25]
        column = next(index for index, char in enumerate(_lines(timeline)[3]) if char == "▲")
        assert _lines(timeline)[0][column] == "│"
        assert "▲" not in _lines(timeline)[4]
        now = START + timedelta(hours=2)
        timeline.show(log, [B], now)
        timeline.zoom(-20)
        timeline.point(START + timedelta(seconds=20))
        assert not timeline.is_live
        assert timeline.window is not None
        assert timeline.window.since < START + timedelta(seconds=20) < timeline.window.until
        timeline.go_live()
        assert timeline.is_live
        assert timeline.reading is None


async def test_a_timeline_asked_for_more_lanes_while_it_is_laid_out_has_them() -> None:
    """Its height must not depend on what it answered in a layout that went on."""
    timeline = Timeline()
    queue = [Candidate(b"e/a/%d" % n, b"node-%02d" % n, n, n, n) for n in range(1, 6)]
    app = Stage(timeline)
    async with app.run_test(size=(80, 20)) as pilot:
        timeline.show(_log(), [B], START + timedelta(seconds=30))
        await until(pilot, lambda: timeline.lines and timeline.size.height == len(timeline.lines) + 2)
        timeline.refresh(layout=True)
        app.screen._clear_arrangement_cache()
        app.screen._refresh_layout()
        timeline.show(_log(), queue, START + timedelta(seconds=30))
        await until(pilot, lambda: (len(timeline.lines), timeline.size.height) == (7, 7 + 2))


async def test_without_colour_lanes_are_told_apart_by_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    timeline = Timeline()
    async with Stage(timeline).run_test(size=(80, 10)) as pilot:
        timeline.show(_log(), [B], START + timedelta(seconds=30))
        await pilot.pause()
        first, second = _lines(timeline)[:2]
        assert "111" in first
        assert "222" in second
        assert "█" not in first + second


async def test_the_mode_outlives_the_details_in_a_narrow_status_bar() -> None:
    bar = StatusBar()
    async with Stage(bar).run_test(size=(70, 3)) as pilot:
        await pilot.pause()
        bar.update(
            ["electiontui ● 3/3 endpoints", "rev 48213377", "rtt 2.1ms " * 4], ["READ-ONLY", "12:00:00"], lost=False
        )
        assert "READ-ONLY" in bar.text
        assert "rev 48213377" in bar.text
        assert "rtt" not in bar.text
        bar.update(["✗ DISCONNECTED 14s — showing state as of rev 48213377, retrying"], ["12:00:00"], lost=True)
        assert bar.text.strip() == "✗ DISCONNECTED 14s — showing state as of rev 48213377, retrying"
        assert bar.has_class("-lost")


@pytest.mark.parametrize(("keys", "answer"), [(["enter"], None), (["escape"], None), (["tab", "enter"], True)])
async def test_a_confirmation_needs_more_than_enter(keys: list[str], answer: bool | None) -> None:
    answers: list[bool | None] = []
    plan = Plan("Resign [bold]?", "Resign", "leader [a]", "vacant", "etcdctl del 'a[b]'")
    app = Stage(Widget())
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = ConfirmDialog(lambda: plan)
        app.push_screen(dialog, answers.append)
        await until(pilot, lambda: app.focused is not None)
        assert isinstance(app.focused, Button)
        assert app.focused.id == "cancel"
        assert str(dialog.query_one("#command").render()) == plan.command
        await pilot.press(*keys)
        await until(pilot, lambda: answers)
    assert answers == [answer]
