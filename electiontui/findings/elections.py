"""What is wrong with each election: its leader, its line and its name. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime

from election_core import Candidate, ElectionState, Oddity, TermLog

from ..rows import FLAP_CHANGES, FLAP_WINDOW
from ..text import safe
from .finding import CRITICAL, NOTICE, WARNING, Finding, Limits, Seen
from .leases import LeaseLimits, lease_findings

__all__ = ["election_findings"]

_SLICE = 500
_NAMES_TOLD = 5
"""Of the names nested in one, how many are told."""


def election_findings(seen: Seen, limits: Limits) -> Generator[None, None, list[Finding]]:
    """What concerns elections, in any order; it pauses every 500 elections."""
    found: list[Finding] = []
    odd = _by_election(seen.oddities)
    slowest = max((member.round_trip or 0.0 for member in seen.members), default=0.0)
    lease_limits = LeaseLimits.of(limits, slowest)
    inner = _nested_names(seen.elections)
    flapping_since = seen.now - FLAP_WINDOW
    for number, (name, state) in enumerate(list(seen.elections.items()), 1):
        if number % _SLICE == 0:
            yield
        queue, log = state.queue, seen.logs.get(name)
        if not queue:
            found += _vacancy(name, log, seen, limits)
        elif name in odd:
            found += _odd_line(name, queue, odd[name], limits)
        elif len(queue) <= limits.min_standby:
            found.append(_no_standby(name, queue[0], len(queue) - 1, limits))
        if log is not None and _may_flap(log, flapping_since):
            changes = log.changes(flapping_since, seen.now)
            if changes >= FLAP_CHANGES:
                figures = (changes, FLAP_WINDOW.seconds // 60)
                found.append(Finding("flapping", WARNING, name, figures=figures))
        own = _proper(queue, odd[name]) if name in odd else queue
        if len(own) > 1:
            found += _values(name, own)
        if name in inner:
            found.append(_nesting(name, inner[name], queue, odd.get(name, ())))
        if seen.leases and own:
            found += lease_findings(name, queue, own, seen.leases, lease_limits)
    return found


def _may_flap(log: TermLog, since: datetime) -> bool:
    """Whether it is worth counting, which takes time with the length of the log."""
    terms = log.terms_kept
    return len(terms) > FLAP_CHANGES and terms[-FLAP_CHANGES].began_at > since


def _by_election(oddities: Sequence[Oddity]) -> dict[str, list[Oddity]]:
    found: dict[str, list[Oddity]] = {}
    for oddity in oddities:
        found.setdefault(oddity.election, []).append(oddity)
    return found


def _vacancy(name: str, log: TermLog | None, seen: Seen, limits: Limits) -> Iterator[Finding]:
    if log is None:
        return
    term = log.current
    age = term.duration(seen.now).total_seconds()
    if age >= limits.vacant_longer_than:
        last = next((each.leader for each in reversed(log.terms_kept) if each.leader is not None), None)
        before = f"last led by {safe(last.value, 60) or '(empty)'}" if last else "no leader seen"
        yield Finding("vacant", CRITICAL, name, "", age, (before,))


def _no_standby(name: str, leader: Candidate, waiting: int, limits: Limits) -> Finding:
    return Finding("no-standby", WARNING, name, "", None, (leader.value[:200], waiting, limits.min_standby))


def _odd_line(name: str, queue: Sequence[Candidate], odd: Sequence[Oddity], limits: Limits) -> Iterator[Finding]:
    kinds: Mapping[bytes, str] = {oddity.key: oddity.kind for oddity in odd}
    if all(kinds.get(candidate.key) == "stray" for candidate in queue):
        yield Finding("stray-alone", WARNING, name, "", None, (queue[0].key,), (len(queue),))
        return
    proper = 0
    for place, candidate in enumerate(queue, 1):
        kind = kinds.get(candidate.key)
        behind = len(queue) - place
        proper += kind is None
        if kind == "stray" and place == 1:
            yield Finding("blocked", CRITICAL, name, "", None, (candidate.key,), (behind,))
        elif kind == "stray":
            yield Finding("stray-key", WARNING, name, "", None, (candidate.key,), (place, behind))
        elif kind == "unlike":
            yield Finding("unlike-key", WARNING, name, "", None, (candidate.key,), (place,))
    led = kinds.get(queue[0].key) is None
    if led and proper - 1 < limits.min_standby:
        yield _no_standby(name, queue[0], proper - 1, limits)


def _proper(queue: Sequence[Candidate], odd: Sequence[Oddity]) -> Sequence[Candidate]:
    keys = {oddity.key for oddity in odd}
    return [candidate for candidate in queue if candidate.key not in keys]


def _values(name: str, queue: Sequence[Candidate]) -> Iterator[Finding]:
    values = {candidate.value for candidate in queue}
    if len(values) == len(queue):
        # Only among other values an empty one is remarkable: some programs never write any.
        if b"" in values:
            key = next(candidate.key for candidate in queue if not candidate.value)
            yield Finding("lock-in-line", NOTICE, name, "", None, (key,))
        return
    counted = Counter(candidate.value for candidate in queue)
    empty = counted.pop(b"", 0)
    if empty and counted:
        key = next(candidate.key for candidate in queue if not candidate.value)
        yield Finding("lock-in-line", NOTICE, name, "", None, (key,))
    for value, times in counted.items():
        if times > 1:
            yield Finding("value-twice", WARNING, name, "", None, (value[:200],), (times,))


def _nested_names(elections: Mapping[str, ElectionState]) -> dict[str, list[str]]:
    """Each name below which other elections lie, with their names."""
    inner: dict[str, list[str]] = {}
    for name in elections:
        above = name
        while (slash := above.rfind("/")) > 0:
            above = above[:slash]
            if above in elections:
                inner.setdefault(above, []).append(name)
    return inner


def _nesting(name: str, inner: list[str], queue: Sequence[Candidate], odd: Sequence[Oddity]) -> Finding:
    nested = {oddity.key for oddity in odd if oddity.kind == "nested"}
    in_line = sum(candidate.key in nested for candidate in queue)
    severity = CRITICAL if queue and queue[0].key in nested else WARNING
    told = ", ".join(sorted(inner)[:_NAMES_TOLD]) + (", …" if len(inner) > _NAMES_TOLD else "")
    return Finding("nested-names", severity, name, "", None, (told, len(inner)), (in_line,))
