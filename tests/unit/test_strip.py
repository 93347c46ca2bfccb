"""One election's past as cells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from election_core import Candidate, TermLog, Transition
from electiontui.pictures.lanes import Window
from electiontui.pictures.strip import Kind, Slot, strip_of
from electiontui.watched import Stretch

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def log_of(*terms: tuple[float, str | None], gaps: tuple[int, ...] = ()) -> TermLog:
    """Who led from how many seconds ago on; the first was found leading."""

    def candidate(number: int) -> Candidate | None:
        value = terms[number][1]
        return None if value is None else Candidate(b"e/%x" % number, value.encode(), number, number, number)

    log = TermLog("e", candidate(0), ago(terms[0][0]))
    for number in range(1, len(terms)):
        change = Transition(
            "e", number, candidate(number - 1), candidate(number), number in gaps, ago(terms[number][0])
        )
        log.record(change)
    return log


def drawn(log: TermLog, *unwatched: tuple[float, float], columns: int = 10, span: float = 100) -> str:
    """A letter for who led, and what other cells are drawn as; the right edge is now."""
    window = Window(NOW, timedelta(seconds=span), columns)
    slots = strip_of(log, window, NOW, [Stretch(ago(since), ago(until)) for since, until in unwatched])
    assert len(slots) == columns
    return "".join(slot.value.decode()[:1] if slot.kind is Kind.LED else slot.kind.value for slot in slots)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([(200, "a")], "aaaaaaaaaa"),
        ([(50, "a")], "     aaaaa"),
        ([(200, "a"), (30, "b")], "aaaaaaabbb"),
        ([(200, "a"), (60, None), (30, "b")], "aaaa░░░bbb"),
        # Who holds most of a cell is shown, and of two that hold the same the first.
        ([(200, "a"), (36, "b"), (32, "c")], "aaaaaaaccc"),
        ([(200, "a"), (35, "b")], "aaaaaaabbb"),
        ([(200, "a"), (1, "b")], "aaaaaaaaaa"),
        ([(0, "a")], "          "),
    ],
)
def test_a_cell_shows_who_held_most_of_it(terms: list[tuple[float, str | None]], expected: str) -> None:
    assert drawn(log_of(*terms)) == expected


def test_what_was_not_watched_is_not_claimed() -> None:
    log = log_of((200, "a"))
    assert drawn(log, (60, 40)) == "aaaa╱╱aaaa"
    assert drawn(log, (60, 56)) == "aaaaaaaaaa"
    assert drawn(log, (60, 55)) == "aaaa╱aaaaa"
    assert drawn(log, (30, 0)) == "aaaaaaa╱╱╱"
    # Before anything was seen there is nothing to doubt.
    assert drawn(log_of((50, "a")), (100, 50)) == "     aaaaa"


def test_the_cell_that_now_lies_in_is_judged_by_what_is_past_of_it() -> None:
    log, window = log_of((200, "a")), Window(NOW + timedelta(seconds=8), timedelta(seconds=100), 10)
    (*_, before, last) = strip_of(log, window, NOW, [Stretch(ago(12), NOW)])
    assert (before.kind, last.kind) == (Kind.UNWATCHED, Kind.UNWATCHED)
    (*_, before, last) = strip_of(log, window, NOW, [])
    assert (before.kind, last.kind) == (Kind.LED, Kind.LED)


def test_changes_within_a_cell_are_counted() -> None:
    terms = [(200.0, "a"), *((55.0 - number, "b" if number % 2 else "c") for number in range(5))]
    window = Window(NOW, timedelta(seconds=100), 10)
    slots = strip_of(log_of(*terms), window, NOW, [])
    assert [slot.begins for slot in slots] == [0, 0, 0, 0, 5, 0, 0, 0, 0, 0]


def test_where_terms_may_be_missing_is_marked() -> None:
    window = Window(NOW, timedelta(seconds=100), 10)
    slots = strip_of(log_of((200, "a"), (45, "b"), gaps=(1,)), window, NOW, [])
    assert [slot.gap for slot in slots].index(True) == 5
    assert sum(slot.gap for slot in slots) == 1


def test_a_leader_that_proclaims_stays_the_same() -> None:
    log = log_of((200, "a"))
    (leader,) = (term.leader for term in log.terms)
    assert leader is not None
    later = leader._replace(value=b"progress", mod_revision=9)
    log.record(Transition("e", 9, leader, later, False, ago(50)))
    assert drawn(log) == "aaaaaaaaaa"


def test_a_day_of_many_terms_is_cheap_and_complete() -> None:
    log = log_of(*((86_400.0 - 60 * number, f"{number % 7}") for number in range(1_000)))
    window = Window(NOW, timedelta(days=1), 60)
    slots = strip_of(log, window, NOW, [])
    assert sum(slot.begins for slot in slots) == 999
    assert slots[-1] == Slot(Kind.LED, b"5", 0, False)
