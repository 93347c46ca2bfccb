"""Reads a history: which elections there are, their terms within a stretch of time, and when they were watched."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType

from election_core import Term

from ..watched import Stretch
from .rows import COLUMNS, Row, moment, ticks
from .schema import connect
from .terms import terms_of

__all__ = ["WITHIN", "Reader", "limits", "unwatched"]

WITHIN = "election = ? AND (era, revision) >= (?, ?) AND (era, revision) <= (?, ?)"
"""An election's number, then what `limits` gives."""


class Reader:
    """An open file, as it was when it was asked first; for one thread at a time. It holds up no writer.

    Raises:
        HistoryUnusable: there is no such history.
        sqlite3.Error: it cannot be read; any question may raise it.
    """

    # The mutable state: of what was read already the prefixes, and when those below some of them were watched; many
    # elections ask for the same.

    def __init__(self, path: Path) -> None:
        self.file = connect(path)
        self.file.execute("BEGIN")
        self._known: list[bytes] | None = None
        self._watched: dict[tuple[frozenset[bytes], int, int], list[Stretch]] = {}

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.file.close()

    def elections(self) -> list[bytes]:
        """The paths of all elections, sorted."""
        return [path for (path,) in self.file.execute("SELECT path FROM elections ORDER BY path")]

    def endpoints(self) -> list[str]:
        """Under which endpoints the cluster was watched, the last first."""
        return [each for (each,) in self.file.execute("SELECT endpoint FROM endpoints ORDER BY seen DESC, endpoint")]

    def terms(self, path: bytes, since: datetime, until: datetime) -> Iterator[Term]:
        """The terms that overlap a stretch of time, oldest first; they are read as they are taken."""
        number = self._number(path)
        if number is None:
            return
        rows = self.file.execute(
            f"SELECT {COLUMNS} FROM changes WHERE {WITHIN} ORDER BY era, revision",
            (number, *limits(self.file, number, since, until)),
        )
        for term in terms_of(path, map(Row._make, rows)):
            if term.began_at <= until and (term.ended_at is None or term.ended_at >= since):
                yield term

    def terms_before(self, path: bytes, era: int, revision: int, most: int) -> list[Term]:
        """The terms of the last so many changes up to a revision."""
        number = self._number(path)
        if number is None:
            return []
        rows = self.file.execute(
            f"SELECT {COLUMNS} FROM changes WHERE election = ? AND (era, revision) <= (?, ?)"
            " ORDER BY era DESC, revision DESC LIMIT ?",
            (number, era, revision, most),
        ).fetchall()
        return list(terms_of(path, map(Row._make, reversed(rows))))

    def _number(self, path: bytes) -> int | None:
        row = self.file.execute("SELECT id FROM elections WHERE path = ?", (path,)).fetchone()
        return None if row is None else int(row[0])

    def watched_below(self, prefixes: Sequence[bytes], until: datetime) -> list[Stretch]:
        """When everything below all of these prefixes was watched, before a moment."""
        found: list[tuple[int, int]] | None = None
        for prefix in prefixes:
            rows = self.file.execute("SELECT prefix, since, until FROM watched WHERE since < ?", (ticks(until),))
            whole = ((since, min(end, ticks(until))) for each, since, end in rows if prefix.startswith(each))
            found = _merged(whole) if found is None else _common(found, _merged(whole))
        return [Stretch(moment(since), moment(end)) for since, end in found or ()]

    def is_known(self, path: bytes, since: datetime, until: datetime) -> bool:
        """Whether anybody led an election within a stretch of time, or it changed there."""
        log = self.terms(path, since, until)
        first = next(log, None)
        return first is not None and (not first.is_vacant or next(log, None) is not None)

    def watched(self, path: bytes, since: datetime, until: datetime) -> list[Stretch]:
        """When an election was watched, whoever did, within a stretch of time; oldest first, none of them meet."""
        return self.watched_by_any([path], since, until)

    def watched_by_any(self, paths: Collection[bytes], since: datetime, until: datetime) -> list[Stretch]:
        """The same of several elections: when any of them was watched."""
        roots = [path + b"/" for path in paths]
        prefixes = frozenset(each for each in self._prefixes() if any(root.startswith(each) for root in roots))
        key = prefixes, ticks(since), ticks(until)
        if key not in self._watched:
            self._watched[key] = self._watched_below_any(*key)
        return self._watched[key]

    def _prefixes(self) -> Collection[bytes]:
        if self._known is None:
            self._known = [prefix for (prefix,) in self.file.execute("SELECT DISTINCT prefix FROM watched")]
        return self._known

    def _watched_below_any(self, prefixes: Collection[bytes], begin: int, end: int) -> list[Stretch]:
        rows = self.file.execute(
            "SELECT prefix, since, until FROM watched WHERE until > ? AND since < ? ORDER BY since", (begin, end)
        )
        mine = ((max(first, begin), min(last, end)) for prefix, first, last in rows if prefix in prefixes)
        return [Stretch(moment(first), moment(last)) for first, last in _merged(mine)]


def limits(file: sqlite3.Connection, election: int, since: datetime, until: datetime) -> tuple[int, int, int, int]:
    """The first and the last row that a stretch of time needs: from who led before it to the first change after it.

    By revisions, since times may not be in their order: a clock was set, or something was found late.
    """

    def edge(where: str, at: datetime) -> list[tuple[int, int]]:
        rows = file.execute(
            f"SELECT era, revision FROM changes WHERE election = ? AND {where} LIMIT 1", (election, ticks(at))
        )
        return rows.fetchall()

    latest, earliest = "at <= ? ORDER BY at DESC, era DESC, revision DESC", "at > ? ORDER BY at, era, revision"
    after = edge(earliest, until)
    first = min([*edge(latest, since), *edge(earliest, since)], default=(0, 0))
    last = max([*after, *edge(latest, until)]) if after else (1 << 62, 0)
    return *first, *last


def unwatched(watched: Sequence[Stretch], since: datetime, until: datetime) -> list[Stretch]:
    """What `Reader.watched` leaves of a stretch of time."""
    edges = [since, *(moment for each in watched for moment in each), until]
    return [Stretch(*pair) for pair in zip(edges[::2], edges[1::2], strict=True) if pair[0] < pair[1]]


def _common(some: Sequence[tuple[int, int]], others: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where two sorted rows of stretches overlap."""
    found, one, other = list[tuple[int, int]](), 0, 0
    while one < len(some) and other < len(others):
        since, until = max(some[one][0], others[other][0]), min(some[one][1], others[other][1])
        if since < until:
            found.append((since, until))
        if some[one][1] < others[other][1]:
            one += 1
        else:
            other += 1
    return found


def _merged(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for since, until in sorted(stretches):
        if merged and since <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(until, merged[-1][1])
        else:
            merged.append((since, until))
    return merged
