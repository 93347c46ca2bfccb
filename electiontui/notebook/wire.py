"""What a view's front end is told: rows of terms, and of a row that is there already what is new. Pure.

Times are milliseconds since 1970. Every text is harmless (`text.safe`) and short, whatever etcd holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from election_core import Candidate, Term, TermLog

from ..pictures.colours import shade_of
from ..pictures.lanes import Lane, Window
from ..text import safe
from .source import Pair

__all__ = ["Json", "Outbox", "Row", "election_row", "lane_row", "milliseconds", "terms_within"]

Json = dict[str, Any]
_NAME_CELLS, _WHO_CELLS = 120, 64
_MOST_TERMS = 20_000
"""Terms that one view is told of, the newest of each row."""


class Row(NamedTuple):
    """One strip with its facts."""

    id: int
    facts: Json
    terms: list[list[Any]]
    """Each as number, begin, end, who, colour, pattern, token, and what is not known: 1 its begin, 2 its end."""


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def election_row(number: int, pair: Pair, window: Window, most: int, own: Sequence[Json]) -> Row:
    """An election among others."""
    state, log = pair
    leader = state.leader
    facts = {
        "name": safe(state.name, _NAME_CELLS) or '""',
        "leader": None if leader is None else who(leader),
        "blocked": leader is not None and not leader.lease_id,
        "queue": len(state),
        "rev": state.revision,
        "own": list(own),
    }
    return Row(number, facts, terms_within(log, log.between(window.since, window.until), most))


def lane_row(number: int, lane: Lane, log: TermLog, most: int) -> Row:
    """A candidate of one election among those who compete with it."""
    facts = {"name": lane.label, "leads": lane.leads, "waits": lane.waits, "vacant": lane.vacant}
    return Row(number, facts, terms_within(log, reversed(lane.terms), most))


def terms_within(log: TermLog, newest_first: Iterable[Term], most: int = _MOST_TERMS) -> list[list[Any]]:
    """Some terms of a log, oldest first, numbered as long as the log lives."""
    numbers = {id(term): number for number, term in enumerate(log.terms_kept, log.dropped)}
    found: list[list[Any]] = []
    for term in newest_first:
        if len(found) >= max(most, 1):
            break
        found.append(_term(numbers[id(term)], term))
    return found[::-1]


def _term(number: int, term: Term) -> list[Any]:
    end = None if term.ended_at is None else milliseconds(term.ended_at)
    unknown = (0 if term.began_known else 1) + (0 if term.ended_known else 2)
    begin = milliseconds(term.began_at)
    if term.leader is None:
        return [number, begin, end, None, 0, 0, 0, unknown]
    shade = shade_of(term.first_value)
    label = safe(term.first_value, _WHO_CELLS) or "(empty)"
    return [number, begin, end, label, shade.colour, shade.pattern, term.leader.create_revision, unknown]


def who(candidate: Candidate) -> str:
    return safe(candidate.value, _WHO_CELLS) or "(empty)"


class Outbox:
    """Knows what was sent, and makes messages of what is new. Each can be applied again without harm."""

    # The mutable state: the number of the last message, and of each row its facts and its last term as they were sent.

    def __init__(self) -> None:
        self.number = 0
        self._sent: dict[int, tuple[Json, list[Any] | None]] = {}
        self._about: Json = {}

    def full(self, about: Json, rows: Sequence[Row], now: datetime) -> Json:
        """Everything, for a front end that has nothing."""
        self._sent = {row.id: (row.facts, row.terms[-1] if row.terms else None) for row in rows}
        self._about = about
        return self._message(
            now, full=True, about=about, rows=[{"id": row.id, **row.facts, "terms": row.terms} for row in rows]
        )

    def news(self, about: Json, rows: Sequence[Row], now: datetime) -> Json | None:
        """What has changed, or ``None``."""
        gone = self._sent.keys() - {row.id for row in rows}
        for number in gone:
            del self._sent[number]
        changed = [new for row in rows for new in self._changes(row)]
        parts: Json = {}
        if about != self._about:
            parts["about"] = self._about = about
        if changed:
            parts["rows"] = changed
        if gone:
            parts["gone"] = sorted(gone)
        return self._message(now, **parts) if parts else None

    def sign_of_life(self, now: datetime) -> Json:
        """Nothing has changed up to now."""
        return self._message(now)

    def _message(self, now: datetime, **parts: Any) -> Json:
        self.number += 1
        return {"n": self.number, "now": milliseconds(now), **parts}

    def _changes(self, row: Row) -> Iterator[Json]:
        last = row.terms[-1] if row.terms else None
        known = self._sent.get(row.id)
        self._sent[row.id] = row.facts, last
        if known is None or _began_anew(known[1], last):
            yield {"id": row.id, **row.facts, "terms": row.terms, "anew": True}
            return
        facts, before = known
        since = -1 if before is None else before[0]
        terms = [term for term in row.terms if term[0] > since or (term[0] == since and term != before)]
        if facts != row.facts or terms:
            yield {"id": row.id, **(row.facts if facts != row.facts else {}), **({"terms": terms} if terms else {})}


def _began_anew(before: list[Any] | None, now: list[Any] | None) -> bool:
    """Whether a log was forgotten and another one has begun, or all that was sent of it is too old by now."""
    return before is not None and (now is None or now[0] < before[0])
