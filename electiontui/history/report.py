"""What a history amounts to: who held how long, how often it changed, and for how much of the time somebody led. Pure.

Only time that was watched counts, for leaders and for vacancies alike: what nobody saw is neither up nor down.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate

from election_core import Term

from ..watched import Stretch

__all__ = ["Account", "Tenure", "account_of", "sum_of", "tenures"]

_OVER_AFTER = 900.0
"""Seconds of vacancy after which an election may be over, where nobody has led it for longer; as in the list."""


@dataclass(slots=True)
class Tenure:
    """What one leader, by its value, has held. Seconds are watched ones."""

    terms: int = 0
    held: float = 0.0
    longest: float = 0.0
    elections: int = 1

    def add(self, seconds: float) -> None:
        self.terms += 1
        self.held += seconds
        self.longest = max(self.longest, seconds)


@dataclass(slots=True)
class Account:
    """One election, or all of them in sum. Seconds are watched ones."""

    election: bytes | None
    """The path; ``None`` for the sum."""
    watched: float = 0.0
    """From when the election was first seen, and up to its end if it is over."""
    led: float = 0.0
    terms: int = 0
    changes: int = 0
    """Terms that were seen to begin."""
    vacancies: int = 0
    longest_vacancy: float = 0.0
    is_over: bool = False
    """Vacant at the end, and for longer than anybody has led it: it is not waited for."""
    by_leader: dict[bytes, Tenure] = field(default_factory=dict)

    @property
    def vacant(self) -> float:
        return max(self.watched - self.led, 0.0)

    @property
    def availability(self) -> float | None:
        """Share of the watched time in which somebody led, 0 to 1; ``None`` where nothing was watched."""
        return min(self.led / self.watched, 1.0) if self.watched > 0 else None

    @property
    def changes_per_hour(self) -> float | None:
        """Of watched time."""
        return self.changes / self.watched * 3600 if self.watched > 0 else None

    @property
    def tenure(self) -> float | None:
        """Mean seconds of a term, as far as they were watched."""
        return self.led / self.terms if self.terms else None


def account_of(election: bytes, terms: Iterable[Term], watched: Sequence[Stretch], now: datetime) -> Account:
    """One election's account.

    Args:
        election: its path.
        terms: those of the stretch of time that is asked for, oldest first.
        watched: when it was watched within that stretch; sorted, and none of them meet.
        now: the end of the stretch, and of the term that lasts.
    """
    account, clock = Account(election), _Clock(watched)
    longest, was_seen = 0.0, True
    for term in terms:
        end = term.ended_at or now
        seen, length = clock.seconds(term.began_at, end), (end - term.began_at).total_seconds()
        if not term.is_vacant:
            longest, was_seen = max(longest, length), was_seen and term.began_known
            account.led += seen
            account.terms += 1
            account.changes += term.began_known and clock.runs(term.began_at)
            account.by_leader.setdefault(term.first_value, Tenure()).add(seen)
        elif term.ended_at is None and was_seen and length > max(longest, _OVER_AFTER):
            account.is_over = True
            break
        elif length > 0:
            account.vacancies += 1
            account.longest_vacancy = max(account.longest_vacancy, seen)
        account.watched += seen
    return account


def sum_of(accounts: Iterable[Account]) -> Account:
    """All of them together: the times add up, of the longest the longest counts."""
    total = Account(None)
    for each in accounts:
        total.watched += each.watched
        total.led += each.led
        total.terms += each.terms
        total.changes += each.changes
        total.vacancies += each.vacancies
        total.longest_vacancy = max(total.longest_vacancy, each.longest_vacancy)
        for value, tenure in each.by_leader.items():
            known = total.by_leader.setdefault(value, Tenure(elections=0))
            known.terms += tenure.terms
            known.held += tenure.held
            known.longest = max(known.longest, tenure.longest)
            known.elections += tenure.elections
    return total


def tenures(account: Account) -> list[tuple[bytes, Tenure]]:
    """Leaders by their values, those who held longest first."""
    return sorted(account.by_leader.items(), key=lambda each: (-each[1].held, each[0]))


class _Clock:
    """Runs while it is watched."""

    def __init__(self, watched: Sequence[Stretch]) -> None:
        self._starts = [each.since for each in watched]
        self._ends = [each.until for each in watched]
        self._before = list(accumulate(((each.until - each.since).total_seconds() for each in watched), initial=0.0))

    def seconds(self, since: datetime, until: datetime) -> float:
        """How much of a stretch of time was watched."""
        return max(self._at(until) - self._at(since), 0.0)

    def runs(self, at: datetime) -> bool:
        place = bisect_right(self._starts, at) - 1
        return place >= 0 and at <= self._ends[place]

    def _at(self, moment: datetime) -> float:
        place = bisect_right(self._starts, moment) - 1
        if place < 0:
            return 0.0
        passed = min(moment, self._ends[place]) - self._starts[place]
        return self._before[place] + passed.total_seconds()
