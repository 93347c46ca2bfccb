"""What is wrong with elections, leases and members, and what to do about it: values in, values out. Pure."""

from collections.abc import Generator

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
    "find_in_steps",
    "in_order",
    "leases_wanted",
    "means",
    "plural",
    "says",
    "verifies",
]


def find(seen: Seen, limits: Limits | None = None) -> list[Finding]:
    """All findings, the worst first, and of those the oldest. Takes time with the number of candidates."""
    steps = find_in_steps(seen, limits)
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            found: list[Finding] = ended.value
            return found


def find_in_steps(seen: Seen, limits: Limits | None = None) -> Generator[None, None, list[Finding]]:
    """As `find`, with a pause after each few milliseconds for who has other things to do."""
    limits = limits or Limits()
    of_cluster = list(cluster_findings(seen, limits))
    of_elections = yield from election_findings(seen, limits)
    yield
    return in_order([*of_cluster, *of_elections])
