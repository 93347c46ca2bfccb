"""The term logs of many elections, in bounded memory. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from weakref import ref

from .model import Candidate, Transition
from .term_log import Term, TermLog

__all__ = ["TermLogs"]


class TermLogs(Mapping[str, TermLog]):
    """By name a log for each election that has had a transition, and for each that was asked for.

    All of them together keep ``total`` terms that are over; beyond it the oldest are forgotten, whosever they are.
    """

    # The mutable state: the logs, and for each term that was recorded as over its log, the oldest first. A log that
    # drops terms by its own limit leaves its entries there; it counts them, and that many are passed over.

    def __init__(self, limit: int, total: int) -> None:
        """``limit``: terms in one log, ``total``: terms that are over in all of them."""
        self._limit, self._total = limit, total
        self._logs: dict[str, TermLog] = {}
        self._over: deque[ref[TermLog]] = deque()

    def __getitem__(self, name: str) -> TermLog:
        return self._logs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._logs)

    def __len__(self) -> int:
        return len(self._logs)

    def record(self, transition: Transition, began_at: datetime) -> None:
        """The next transition.

        ``began_at``: when what is under way in elections that have had no transition was first seen.
        """
        log = self._logs.get(transition.election)
        if log is None:
            log = self._begin(transition, began_at)
        finished = log.dropped + len(log.terms_kept)
        log.record(transition)
        if log.dropped + len(log.terms_kept) > finished:
            self._over.append(ref(log))
            self._cut()

    def ensure(self, name: str, leader: Candidate | None, began_at: datetime) -> TermLog:
        """The log of an election, which has had ``leader`` since ``began_at`` if it has had no transition."""
        log = self._logs.get(name)
        if log is None:
            log = self._logs[name] = TermLog(name, leader, began_at, limit=self._limit)
        return log

    def learn(self, name: str, earlier: Sequence[Term]) -> None:
        """Put terms before those that are known of an election; they are the first to be forgotten."""
        log = self._logs[name]
        self._over.extendleft([ref(log)] * log.learn(earlier))
        self._cut()

    def _cut(self) -> None:
        while len(self._over) > self._total:
            oldest = self._over.popleft()()
            if oldest is not None:
                oldest.drop_for_all()
        self._tidy()

    def forget(self, name: str) -> None:
        """Drop a log; who holds it keeps it as it is."""
        self._logs.pop(name, None)
        self._tidy()

    def copy(self) -> TermLogs:
        """Others that have seen the same, and go on by themselves."""
        other = TermLogs(self._limit, self._total)
        other._logs = {name: log.copy() for name, log in self._logs.items()}
        # What belongs to a log that was forgotten is passed over in either.
        refs = {id(log): ref(other._logs[name]) for name, log in self._logs.items()}
        other._over = deque(refs.get(id(each()), each) for each in self._over)
        return other

    def _tidy(self) -> None:
        # What is forgotten first is mostly what is oldest.
        while self._over and self._over[0]() is None:
            self._over.popleft()

    def _begin(self, transition: Transition, began_at: datetime) -> TermLog:
        # One that nobody led was not there at the first read, where elections are known by their candidates.
        name, before = transition.election, transition.before
        if before is None:
            log = TermLog(name, None, transition.observed_at, known=not transition.gap, limit=self._limit)
        else:
            log = TermLog(name, before, began_at, limit=self._limit)
        self._logs[name] = log
        return log
