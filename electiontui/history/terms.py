"""Rows of the file as terms. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from election_core import Term

from .rows import Row, moment
from .schema import UNTIMED

__all__ = ["terms_of"]


def terms_of(path: bytes, rows: Iterable[Row]) -> Iterator[Term]:
    """The terms and vacancies of an election, oldest first, the last of which lasts; rows come in order of revisions.

    What several writers have seen, some of it twice and some only later, becomes one account: a candidate leads once,
    from the first row that names it to the first that names another. Where a time is not known it is that of the next
    row whose time is, at most: it was before that for certain.
    """
    term: Term | None = None
    before: Row | None = None
    for row in _in_time(rows):
        leader = row.leader(path)
        if term is not None and before is not None and row.era == before.era and row.who == before.who:
            term = term._replace(leader=leader)
        else:
            is_known = row.is_exact and not row.is_proclaim and (before is None or row.era == before.era)
            at = moment(row.at)
            if term is not None:
                yield term._replace(ended_at=at, ended_known=is_known)
            term = Term(leader, at, is_known, first_value=b"" if leader is None else leader.value)
        before = row
    if term is not None:
        yield term


def _in_time(rows: Iterable[Row]) -> Iterator[Row]:
    """The same, what has no time of its own not after what comes next."""
    untimed: list[Row] = []
    for row in rows:
        if row.how & UNTIMED:
            untimed.append(row)
            continue
        yield from (each._replace(at=min(each.at, row.at)) for each in untimed)
        untimed = []
        yield row
    yield from untimed
