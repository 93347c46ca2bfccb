"""Terms that a log learns of after it has begun."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from election_core import Candidate, Term, TermLog, Transition
from election_core.core.term_logs import TermLogs

BEGAN = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)


def at(second: float) -> datetime:
    return BEGAN + timedelta(seconds=second)


def candidate(number: int) -> Candidate:
    return Candidate(b"e/jobs/%x" % number, b"host-%d" % number, number, number, number)


def term(number: int, since: float, until: float | None, *, known: bool = True) -> Term:
    leader = candidate(number) if number else None
    end = None if until is None else at(until)
    return Term(leader, at(since), known, end, first_value=b"first" if number else b"")


def log_of(number: int, limit: int = 10) -> TermLog:
    return TermLog("jobs", candidate(number) if number else None, at(0), limit=limit)


def test_who_led_before_and_still_leads_has_led_since_then() -> None:
    log = log_of(2)
    assert log.learn([term(1, -50, -20), term(2, -20, None)]) == 1
    assert [(each.began_at, each.began_known) for each in log.terms] == [(at(-50), True), (at(-20), True)]
    assert log.current.first_value == b"first"
    assert log.changes(at(-60), at(0)) == 2


def test_whoever_was_followed_by_another_ended_somewhere_before() -> None:
    log = log_of(2)
    assert log.learn([term(1, -50, None)]) == 1
    assert (log.terms[0].ended_at, log.terms[0].ended_known) == (at(0), False)
    assert not log.current.began_known


def test_a_term_that_is_over_stays_as_it_was() -> None:
    log = log_of(2)
    log.learn([term(1, -50, -40)])
    assert log.terms[0] == term(1, -50, -40)


def test_a_vacancy_goes_on() -> None:
    log = log_of(0)
    assert log.learn([term(1, -50, -40), term(0, -40, None)]) == 1
    assert (log.current.is_vacant, log.current.began_at) == (True, at(-40))


def test_no_more_than_fits_is_learned_the_newest_first() -> None:
    log = log_of(9, limit=4)
    assert log.learn([term(number, number - 50, number - 49) for number in range(1, 9)]) == 3
    assert [each.leader and each.leader.create_revision for each in log.terms] == [6, 7, 8, 9]
    assert log.learn([term(1, -90, -80)]) == 0


def test_a_log_that_has_forgotten_learns_nothing_and_goes_on_forgetting() -> None:
    log = log_of(1, limit=3)
    log.learn([term(7, -20, -10), term(8, -10, -5)])
    for number in range(2, 6):
        before = candidate(number - 1)
        log.record(Transition("jobs", number, before, candidate(number), False, at(number)))
    assert log.changes(at(-100), at(100)) == 3
    assert log.dropped == 4
    assert log.learn([term(9, -90, -80)]) == 0


def test_what_all_logs_keep_is_bounded_and_what_was_learned_goes_first() -> None:
    """H61"""
    logs = TermLogs(limit=100, total=10)
    for name in ("a", "b"):
        logs.ensure(name, candidate(1), at(0))
    for number in range(2, 7):
        logs.record(Transition("a", number, candidate(number - 1), candidate(number), False, at(number)), at(0))
    logs.learn("b", [term(number, number - 50, number - 49) for number in range(2, 22)])
    assert [len(logs[name].terms) - 1 for name in ("a", "b")] == [5, 5]
    logs.record(Transition("a", 20, candidate(6), candidate(20), False, at(20)), at(0))
    assert [len(logs[name].terms) - 1 for name in ("a", "b")] == [6, 4]
