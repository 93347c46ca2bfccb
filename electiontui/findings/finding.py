"""The values: what is known, what counts as wrong, and what was found. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from election_core import ElectionState, EndpointStatus, LeaseInfo, Oddity, TermLog

__all__ = [
    "CRITICAL",
    "KINDS",
    "NOTICE",
    "SEVERITIES",
    "WARNING",
    "Finding",
    "Limits",
    "Seen",
    "in_order",
    "plural",
]

CRITICAL, WARNING, NOTICE = range(3)
SEVERITIES = ("critical", "warning", "notice")
"""By number, the worst first."""

KINDS = (
    "unreachable",
    "no-quorum",
    "member-down",
    "member-apart",
    "alarm",
    "known-bugs",
    "relay",
    "one-endpoint",
    "large-prefix",
    "vacant",
    "blocked",
    "not-renewed",
    "flapping",
    "no-standby",
    "stray-key",
    "stray-alone",
    "nested-names",
    "unlike-key",
    "lock-in-line",
    "value-twice",
    "ttl-short",
    "ttl-apart",
)
"""Every kind of finding; these words are part of the interface."""


class Finding(NamedTuple):
    """One thing that is wrong. What it says in words is made from it by `says` and its kin."""

    kind: str
    severity: int
    """0 is critical, 1 a warning, 2 a notice."""
    election: str | None = None
    """Its name relative to the watched prefix, raw; ``None`` for what concerns members."""
    endpoint: str = ""
    """``host:port``, several with commas; empty for what concerns elections."""
    age: float | None = None
    """For how many seconds it is known to have been so."""
    facts: tuple[str | bytes | int, ...] = ()
    """What makes it this finding and no other: with other facts it is news to whoever has acknowledged it."""
    figures: tuple[str | bytes | int, ...] = ()
    """What may change from look to look and is no news."""

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for two looks at the same trouble."""
        return self.kind, self.severity, self.election, self.endpoint, self.facts


class Limits(NamedTuple):
    """From where on something counts as wrong."""

    vacant_longer_than: float = 30.0
    """Seconds."""
    min_standby: int = 1
    """How many have to wait behind a leader."""
    raft_election_timeout: float = 1.0
    """Seconds; etcd does not tell its own, whose default this is."""
    raft_elections: float = 3.0
    """A lease has to last so many raft elections: one that fails, its repetition, and a renewal after it."""
    round_trips: float = 20.0
    """A lease has to last so many round trips: it is renewed three times per TTL, and a new connection to another
    member takes about five, so that two such in a row still fit between two renewals."""
    ttl_factor: float = 4.0
    """A TTL that differs from the usual one in its election by this factor is far from it."""
    other_keys: int = 100_000
    """More keys than this below the prefix, candidates left out, make it a large one."""


class Seen(NamedTuple):
    """What is known of a cluster at one moment."""

    elections: Mapping[str, ElectionState]
    now: datetime
    """Aware, UTC."""
    logs: Mapping[str, TermLog] = {}
    leases: Mapping[int, LeaseInfo] = {}
    """Leases that were looked up a moment ago, by id; not all need be."""
    members: Sequence[EndpointStatus] = ()
    """All endpoints, asked just now; none where nobody was asked."""
    silent: Mapping[str, float] = {}
    """For how many seconds endpoints have not answered."""
    oddities: Sequence[Oddity] = ()
    keys: int = 0
    """How many keys there are below the prefix, candidates included; 0 where they were not counted."""


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The worst first, of those the oldest, then by name."""
    return sorted(findings, key=_rank)


def _rank(finding: Finding) -> tuple[int, float, str, str, str]:
    age = 0.0 if finding.age is None else finding.age
    return finding.severity, -age, finding.election or "", finding.kind, finding.endpoint


def plural(severity: int, count: int) -> str:
    """What to call that many findings."""
    return SEVERITIES[severity] + ("s" if count > 1 and severity != CRITICAL else "")
