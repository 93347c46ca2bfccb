"""Lanes, their places, what a cell shows of them, and the reading cursor: tables on the pure core."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from election_core.core.model import Candidate, Transition
from election_core.core.term_log import TermLog
from electiontui.pictures.axis import clock_text, span_text, ticks, time_marks
from electiontui.pictures.colours import shade_of
from electiontui.pictures.lanes import Places, Window, lanes_of, term_at
from electiontui.pictures.raster import cover_of, raster
from electiontui.pictures.reading import edge, read, reading_text

from .test_rows import START, Story, candidate


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def proclaims(log: TermLog, value: bytes, seconds: float) -> Candidate:
    """The leader proclaims another value; returns it as it is then."""
    leader = log.current.leader
    assert leader is not None
    after = leader._replace(value=value)
    log.record(Transition("job", 99, leader, after, False, at(seconds)))
    return after


def terms(*steps: tuple[float, bytes | None], limit: int = 1000) -> TermLog:
    """A log from ``(second, leader)``; the first one was found."""
    first = steps[0][1]
    log = TermLog("job", None if first is None else candidate(first, 1), at(steps[0][0]), limit=limit)
    for revision, (second, value) in enumerate(steps[1:], 2):
        after = None if value is None else candidate(value, revision)
        log.record(Transition("job", revision, log.current.leader, after, False, at(second)))
    return log


def _drawn(story: Story, queue: Sequence[Candidate], seconds: float, columns: int) -> dict[str, str]:
    window = Window(story.now, timedelta(seconds=seconds), columns)
    return {lane.label: raster(lane, window, story.now) for lane in lanes_of(story.log, queue, window)}


def test_lanes_show_who_led_and_when_nobody_did() -> None:
    story = Story(b"node-1")
    story.leave(after=4)
    story.join(b"node-2", after=2)
    story.now += timedelta(seconds=4)
    drawn = _drawn(story, story.state.queue, 10, 10)
    assert drawn == {"node-1": "≥███      ", "node-2": "      ████", "vacant": "    ▄▄    "}


def test_edges_are_drawn_to_the_eighth_and_the_shortest_term_leaves_a_mark() -> None:
    story = Story(b"a", b"b", b"c")
    story.leave(after=10.5)
    story.leave(after=0.001)
    story.now += timedelta(seconds=9.499)
    drawn = _drawn(story, story.state.queue, 10, 10)
    assert drawn["a"] == "▌         "
    assert drawn["b"].strip() in {"▏", "▕", "▐"}
    assert drawn["c"] == "▐█████████"


def test_candidates_that_proclaim_the_same_have_lanes_of_their_own() -> None:
    story = Story(b"twin", b"twin", b"other")
    labels = list(_drawn(story, story.state.queue, 10, 10))
    assert labels == ["twin·0001", "twin·0002", "other", "vacant"]


def test_twins_stay_apart_when_one_of_them_goes() -> None:
    story, places = Story(b"twin", b"twin", b"other"), Places()
    window = Window(at(10), timedelta(seconds=10), 10)
    lanes_of(story.log, story.state.queue, window, places)
    story.leave(after=5)
    labels = [lane.label for lane in lanes_of(story.log, story.state.queue, window, places)]
    assert labels == ["twin·0001", "twin·0002", "other", "vacant"]


def test_what_a_leader_proclaims_changes_neither_its_lane_nor_its_colour() -> None:
    log, places = terms((0, b"b-1"), (3, b"a-1")), Places()
    seen = set()
    for second in range(4, 9):
        leader = proclaims(log, b"round %d" % second, second)
        queue = [leader, candidate(b"c-1", 50)]
        lanes = lanes_of(log, queue, Window(at(second), timedelta(seconds=10), 10), places)
        seen.add(tuple((lane.label, lane.leads, lane.shade) for lane in lanes))
    assert seen == {
        (
            ("b-1", False, shade_of(b"b-1")),
            ("a-1", True, shade_of(b"a-1")),
            ("c-1", False, shade_of(b"c-1")),
            ("vacant", False, None),
        )
    }


def test_lanes_keep_their_order_whoever_leads_and_whatever_the_window_shows() -> None:
    values = [b"node-%d" % n for n in range(5)]
    dice = random.Random(3)
    steps = [(float(second), dice.choice(values)) for second in range(300)]
    steps = [steps[0], *(after for before, after in itertools.pairwise(steps) if before[1] != after[1])]
    log, places, orders = terms(*steps), Places(), set()
    for second in range(20, 300):
        waiting = [candidate(value, 1000 + n) for n, value in enumerate(dice.sample(values, 2))]
        window = Window(at(second), timedelta(seconds=5 if second > 150 else 20), 40)
        lanes = lanes_of(log, waiting, window, places)
        if len(lanes) == 6:
            orders.add(tuple(lane.label for lane in lanes))
    assert len(orders) == 1


def test_places_are_bounded_and_those_shown_without_need_are_few() -> None:
    places = Places()
    for number in range(0, 1000, 10):
        log = terms(*((number + n, b"job-%d" % (number + n)) for n in range(10)))
        lanes = lanes_of(log, [], Window(at(number + 10), timedelta(seconds=10), 10), places)
        assert len(lanes) <= 10 + 6 + 1
    assert len(places._used) <= 64 + 10


@pytest.mark.parametrize(
    ("cell", "share"),
    [
        ([(0.0, b"a"), (0.1, b"b"), (0.5, b"a"), (0.6, b"b")], "░"),
        ([(0.0, b"a"), (0.25, b"b"), (0.5, b"a"), (0.75, b"b")], "▒"),
        ([(0.0, b"a"), (0.45, b"b"), (0.5, b"a"), (0.95, b"b")], "▓"),
        ([(0.0, b"a"), (0.5, b"a")], "▓"),
        ([(0.0, b"a")], "█"),
    ],
)
def test_a_cell_with_several_terms_is_shaded_by_their_share_and_never_solid(
    cell: list[tuple[float, bytes]], share: str
) -> None:
    log = terms((-1, b"b"), *cell, (1, b"b"))
    window = Window(at(2), timedelta(seconds=4), 4)
    (lane,) = (lane for lane in lanes_of(log, [], window) if lane.label == "a")
    assert raster(lane, window, at(2))[2] == share


def test_a_day_of_flapping_looks_like_flapping() -> None:
    """1,500 terms in 24 hours are no three solid bars, and what was forgotten is marked."""
    dice = random.Random(7)
    moments = sorted(dice.uniform(0, 86_400) for _ in range(1500))
    log = terms((0, b"node-0"), *((second, b"node-%d" % (n % 3)) for n, second in enumerate(moments, 1)))
    window = Window(at(86_400), timedelta(days=1), 100)
    cover = cover_of(log, window, at(86_400))
    first = (log.terms_kept[0].began_at - START).total_seconds() / 864
    assert cover.count("…") == int(first)
    assert first > 30
    for lane in lanes_of(log, [], window)[:3]:
        drawn = raster(lane, window, at(86_400), cover)
        assert drawn.startswith("…" * int(first))
        assert drawn.count("█") <= 5
        assert sum(drawn.count(shade) for shade in "░▒▓") > 40


def test_what_was_not_watched_is_hatched_over_all_lanes_and_a_short_loss_is_marked_on_the_axis() -> None:
    log = terms((0, b"a"), (2, b"b"))
    window = Window(at(10), timedelta(seconds=10), 10)
    lost = [(at(3), at(6)), (at(8.1), at(8.3))]
    cover = cover_of(log, window, at(10), lost)
    assert cover == "   ╱╱╱  ' "
    drawn = [raster(lane, window, at(10), cover) for lane in lanes_of(log, [], window)]
    assert drawn == ["≥█ ╱╱╱    ", "  █╱╱╱████", "   ╱╱╱    "]
    assert ticks(window, cover=cover)[3:6] == "╱╱╱"
    assert ticks(window, cover=cover)[8] == "╱"


def test_the_last_cell_is_hatched_by_what_of_it_is_past() -> None:
    log = terms((0, b"a"))
    window = Window(at(10), timedelta(seconds=10), 2)
    assert cover_of(log, window, at(6), [(at(5.2), at(6))]) == " ╱"
    assert cover_of(log, window, at(9), [(at(8), at(9))]) == " '"


def test_before_a_view_began_is_hatched_and_after_it_forgotten() -> None:
    log = terms(*((n, b"%d" % n) for n in range(10)), limit=4)
    window = Window(at(10), timedelta(seconds=14), 14)
    assert cover_of(log, window, at(10), [(at(-4), at(0))]) == "╱╱╱╱……" + "…" * 4 + "    "


def test_the_term_at_a_moment_and_none_before_the_start() -> None:
    story = Story(b"a", b"b")
    story.leave(after=5)
    found = term_at(story.log, at(2))
    assert found is not None
    assert found.leader is not None
    assert found.leader.value == b"a"
    assert term_at(story.log, at(-1)) is None


@pytest.mark.parametrize(
    ("start", "by", "found"),
    [
        (None, -1, 7),
        (None, 1, None),
        (7, -1, 5),
        (6, -1, 5),
        (5, 1, 7),
        (5.5, 1, 7),
        (7, 1, None),
        (2, -1, 0),
        (0, -1, None),
        (-3, 1, 0),
    ],
)
def test_from_edge_to_edge(start: float | None, by: int, found: float | None) -> None:
    log = terms((0, b"a"), (2, None), (5, b"b"), (7, b"c"))
    moment = edge(log, None if start is None else at(start), by, at(9))
    assert moment == (None if found is None else at(found))


def test_a_reading_says_who_from_when_to_when_token_revision_and_changes_of_the_cell() -> None:
    log = terms((0, b"a"), (2, None), (5, b"b"), (5.5, b"c"))
    window = Window(at(10), timedelta(seconds=10), 5)

    def said(second: float, revision: int | None = None, blind: float = 0) -> str:
        reading = read(log, at(second), window)
        return reading_text(reading, at(10), lambda each: each, revision, timedelta(seconds=blind))

    assert said(1) == "12:00:01  a  from ≥ 12:00:00 to 12:00:02  ≥ 2.0 s  token 1"
    assert said(3) == "12:00:03  vacant  from 12:00:02 to 12:00:05  3.0 s"
    assert (
        said(5, 3) == "12:00:05  b  from 12:00:05 to 12:00:05  0.5 s  token 3  rev 3  2 changes in this cell of 2.0 s"
    )
    assert said(9, 4, 2) == "12:00:09  c  from 12:00:05 to now  4.5 s  token 4  rev 4  2.0 s of it not watched"
    assert said(-1) == "11:59:59  not watched, or forgotten"


def test_a_day_that_is_not_today_is_named() -> None:
    assert clock_text(at(0), at(60)) == "12:00:00"
    assert clock_text(at(-86_400), at(60)) == "28 Feb 12:00:00"


@pytest.mark.parametrize(("seconds", "text"), [(30, "30 s"), (600, "10 min"), (10_800, "3 h"), (604_800, "7 d")])
def test_spans_in_words(seconds: int, text: str) -> None:
    assert span_text(seconds) == text


@pytest.mark.parametrize("seconds", [30, 600, 3600, 86_400, 604_800, 31_536_000, 3_153_600_000])
@pytest.mark.parametrize("columns", [10, 60, 200])
def test_time_marks_are_round_and_do_not_crowd(seconds: int, columns: int) -> None:
    window = Window(START, timedelta(seconds=seconds), columns)
    places = [column for column, _ in time_marks(window)]
    assert all(0 <= place < columns for place in places)
    assert all(after - before >= 9 for before, after in itertools.pairwise(places))


def test_time_marks_tell_what_the_wall_clock_showed() -> None:
    window = Window(START, timedelta(seconds=600), 60)
    ahead = timedelta(minutes=3)
    labels = [label for _, label in time_marks(window, lambda each: each + ahead)]
    assert labels[0] == "11:55"
