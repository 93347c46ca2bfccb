"""`TermLog`: who led from when to when, and how sure that is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from election_core.core.model import Candidate, Transition
from election_core.core.term_log import Term, TermLog

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def candidate(created: int, value: bytes = b"v", modified: int | None = None) -> Candidate:
    return Candidate(b"election/e/%x" % created, value, created, created, modified or created)


A, B, C = candidate(1), candidate(2), candidate(3)


def log_of(
    *changes: tuple[float, Candidate | None],
    first: Candidate | None = None,
    gaps: tuple[float, ...] = (),
    known: bool = False,
    limit: int = 1000,
) -> TermLog:
    """A log that begins at second 0 with ``first`` and goes on with ``(second, leader from then on)``."""
    log, before = TermLog("e", first, at(0), known=known, limit=limit), first
    for revision, (seconds, after) in enumerate(changes):
        log.record(Transition("e", revision, before, after, seconds in gaps, at(seconds)))
        before = after
    return log


def test_terms_and_vacancies_follow_each_other_without_a_hole() -> None:
    log = log_of((10, A), (25, B), (30, None), (50, C))
    assert [(term.leader, term.began_at, term.ended_at) for term in log.terms] == [
        (None, at(0), at(10)),
        (A, at(10), at(25)),
        (B, at(25), at(30)),
        (None, at(30), at(50)),
        (C, at(50), None),
    ]
    assert [term.is_vacant for term in log.terms] == [True, False, False, True, False]
    assert log.current == log.terms[-1]
    assert log.name == "e"


def test_a_term_keeps_what_was_proclaimed_at_its_beginning() -> None:
    """By it a leader is known however often it proclaims."""
    later = candidate(1, b"progress 7", 9)
    log = log_of((10, candidate(1, b"host-1")), (20, later), (30, None), first=candidate(3, b"host-3"))
    assert [term.first_value for term in log.terms] == [b"host-3", b"host-1", b""]
    assert log.terms[1].leader == later


def test_the_first_term_began_at_an_unknown_time_unless_told_otherwise() -> None:
    assert not log_of(first=A).current.began_known
    assert log_of(first=A, known=True).current.began_known
    assert log_of((10, B), first=A).current.began_known


def test_a_proclaimed_value_changes_the_leader_within_its_term() -> None:
    louder = candidate(1, b"louder", modified=9)
    log = log_of((10, A), (15, louder), (20, None))
    assert [term.leader for term in log.terms] == [None, louder, None]
    assert log.terms[1].began_at == at(10)
    assert log.changes(at(0), at(99)) == 1


def test_a_gap_makes_one_end_and_one_beginning_uncertain() -> None:
    log = log_of((10, A), (20, B), (30, C), gaps=(20,))
    assert [(term.began_known, term.ended_known) for term in log.terms] == [
        (False, True),
        (True, False),
        (False, True),
        (True, True),
    ]


def test_a_gap_within_one_term_leaves_it_whole() -> None:
    """The same candidate on both sides has led throughout: it was the oldest all the time."""
    log = log_of((10, A), (20, candidate(1, b"louder", modified=9)), (30, None), gaps=(20,))
    assert log.hold_times() == [20]


def test_duration_of_a_finished_and_of_a_lasting_term() -> None:
    log = log_of((10, A), (25, B))
    assert log.terms[1].duration(at(99)) == timedelta(seconds=15)
    assert log.current.duration(at(31)) == timedelta(seconds=6)


def test_a_wall_clock_that_was_set_back_makes_no_negative_duration() -> None:
    assert Term(A, at(10), True).duration(at(3)) == timedelta(0)
    assert Term(A, at(10), True, at(3)).duration(at(99)) == timedelta(0)


def test_hold_times_count_only_terms_seen_from_beginning_to_end() -> None:
    log = log_of((10, B), (30, None), (40, A), (45.5, B), (60, C), (70, A), (72, None), first=A, gaps=(60,))
    assert log.hold_times() == [20, 5.5, 2]


def test_between_gives_overlapping_terms_newest_first() -> None:
    log = log_of((10, A), (20, B), (30, None))
    assert [term.leader for term in log.between(at(12), at(25))] == [B, A]
    assert [term.leader for term in log.between(at(35), at(40))] == [None]
    assert [term.leader for term in log.between(at(-9), at(-1))] == []


def test_between_takes_terms_that_only_touch_its_ends() -> None:
    log = log_of((10, A), (20, B), (30, C), first=None)
    assert [term.leader for term in log.between(at(10), at(10))] == [A, None]
    assert [term.leader for term in log.between(at(20), at(30))] == [C, B, A]


def test_changes_are_the_terms_that_began_and_not_the_vacancies() -> None:
    log = log_of((10, A), (20, None), (30, B), (40, C))
    assert log.changes(at(10), at(40)) == 2, "the beginning of the range is left out, its end is not"
    assert log.changes(at(9), at(40)) == 3


def test_changes_per_bucket_oldest_first() -> None:
    log = log_of((1, A), (12, B), (13, A), (20, B), (25, None))
    assert log.changes_per_bucket(at(30), timedelta(seconds=10), 3) == [1, 3, 0]
    assert log.changes_per_bucket(at(30), timedelta(seconds=10), 1) == [0]
    assert log.changes_per_bucket(at(30), timedelta(seconds=10), 0) == []


def test_changes_after_the_last_bucket_are_not_in_it() -> None:
    log = log_of((5, A), (15, B), (25, C))
    assert log.changes_per_bucket(at(20), timedelta(seconds=10), 2) == [1, 1]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_old_terms_are_forgotten_and_counted(limit: int) -> None:
    log = log_of((10, A), (20, B), (30, C), (40, A), limit=limit)
    assert [term.leader for term in log.terms] == [B, C, A][-limit:]
    assert log.dropped == 5 - limit
    assert log.current.leader == A


def test_nothing_is_dropped_within_the_limit() -> None:
    assert log_of((10, A), (20, candidate(1, b"louder", modified=9)), limit=2).dropped == 0


@st.composite
def chains(draw: st.DrawFn) -> list[tuple[float, Candidate | None]]:
    """Times that never go back and changes that chain."""
    pauses = draw(st.lists(st.integers(0, 20), max_size=30))
    seconds, created, current, chain = 0, 0, None, list[tuple[float, Candidate | None]]()
    for revision, pause in enumerate(pauses, start=2):
        seconds += pause
        kind = draw(st.sampled_from(["vacate", "succeed", "succeed", "proclaim"]))
        if kind == "vacate" and current is not None:
            current = None
        elif kind == "proclaim" and current is not None:
            current = candidate(current.create_revision, b"louder", modified=revision)
        else:
            created = revision
            current = candidate(created)
        chain.append((seconds, current))
    return chain


@given(chains(), st.integers(1, 40))
def test_a_log_tiles_time_and_forgets_only_its_oldest(chain: list[tuple[float, Candidate | None]], limit: int) -> None:
    whole, short = log_of(*chain), log_of(*chain, limit=limit)
    assert all(first.ended_at == second.began_at for first, second in pairwise(whole.terms))
    assert [term.ended_at for term in whole.terms].count(None) == 1
    assert list(short.terms) == list(whole.terms)[-limit:]
    assert short.dropped == len(whole.terms) - len(short.terms)
    assert whole.current.leader == (chain[-1][1] if chain else None)


@given(chains(), st.integers(-10, 300), st.integers(0, 300))
def test_between_is_the_plain_overlap(chain: list[tuple[float, Candidate | None]], since: int, length: int) -> None:
    log, until = log_of(*chain), since + length
    overlapping = [
        term
        for term in log.terms
        if term.began_at <= at(until) and (term.ended_at is None or term.ended_at >= at(since))
    ]
    assert list(log.between(at(since), at(until))) == overlapping[::-1]


@given(chains(), st.integers(-10, 400), st.integers(1, 60), st.integers(0, 12))
def test_buckets_are_changes_counted_bucket_by_bucket(
    chain: list[tuple[float, Candidate | None]], until: int, bucket: int, count: int
) -> None:
    log = log_of(*chain)
    edges = [at(until - bucket * back) for back in range(count, -1, -1)]
    by_range = [log.changes(since, to) for since, to in pairwise(edges)]
    assert log.changes_per_bucket(at(until), timedelta(seconds=bucket), count) == by_range
