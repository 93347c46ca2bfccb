"""Whoever leads or waits anywhere, by value, which mostly names a host: what it leads, and what if it goes. Pure."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from election_core import Candidate, ElectionState, TermLog

__all__ = ["Heir", "Leader", "leaders_of"]

_SLICE = 200
"""Elections that are dealt with at a time, about a millisecond's work."""


class Heir(NamedTuple):
    """What becomes of an election if its leader goes."""

    election: str
    next: Candidate | None
    """Who leads then, or ``None``: nobody does."""


@dataclass(slots=True)
class Leader:
    """A value that leads or waits somewhere."""

    value: bytes
    leads: int = 0
    waits: int = 0
    heirless: int = 0
    """How many elections it leads in which nobody else waits."""
    oldest: datetime | None = None
    """When the oldest of its terms was seen to begin (aware, UTC), if it leads."""
    oldest_known: bool = True
    """False: that term began before it was seen."""
    changes: int = 0
    """Terms of it that began within the last hour, as far as they were seen."""
    elections: list[str] = field(default_factory=list)
    """What it leads, in no order."""

    def heirs(self, elections: Mapping[str, ElectionState], logs: Mapping[str, TermLog]) -> list[Heir]:
        """What becomes of what it leads, elections that nobody would lead first."""
        found = []
        for name in self.elections:
            state = elections.get(name)
            queue = () if state is None else state.queue
            if queue and _who(queue[0], logs.get(name)) == self.value:
                # One process may wait behind itself; when its host goes, all its candidates go.
                found.append(Heir(name, next((each for each in queue[1:] if each.value != self.value), None)))
        return sorted(found, key=lambda heir: (heir.next is not None, heir.election))


def leaders_of(
    elections: Mapping[str, ElectionState], logs: Mapping[str, TermLog], now: datetime
) -> Generator[None, None, dict[bytes, Leader]]:
    """Every value that leads or waits; a generator, since it takes long where there are many elections.

    It may be left for as long as one likes after each step: an election that goes meanwhile is left out.
    """
    found: dict[bytes, Leader] = {}
    for number, name in enumerate(tuple(elections)):
        if not number % _SLICE:
            yield
        state, log = elections.get(name), logs.get(name)
        if state is not None:
            _count(found, name, state, log)
        if log is not None:
            _count_changes(found, log, now)
    return found


def _who(leader: Candidate, log: TermLog | None) -> bytes:
    """By which value a leader is known, whatever it proclaims by now."""
    term = None if log is None else log.current
    is_seen = term is not None and term.leader is not None and term.leader.is_same_candidate(leader)
    return term.first_value if term is not None and is_seen else leader.value


def _count(found: dict[bytes, Leader], name: str, state: ElectionState, log: TermLog | None) -> None:
    queue = state.queue
    for candidate in queue[1:]:
        found.setdefault(candidate.value, Leader(candidate.value)).waits += 1
    if not queue:
        return
    value = _who(queue[0], log)
    leader = found.setdefault(value, Leader(value))
    leader.leads += 1
    leader.elections.append(name)
    leader.heirless += all(each.value == value for each in queue[1:])
    if log is not None and (leader.oldest is None or log.current.began_at < leader.oldest):
        leader.oldest, leader.oldest_known = log.current.began_at, log.current.began_known


def _count_changes(found: dict[bytes, Leader], log: TermLog, now: datetime) -> None:
    since = now - timedelta(hours=1)
    for term in log.between(since, now):
        if term.leader is not None and term.began_known and term.began_at > since:
            value = term.first_value
            found.setdefault(value, Leader(value)).changes += 1
