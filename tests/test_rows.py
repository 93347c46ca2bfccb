"""Rows, filters, orders and lanes, on the pure core."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from election_core.core.model import Candidate, KeyDeleted, KeyPut, Revision
from election_core.core.state import ElectionState
from election_core.core.term_log import TermLog
from electiontui.pictures.lanes import Window, lanes_of, raster, term_at, time_marks
from electiontui.rows import COLUMNS, cells, describe, duration, held, matcher, row_of, sort_key, sparkline

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def candidate(value: bytes, revision: int) -> Candidate:
    return Candidate(b"election/job/%x" % revision, value, revision, revision, revision)


class Story:
    """An election that lives through scripted changes, one per call."""

    def __init__(self, *queue: bytes) -> None:
        self.state, self.revision, self.now = ElectionState("job"), 0, START
        for value in queue:
            self.join(value)
        self.log = TermLog("job", self.state.leader, START)
        self.transitions: list[object] = []

    def join(self, value: bytes, after: float = 0) -> None:
        self._apply(KeyPut(candidate(value, self.revision + 1)), after)

    def leave(self, after: float = 0) -> None:
        assert self.state.leader is not None
        self._apply(KeyDeleted(self.state.leader.key), after)

    def _apply(self, event: KeyPut | KeyDeleted, after: float) -> None:
        self.now += timedelta(seconds=after)
        self.revision += 1
        for transition in self.state.apply(Revision(self.revision, (event,), self.now)):
            if hasattr(self, "log"):
                self.log.record(transition)
                self.transitions.append(transition)

    def row(self, ttl: int | None = 60):  # type: ignore[no-untyped-def]
        return row_of(self.state, self.log, ttl, self.now)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00:00"), (764, "00:12:44"), (359_999, "99:59:59"), (360_000, "4d04h00m"), (-1, "00:00:00")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
    assert duration(timedelta(seconds=seconds)) == text


def test_a_leader_found_at_the_start_has_led_for_at_least_that_long() -> None:
    story = Story(b"node-1", b"node-2")
    row = story.row()
    assert (row.leader, row.state, row.queue, row.held_known) == ("node-1", "leading", 2, False)
    assert held(row, START + timedelta(seconds=3)) == "≥ 00:00:03"
    story.leave(after=5)
    assert held(story.row(), story.now + timedelta(seconds=3)) == "00:00:03"
    assert story.row().changes_per_hour == 1


def test_a_vacancy_has_no_leader_no_ttl_and_a_name_of_its_own() -> None:
    story = Story(b"node-1")
    story.leave(after=1)
    shown = cells(story.row(), story.now)
    assert (shown["leader"], shown["state"], shown["ttl"], shown["queue"]) == ("–", "○ VACANT", "–", "0")


def test_three_new_leaders_within_two_minutes_flap_until_they_are_older() -> None:
    story = Story(b"a", b"b", b"c", b"d")
    for _ in range(3):
        story.leave(after=10)
    assert story.row().state == "flapping"
    story.now += timedelta(minutes=2)
    assert story.row().state == "leading"


def test_a_sparkline_scales_to_its_highest_bar_and_never_hides_one() -> None:
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([0, 1, 100]) == "▁▂█"


def _named(name: str, leader: bytes = b"node-1"):  # type: ignore[no-untyped-def]
    state = ElectionState(name)
    state.apply(Revision(1, (KeyPut(candidate(leader, 1)),), START))
    return row_of(state, TermLog(name, state.leader, START), None, START)


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        ("", ["drill/mail", "drill/pay", "Other"]),
        ("PAY", ["drill/pay"]),
        ("!drill", ["Other"]),
        ("/drill/", ["drill/mail", "drill/pay"]),
        ("/^o|pay$/", ["drill/pay", "Other"]),
        ("!/mail|pay/", ["Other"]),
        ("node-9", ["Other"]),
        ("[", []),
    ],
)
def test_filters(pattern: str, shown: list[str]) -> None:
    everything = [_named("drill/mail"), _named("drill/pay"), _named("Other", b"node-9")]
    assert [row.name for row in filter(matcher(pattern), everything)] == shown


def test_a_malformed_regex_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="not a regular expression: unterminated"):
        matcher("/[a/")


def test_every_column_sorts_and_ties_are_in_order_of_names() -> None:
    names = ["c", "a", "b"]
    for column in COLUMNS:
        ordered = sorted(map(_named, names), key=sort_key(column.key))
        assert [row.name for row in ordered] == ["a", "b", "c"], column


def test_vacancies_sort_before_leaders_and_longer_holds_after_shorter_ones() -> None:
    story = Story(b"node-1")
    story.leave(after=60)
    vacant, leading = story.row(), _named("z")
    assert sorted([leading, vacant], key=sort_key("state")) == [vacant, leading]
    assert sorted([leading, vacant], key=sort_key("held")) == [vacant, leading]


def test_transitions_in_words() -> None:
    story = Story(b"node-1", b"node-2")
    story.leave(after=1)
    story.leave(after=1)
    story.join(b"node-[3]\x07", after=1.5)
    first, second, third = story.transitions
    assert describe(first) == "node-1 → node-2"  # type: ignore[arg-type]
    assert describe(second) == "node-2 gone, vacant"  # type: ignore[arg-type]
    assert describe(third, second) == r"node-[3]\x07 elected, vacant 1.5 s"  # type: ignore[arg-type]


def _drawn(story: Story, queue: Sequence[Candidate], seconds: float, columns: int) -> dict[str, str]:
    window = Window(story.now, timedelta(seconds=seconds), columns)
    return {lane.label: raster(lane, window, story.now) for lane in lanes_of(story.log, queue, window)}


def test_lanes_show_who_led_and_when_nobody_did() -> None:
    story = Story(b"node-1")
    story.leave(after=4)
    story.join(b"node-2", after=2)
    story.now += timedelta(seconds=4)
    drawn = _drawn(story, story.state.queue, 10, 10)
    assert drawn == {"node-1": "≥███      ", "node-2": "      ████", "vacant": "    ▒▒    "}


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


def test_the_term_at_a_moment_and_none_before_the_start() -> None:
    story = Story(b"a", b"b")
    story.leave(after=5)
    at = term_at(story.log, START + timedelta(seconds=2))
    assert at is not None
    assert at.leader is not None
    assert at.leader.value == b"a"
    assert term_at(story.log, START - timedelta(seconds=1)) is None


@pytest.mark.parametrize("seconds", [30, 600, 3600, 86_400])
@pytest.mark.parametrize("columns", [10, 60, 200])
def test_time_marks_are_round_and_do_not_crowd(seconds: int, columns: int) -> None:
    window = Window(START, timedelta(seconds=seconds), columns)
    places = [column for column, _ in time_marks(window)]
    assert all(0 <= place < columns for place in places)
    assert all(after - before >= 9 for before, after in itertools.pairwise(places))
