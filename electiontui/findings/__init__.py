"""What is wrong with elections, leases and members, and what to do about it: values in, values out. Pure."""

from .cluster import cluster_findings
from .elections import election_findings
from .finding import CRITICAL, KINDS, NOTICE, SEVERITIES, WARNING, Finding, Limits, Seen, in_order, plural
from .leases import leases_wanted
from .texts import does, means, says, verifies

__all__ = [
    "CRITICAL",
    "KINDS",
    "NOTICE",
    "SEVERITIES",
    "WARNING",
    "Finding",
    "Limits",
    "Seen",
    "does",
    "find",
    "in_order",
    "leases_wanted",
    "means",
    "plural",
    "says",
    "verifies",
]


def find(seen: Seen, limits: Limits | None = None) -> list[Finding]:
    """All findings, the worst first, and of those the oldest. Takes time with the number of candidates."""
    limits = limits or Limits()
    return in_order([*cluster_findings(seen, limits), *election_findings(seen, limits)])
