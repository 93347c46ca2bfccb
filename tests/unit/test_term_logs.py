"""The logs of many elections together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from election_core.core.model import Candidate, Transition
from election_core.core.term_logs import TermLogs
from election_core.core.vacancies import Vacancies

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class Told:
    """Transitions of elections that come and go."""

    def __init__(self, logs: TermLogs) -> None:
        self.logs = logs
        self.revision = 1

    def term(self, name: str) -> None:
        self.revision += 2
        leader = Candidate(name.encode() + b"/7b", b"v", 0x7B, self.revision, self.revision)
        at = BEGAN + timedelta(seconds=self.revision)
        self.logs.record(Transition(name, self.revision, None, leader, False, at), BEGAN)
        self.logs.record(Transition(name, self.revision + 1, leader, None, False, at), BEGAN)

    def kept(self, name: str) -> int:
        """Terms that are over."""
        return len(self.logs.ensure(name, None, BEGAN).terms) - 1


def test_all_logs_together_are_bounded_and_the_oldest_terms_go_first() -> None:
    """H61"""
    told = Told(TermLogs(limit=100, total=20))
    for name in ("a", "b", "c"):
        for _ in range(5):
            told.term(name)
    assert [told.kept(name) for name in ("a", "b", "c")] == [0, 10, 10]
    told.term("a")
    assert [told.kept(name) for name in ("a", "b", "c")] == [2, 8, 10]


def test_what_a_log_drops_by_its_own_limit_is_not_dropped_twice() -> None:
    told = Told(TermLogs(limit=5, total=20))
    for _ in range(10):
        told.term("flapping")
    assert told.kept("flapping") == 4
    told.term("calm")
    assert (told.kept("flapping"), told.kept("calm")) == (4, 2)
    for _ in range(20):
        told.term("other")
    assert (told.kept("flapping"), told.kept("calm"), told.kept("other")) == (0, 0, 4)


def test_what_is_forgotten_leaves_nothing() -> None:
    """H61"""
    told = Told(TermLogs(limit=5, total=1_000))
    for number in range(100):
        told.term(f"job-{number}")
        told.logs.forget(f"job-{number}")
    assert len(told.logs) == 0
    assert not told.logs._over


def test_a_log_that_somebody_holds_is_the_one_that_goes_on() -> None:
    logs = TermLogs(limit=5, total=10)
    leader = Candidate(b"a/7b", b"v", 0x7B, 2, 2)
    log = logs.ensure("a", leader, BEGAN)
    assert log.current.leader == leader
    logs.record(Transition("a", 3, leader, None, False, BEGAN), BEGAN)
    assert log.current.is_vacant
    assert logs.ensure("a", None, BEGAN) is log


def test_vacancies_are_told_oldest_first_and_each_event_counts_anew() -> None:
    vacancies = Vacancies()
    leader = Candidate(b"a/7b", b"v", 0x7B, 2, 2)
    for now, (name, after) in enumerate([("a", None), ("b", None), ("c", leader), ("a", leader), ("a", None)]):
        vacancies.note(Transition(name, 3 + now, None if after else leader, after, False, BEGAN), float(now))
    assert vacancies.next() == 1.0
    assert vacancies.older_than(4.0, 10) == ["b", "a"]
    assert vacancies.older_than(4.0, 1) == ["b"]
    assert vacancies.older_than(0.5, 10) == []
    vacancies.drop("b")
    assert vacancies.next() == 4.0
