"""Term logs and elections made of a few words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from election_core import Candidate, TermLog, Transition

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def candidate(value: bytes, revision: int, name: str = "job") -> Candidate:
    return Candidate(f"election/{name}/{revision:x}".encode(), value, revision, revision, revision)


def log_of(*steps: tuple[float, bytes | None], name: str = "job", now: datetime = NOW, limit: int = 1000) -> TermLog:
    """A log from ``(seconds ago, leader)``; the first one was found."""
    first_ago, first = steps[0]
    leader = None if first is None else candidate(first, 1, name)
    log = TermLog(name, leader, now - timedelta(seconds=first_ago), limit=limit)
    for revision, (ago, value) in enumerate(steps[1:], 2):
        step(log, revision, value, now - timedelta(seconds=ago))
    return log


def step(log: TermLog, revision: int, value: bytes | None, at: datetime, *, gap: bool = False) -> None:
    after = None if value is None else candidate(value, revision, log.name)
    log.record(Transition(log.name, revision, log.current.leader, after, gap, at))
