"""The term log: who led one election from when to when, as far as this program has seen it. Pure.

A recorded term is what was observed, nothing more: the leader found at the start began at an unknown time, and
across a gap neither the end of one term nor the beginning of the next is known exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self

from .flat import card, flat_text, flat_time, shown
from .model import Candidate, Transition, leader_facts

__all__ = ["Term", "TermLog"]


class Term(NamedTuple):
    """One stretch of time under one leader, or without any."""

    leader: Candidate | None
    """The leader with what it last proclaimed, or ``None`` for a vacancy."""
    began_at: datetime
    """When this program saw it begin (aware, UTC)."""
    began_known: bool
    """False: it was already under way when first seen, or it began somewhere inside a gap."""
    ended_at: datetime | None = None
    """When this program saw it end, or ``None`` while it lasts."""
    ended_known: bool = True
    """False: it ended somewhere inside a gap, and other terms may have come and gone there."""
    first_value: bytes = b""
    """What the leader proclaimed when the term was first seen; what it proclaims later is in ``leader``."""

    @property
    def is_vacant(self) -> bool:
        return self.leader is None

    def duration(self, now: datetime) -> timedelta:
        """How long it lasted, or has lasted until ``now``; a lower bound unless ``began_known``."""
        return max((self.ended_at or now) - self.began_at, timedelta(0))

    def as_dict(self) -> dict[str, Any]:
        """Flat and ready for JSON; a vacancy has no leader, a term that lasts has no end."""
        return {
            **leader_facts("leader", self.leader),
            "first_value": None if self.leader is None else flat_text(self.first_value),
            "began_at": flat_time(self.began_at),
            "began_known": self.began_known,
            "ended_at": None if self.ended_at is None else flat_time(self.ended_at),
            "ended_known": self.ended_known,
        }


class TermLog:
    """The last ``limit`` terms of one election, newest last.

    Attributes:
        name: name of the election.
        dropped: how many old terms were forgotten to keep within the limit.
    """

    __slots__ = ("__weakref__", "_ahead", "_changes", "_limit", "_terms", "dropped", "name")

    # Lists, since an empty deque takes half a kilobyte and a monitor may see a hundred thousand elections.

    def __init__(self, name: str, leader: Candidate | None, now: datetime, *, known: bool = False, limit: int = 1000):
        """Begin with the leader of the first read. ``known``: the election was seen to begin at ``now``."""
        self.name = name
        self.dropped = 0
        self._limit = limit
        self._ahead = 0
        self._terms = [_begun(leader, now, known)]
        self._changes: list[datetime] = []

    def __repr__(self) -> str:
        leader, began = self.current.leader, self.current.began_at
        held_by = "vacant" if leader is None else f"led by {leader.value[:40]!r}"
        return f"<TermLog {self.name!r} {held_by} since {flat_time(began)}, {len(self._terms)} terms and vacancies>"

    def _repr_html_(self) -> str:
        rows = [(_who(each), *_times(each), _token(each)) for each in reversed(self._terms)]
        return card(f"Terms of {self.name}", (), [("leader", "began", "ended", "token"), *rows])

    def __copy__(self) -> TermLog:
        """A log that stays as it is, which costs little: terms never change."""
        copy = TermLog.__new__(TermLog)
        copy.name, copy.dropped, copy._limit, copy._ahead = self.name, self.dropped, self._limit, self._ahead
        copy._terms, copy._changes = self._terms.copy(), self._changes.copy()
        return copy

    @classmethod
    def of(cls, name: str, terms: Sequence[Term], *, limit: int = 0) -> Self:
        """A log of terms that are known already, at least one, oldest first; ``limit`` where more may come."""
        log = cls(name, None, terms[0].began_at, limit=max(len(terms), limit))
        log._terms = list(terms)
        log._changes = _begins(log._terms)
        return log

    def learn(self, earlier: Sequence[Term]) -> int:
        """Put terms before those that are known, as many as fit; returns how many.

        The last of them goes on as the first one that is known if it is of the same candidate, or vacant as well;
        otherwise it has ended somewhere before that.
        """
        first, fits = self._terms[0], self._limit - len(self._terms)
        before = [] if self.dropped else list(earlier)
        if not before or fits < 1:
            return 0
        last = before.pop()
        if _is_same(last, first):
            began = first._replace(began_at=min(last.began_at, first.began_at), began_known=last.began_known)
            self._terms[0] = began._replace(first_value=last.first_value)
        elif last.ended_at is not None:
            before.append(last)
        else:
            before.append(last._replace(ended_at=max(first.began_at, last.began_at), ended_known=False))
        before = before[-fits:]
        self._changes[:0] = _begins([*before, self._terms[0]])
        self._terms[:0] = before
        return len(before)

    def record(self, transition: Transition) -> None:
        """Take in the next transition; they must come in revision order."""
        current, now = self._terms[-1], transition.observed_at
        if transition.kind == "proclaimed":
            self._terms[-1] = current._replace(leader=transition.after)
            return
        self._terms[-1] = current._replace(ended_at=now, ended_known=not transition.gap)
        self._terms.append(_begun(transition.after, now, not transition.gap))
        if transition.after is not None:
            self._changes.append(now)
        if len(self._terms) > self._limit:
            self._ahead += 1
            self._drop()

    def copy(self) -> TermLog:
        """Another one that has seen the same, and goes on by itself."""
        other = TermLog(self.name, None, self._terms[0].began_at, limit=self._limit)
        other.dropped, other._ahead = self.dropped, self._ahead
        other._terms, other._changes = self._terms[:], self._changes[:]
        return other

    def drop_for_all(self) -> None:
        """Forget the oldest term since there are too many in all logs, unless one too many was dropped here already."""
        if self._ahead:
            self._ahead -= 1
        elif len(self._terms) > 1:
            self._drop()

    def _drop(self) -> None:
        # The term that the log began with is no change, and neither is one that was learned of later on.
        if self._changes and self._changes[0] == self._terms[0].began_at and not self._terms[0].is_vacant:
            del self._changes[0]
        self.dropped += 1
        del self._terms[0]

    @property
    def terms_kept(self) -> Sequence[Term]:
        """As `terms`, without a copy: look at it at once."""
        return self._terms

    @property
    def current(self) -> Term:
        """The term, or vacancy, that lasts."""
        return self._terms[-1]

    @property
    def terms(self) -> Sequence[Term]:
        """All remembered terms and vacancies, oldest first."""
        return tuple(self._terms)

    def between(self, since: datetime, until: datetime) -> Iterator[Term]:
        """The terms that overlap ``[since, until]``, newest first."""
        # Wall clocks step back at times, so an old term says nothing about the ones before it.
        for term in reversed(self._terms):
            if term.began_at <= until and (term.ended_at is None or term.ended_at >= since):
                yield term

    def changes(self, since: datetime, until: datetime) -> int:
        """How many terms began within ``(since, until]``; vacancies do not count."""
        return sum(since < at <= until for at in self._changes)

    def changes_per_bucket(self, until: datetime, bucket: timedelta, count: int) -> list[int]:
        """How many terms began in each of the last ``count`` buckets before ``until``, oldest first."""
        counts = [0] * count
        for at in reversed(self._changes):
            index = count - 1 - int((until - at) / bucket)
            if at <= until and index >= 0:
                counts[index] += 1
        return counts

    def hold_times(self) -> list[float]:
        """Seconds that each finished term lasted, oldest first, vacancies left out and gaps left out."""
        return [
            term.duration(term.ended_at).total_seconds()
            for term in self._terms
            if term.ended_at is not None and not term.is_vacant and term.began_known and term.ended_known
        ]


def _begins(terms: Sequence[Term]) -> list[datetime]:
    """When those began that somebody saw begin."""
    return [term.began_at for term in terms if not term.is_vacant and term.began_known]


def _is_same(last: Term, first: Term) -> bool:
    if last.leader is None or first.leader is None:
        return last.leader is first.leader
    return last.leader.is_same_candidate(first.leader)


def _begun(leader: Candidate | None, now: datetime, known: bool) -> Term:
    return Term(leader, now, known, first_value=b"" if leader is None else leader.value)


def _who(term: Term) -> str:
    return "vacant" if term.leader is None else shown(term.leader.value) or "(empty)"


def _times(term: Term) -> tuple[str, str]:
    ended = "" if term.ended_at is None else flat_time(term.ended_at)
    return ("" if term.began_known else "≥ ") + flat_time(term.began_at), ended + ("" if term.ended_known else "?")


def _token(term: Term) -> str:
    return "" if term.leader is None else str(term.leader.create_revision)
