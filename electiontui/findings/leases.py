"""What is wrong with the leases of an election's line. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from math import ceil
from statistics import median_high
from typing import NamedTuple

from election_core import Candidate, ElectionState, LeaseInfo

from ..rows import lease_to_spare
from .finding import CRITICAL, WARNING, Finding, Limits

__all__ = ["lease_findings", "leases_wanted"]

Known = list[tuple[Candidate, int]]
"""Candidates whose leases were looked up, with the granted TTLs in seconds."""


class LeaseLimits(NamedTuple):
    """What a TTL is compared with."""

    least: float
    """Seconds that a lease has to last."""
    round_trip: float
    """Seconds that the slowest member took to answer; 0 where none was asked."""
    factor: float
    """By how much TTLs in one election may differ."""

    @classmethod
    def of(cls, limits: Limits, round_trip: float) -> LeaseLimits:
        least = max(limits.raft_elections * limits.raft_election_timeout, limits.round_trips * round_trip)
        return cls(least, round_trip, limits.ttl_factor)


def lease_findings(
    name: str,
    queue: Sequence[Candidate],
    own: Sequence[Candidate],
    leases: Mapping[int, LeaseInfo],
    limits: LeaseLimits,
) -> list[Finding]:
    """Of one election that is not vacant.

    Args:
        name: the election.
        queue: its candidates, the leader first.
        own: those of them that are no other election's and no strays.
        leases: those that were looked up, by id.
        limits: what is compared with.
    """
    found: list[Finding] = []
    info = leases.get(queue[0].lease_id)
    if info is not None and lease_to_spare(info) <= 0:
        found.append(_not_renewed(name, queue, info))
    known = [(each, leases[each.lease_id].granted_ttl) for each in own if each.lease_id in leases]
    if not known:
        return found
    candidate, ttl = known[0] if len(known) == 1 else min(known, key=_ttl)
    if ttl < limits.least:
        facts = (candidate.value[:200], ttl, ceil(limits.least))
        found.append(Finding("ttl-short", WARNING, name, "", None, facts, (round(limits.round_trip * 1000),)))
    if len(known) > 1:
        found += _far_apart(name, known, limits.factor)
    return found


def leases_wanted(elections: Mapping[str, ElectionState]) -> Iterator[int]:
    """The leases worth looking up: those of all leaders, then those of all who wait."""
    states = [state for state in elections.values() if len(state)]
    leaders = (state.leader.lease_id for state in states if state.leader is not None)
    waiting = (candidate.lease_id for state in states for candidate in state.queue[1:])
    return (lease_id for lease_id in dict.fromkeys(chain(leaders, waiting)) if lease_id)


def _not_renewed(name: str, queue: Sequence[Candidate], info: LeaseInfo) -> Finding:
    leader, *waiting = queue
    facts = (leader.value[:200], leader.create_revision, info.granted_ttl)
    heir = waiting[0].value[:200] if waiting else "NOBODY"
    age = float(info.granted_ttl - info.remaining)
    return Finding("not-renewed", WARNING if waiting else CRITICAL, name, "", age, facts, (info.remaining, heir))


def _far_apart(name: str, known: Known, factor: float) -> Iterator[Finding]:
    usual = median_high(map(_ttl, known))
    candidate, ttl = max(known, key=lambda pair: max(pair[1] / usual, usual / pair[1]))
    if max(ttl / usual, usual / ttl) >= factor:
        yield Finding("ttl-apart", WARNING, name, "", None, (candidate.value[:200], ttl, usual))


def _ttl(pair: tuple[Candidate, int]) -> int:
    return pair[1]
