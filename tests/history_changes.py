"""Changes by hand for the tests of a history's file."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from election_core import Candidate, Transition
from electiontui.history.retention import Keep
from electiontui.history.schema import connect
from electiontui.history.writer import Begin, Change, Message, Writer

__all__ = ["NOW", "PATH", "PREFIX", "candidate", "changes", "rows", "write"]

PATH, PREFIX = b"election/jobs", b"election/"
NOW = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)


def candidate(revision: int, value: bytes = b"host-a") -> Candidate:
    return Candidate(PATH + b"/%x" % revision, value, revision, revision, revision)


def changes(number: int, since: datetime = NOW, path: bytes = PATH, untimed: bool = False) -> list[Change]:
    """Somebody leads from each odd revision on, nobody from each even one; a second each."""
    found = []
    for revision in range(1, number + 1):
        before, after = (None, candidate(revision)) if revision % 2 else (candidate(revision - 1), None)
        at = since + timedelta(seconds=revision)
        found.append(Change(path, Transition("jobs", revision, before, after, False, at), untimed))
    return found


def write(file: Path, *messages: Message, keep: Keep | None = None) -> Writer:
    found = Writer(file, keep)
    found.put(Begin(1))
    for message in messages:
        assert found.put(message)
    found.start()
    assert found.close(30), found.trouble
    return found


def rows(file: Path, columns: str = "revision, how") -> list[tuple[int, ...]]:
    with closing(connect(file)) as opened:
        return opened.execute(f"SELECT {columns} FROM changes ORDER BY election, era, revision").fetchall()
