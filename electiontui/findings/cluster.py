"""What is wrong with the members, and with how they are asked. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from election_core import EndpointStatus

from .finding import CRITICAL, NOTICE, WARNING, Finding, Limits, Seen

__all__ = ["cluster_findings"]

_FATAL_ALARMS = frozenset({"NOSPACE", "CORRUPT"})
"""With these a member takes no writes, so no candidate can join and none can be granted a lease."""


def cluster_findings(seen: Seen, limits: Limits) -> Iterator[Finding]:
    """What concerns members and the prefix as a whole."""
    up = [member for member in seen.members if member.reachable]
    down = [member for member in seen.members if not member.reachable]
    if seen.members and not up:
        age = min((seen.silent.get(member.endpoint, 0.0) for member in down), default=0.0)
        yield Finding("unreachable", CRITICAL, None, _names(down), age, (len(down),), (down[0].error,))
        return
    yield from _quorum(up, down, seen)
    for member in up:
        for alarm in member.alarms:
            yield Finding(
                "alarm", CRITICAL if alarm in _FATAL_ALARMS else WARNING, None, member.endpoint, None, (alarm,)
            )
    yield from _bugs(up)
    if relays := [member for member in up if member.is_relay]:
        yield Finding("relay", NOTICE, None, _names(relays))
    if len(seen.members) == 1:
        yield Finding("one-endpoint", NOTICE, None, seen.members[0].endpoint)
    candidates = sum(map(len, seen.elections.values())) if seen.keys > limits.other_keys else 0
    if seen.keys - candidates > limits.other_keys:
        yield Finding("large-prefix", NOTICE, None, "", None, (), (seen.keys, candidates))


def _quorum(up: list[EndpointStatus], down: list[EndpointStatus], seen: Seen) -> Iterator[Finding]:
    # Relays tell of a member behind them, and whoever has a raft leader has a quorum, however many answer from here.
    leaderless = [member for member in up if not member.raft_leader]
    if len(leaderless) == len(up) > 0:
        age = max((seen.silent.get(member.endpoint, 0.0) for member in down), default=None)
        facts = (len(up), len(seen.members), _names(down))
        yield Finding("no-quorum", CRITICAL, None, _names(up), age, facts)
        return
    for member in leaderless:
        yield Finding("member-apart", WARNING, None, member.endpoint, None, (), (len(up) - len(leaderless),))
    for member in down:
        yield Finding(
            "member-down", WARNING, None, member.endpoint, seen.silent.get(member.endpoint), (), (member.error,)
        )


def _bugs(up: list[EndpointStatus]) -> Iterator[Finding]:
    by_version: dict[str, list[EndpointStatus]] = {}
    for member in up:
        if member.known_bugs:
            by_version.setdefault(member.version, []).append(member)
    for version, members in sorted(by_version.items()):
        bugs = members[0].known_bugs
        yield Finding("known-bugs", WARNING, None, _names(members), None, (version, len(bugs), "; ".join(bugs)))


def _names(members: list[EndpointStatus]) -> str:
    return ", ".join(member.endpoint for member in members)
