"""Rows, filters and orders, on the pure core."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from election_core.core.model import Candidate, KeyDeleted, KeyPut, Revision, Transition
from election_core.core.state import ElectionState
from election_core.core.term_log import TermLog
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
    assert describe(first) == "node-2 takes over from node-1"  # type: ignore[arg-type]
    assert describe(second) == "node-2 gone, vacant"  # type: ignore[arg-type]
    assert describe(third, second) == r"node-[3]\x07 elected, vacant 1.5 s"  # type: ignore[arg-type]


def test_the_new_value_comes_first_however_long_the_old_one_is() -> None:
    old, new = candidate(b"x" * 500, 1), candidate(b"new", 1)
    proclaimed = Transition("job", 2, old, new, False, START)
    assert proclaimed.kind == "proclaimed"
    assert describe(proclaimed).startswith("new proclaimed, before it xxx")
