"""A long stretch of a busy election in few terms: what falls into one cell of a picture is added up by SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from election_core import Candidate, Term, TermLog

from .reading import WITHIN, limits
from .rows import COLUMNS, Row, moment, ticks
from .schema import PROCLAIMED
from .terms import terms_of

__all__ = ["MOST", "OverviewLog", "joined", "overview"]

MOST = 1_000
"""Changes of a stretch that are given one by one."""

_CELLS = f"""
SELECT era, revision, count(*), min(at), max(next), sum(max(next - at, 0)), lease IS NULL, value
FROM (
    SELECT era, revision, at, lease, value, (at - :since) / :cell AS cell,
        lead(at) OVER (ORDER BY era, revision) AS next
    FROM changes
    WHERE election = :election AND how & {PROCLAIMED} = 0
        AND (era, revision) >= (:first_era, :first_revision) AND (era, revision) <= (:last_era, :last_revision)
)
GROUP BY cell, value, lease IS NULL, CASE WHEN next IS NULL OR (next - :since) / :cell > cell THEN revision END
"""
"""A row for each term that goes beyond its cell, and one for all others of a leader's value within each cell."""


class _Heap(NamedTuple):
    """Several terms in one cell."""

    since: datetime
    number: int
    is_vacant: bool


class OverviewLog(TermLog):
    """A log in which pieces stand for terms that are too many for a picture.

    They have the right leader, and in each cell the right sum; what is asked for a moment is not answered by them.
    """

    __slots__ = ("_ids", "heaps", "pieces")

    def __init__(self, name: str, leader: None, now: datetime, *, known: bool = False, limit: int = MOST) -> None:
        super().__init__(name, leader, now, known=known, limit=limit)
        self.heaps: Sequence[_Heap] = ()
        self.pieces: Sequence[Term] = ()
        self._ids: set[int] = set()

    def mark(self, heaps: Sequence[_Heap], pieces: Sequence[Term]) -> None:
        """Which of the terms are pieces, and what of."""
        self.heaps, self.pieces, self._ids = heaps, pieces, set(map(id, pieces))

    def between(self, since: datetime, until: datetime) -> Iterator[Term]:
        found = super().between(since, until)
        return (term for term in found if id(term) not in self._ids) if since == until else found

    def changes(self, since: datetime, until: datetime) -> int:
        heaped = sum(heap.number for heap in self.heaps if not heap.is_vacant and since < heap.since <= until)
        exact = (term for term in self.terms_kept if id(term) not in self._ids)
        return heaped + sum(not term.is_vacant and since < term.began_at <= until for term in exact)


def overview(
    file: sqlite3.Connection, path: bytes, name: str, since: datetime, until: datetime, cell: timedelta, pieces: int = 2
) -> TermLog | None:
    """The terms of a stretch of time, one by one or in pieces; ``None`` where nothing is known of it.

    Args:
        file: an open history.
        path: the election.
        name: what the log is called.
        since, until: the stretch.
        cell: what one column of the picture stands for.
        pieces: as how many at most the terms of one value in one cell appear.
    """
    found = file.execute("SELECT id FROM elections WHERE path = ?", (path,)).fetchone()
    if found is None:
        return None
    number = int(found[0])
    rows = (number, *limits(file, number, since, until))
    few = file.execute(f"SELECT count(*) FROM (SELECT 1 FROM changes WHERE {WITHIN} LIMIT {MOST + 1})", rows)
    if few.fetchone()[0] <= MOST:
        exact = file.execute(f"SELECT {COLUMNS} FROM changes WHERE {WITHIN} ORDER BY era, revision", rows)
        terms = [term for term in terms_of(path, map(Row._make, exact)) if term.began_at <= until]
        return TermLog.of(name, terms) if terms else None
    names = ("election", "first_era", "first_revision", "last_era", "last_revision")
    asked = dict(zip(names, rows, strict=True)) | {
        "since": ticks(since),
        "cell": max(cell // timedelta(microseconds=1), 1),
    }
    # What comes after the stretch only tells when the last term in it has ended.
    cells = [row for row in file.execute(_CELLS, asked) if row[3] <= ticks(until)]
    return _log_of(file, number, path, name, cells, pieces)


def _log_of(
    file: sqlite3.Connection, number: int, path: bytes, name: str, cells: Sequence[tuple[Any, ...]], pieces: int
) -> TermLog:
    terms: list[Term] = []
    heaped: list[Term] = []
    heaps: list[_Heap] = []
    for era, revision, number_of, since, until, total, is_vacant, value in cells:
        if number_of == 1:
            one = f"SELECT {COLUMNS} FROM changes WHERE election = ? AND era = ? AND revision = ?"
            row = Row._make(file.execute(one, (number, era, revision)).fetchone())
            end = None if until is None else moment(until)
            terms.append(Term(row.leader(path), moment(row.at), row.is_exact, end, first_value=value or b""))
            continue
        parts, leader = min(number_of, pieces), None if is_vacant else Candidate(path, value, 0, 0, 0)
        length = total // parts
        step = (until - since - length) // max(parts - 1, 1)
        for at in (since + part * step for part in range(parts)):
            heaped.append(Term(leader, moment(at), True, moment(at + length), first_value=value or b""))
        heaps.append(_Heap(moment(since), number_of, bool(is_vacant)))
    # Whoever looks at the last one takes it for what lasts.
    every = sorted([*terms, *heaped], key=lambda term: (term.ended_at is None, term.began_at))
    log = OverviewLog.of(name, every)
    log.mark(heaps, heaped)
    return log


def joined(name: str, parts: Sequence[TermLog], recent: TermLog) -> TermLog:
    """Stretches that follow each other, oldest first, and what goes on after them, as one log."""
    edge = recent.terms_kept[0].began_at
    earlier: list[Term] = []
    heaps: list[_Heap] = []
    pieces: list[Term] = []
    for part in parts:
        # Each begins with the term under way, which is the last one of the stretch before.
        while earlier and earlier[-1].began_at >= part.terms_kept[0].began_at:
            earlier.pop()
        earlier += part.terms_kept
        if isinstance(part, OverviewLog):
            heaps += part.heaps
            pieces += part.pieces
    earlier = [_until(term, edge) for term in earlier if term.began_at < edge]
    if not earlier:
        return recent
    log = OverviewLog.of(name, recent.terms_kept, limit=len(earlier) + len(recent.terms_kept))
    log.learn(earlier)
    log.mark([heap for heap in heaps if heap.since < edge], pieces)
    return log


def _until(term: Term, edge: datetime) -> Term:
    return term._replace(ended_at=edge) if term.ended_at is not None and term.ended_at > edge else term
