"""Corners of the models that no story comes to: begun again, forgotten while loading, more than is remembered."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from election_core.core import directory as of
from election_core.core.directory import Directory
from election_core.core.loading import finish
from election_core.core.model import Candidate, KeyDeleted, Revision, Snapshot, Transition
from election_core.core.term_log import TermLog
from election_core.core.term_logs import TermLogs

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def one(name: str, revision: int) -> Candidate:
    return Candidate(f"election/{name}/7b".encode(), b"v", 0x7B, revision, revision)


def two() -> Directory:
    return Directory("election/", Snapshot(9, (one("a", 2), one("b", 3)), NOW))


def test_after_a_rewind_an_older_read_is_the_newer_one() -> None:
    directory = two()
    assert directory.reset(Snapshot(5, (), NOW)) == []
    directory.rewind()
    told = directory.reset(Snapshot(5, (), NOW))
    assert {(each.election, each.after, each.gap) for each in told} == {("a", None, True), ("b", None, True)}


def test_nothing_is_forgotten_while_everything_is_read() -> None:
    directory = two()
    loading = directory.load(Snapshot(10, (one("a", 2),), NOW))
    next(loading)
    assert not directory.forget("b")
    finish(loading)
    assert directory.forget("b")
    assert directory.forget("unknown")


def test_so_many_vacancies_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of, "_REMEMBERED", 1)
    directory = two()
    directory.reset(Snapshot(10, (one("a", 2), one("b", 3)), NOW))
    for revision, name in ((11, "a"), (12, "b")):
        directory.apply(Revision(revision, (KeyDeleted(one(name, 2).key),), NOW))
    assert directory.forget("a")
    assert directory.forget("b")


def test_the_only_term_of_a_log_stays() -> None:
    log = TermLog("a", None, NOW)
    log.drop_for_all()
    assert len(log.terms) == 1


def test_a_forgotten_log_has_no_terms_to_drop() -> None:
    logs = TermLogs(limit=100, total=4)
    held: TermLog | None = None
    for number, name in enumerate("abbbbbb"):
        leader = one(name, 2)
        logs.record(Transition(name, 10 * number, None, leader, False, NOW), NOW)
        logs.record(Transition(name, 10 * number + 1, leader, None, False, NOW), NOW)
        if name == "a":
            held = logs.ensure(name, None, NOW)
            logs.forget(name)
        elif held is not None:
            # Whoever held it lets it go, and nobody tells.
            held = None
    assert len(logs.ensure("b", None, NOW).terms) == 4 + 1
