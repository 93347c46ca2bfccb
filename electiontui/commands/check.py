"""``electiontui check``: what is wrong, looked for once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from election_core import Client, ElectionState, LeaseInfo, Monitor, TermLog, Unavailable, utc_now

from ..as_json import Json, text_json
from ..findings import (
    CRITICAL,
    KINDS,
    SEVERITIES,
    Finding,
    Limits,
    Seen,
    does,
    find,
    in_order,
    leases_wanted,
    means,
    plural,
    says,
    verifies,
)
from ..patterns import is_plain_name, matches
from ..pictures.table import aligned
from ..sources import look_up
from ..sources.shown import Shown
from ..text import safe
from . import ERROR, INVALID_INPUT, OK
from .output import print_json, print_line
from .running import monitoring, run_command
from .settings import Settings
from .streams import is_plain, say

__all__ = ["check"]

_MOST_LEASES = 1_000
_AT_ONCE = 32
"""Leases that are looked up at a time."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What to look for."""

    patterns: Sequence[str]
    """Which elections; those named without a pattern have to be there."""
    limits: Limits
    ignored: frozenset[str]
    """Kinds that are left out."""
    leases: bool
    """Whether leases are looked up."""

    @property
    def named(self) -> list[str]:
        """The elections that are named, and not by a pattern."""
        return [pattern for pattern in self.patterns if is_plain_name(pattern)]


def check(
    settings: Settings,
    patterns: Sequence[str],
    form: str,
    *,
    vacant_longer_than: float,
    min_standby: int,
    ignored: Sequence[str],
    leases: bool,
) -> int:
    """Print what is wrong as ``table`` or ``json``; returns the exit code, 1 where something is critical."""
    if unknown := sorted(set(ignored) - set(KINDS)):
        say(f"--ignore {unknown[0]}: there is no such kind; they are {', '.join(KINDS)}.")
        return INVALID_INPUT
    limits = Limits(vacant_longer_than=vacant_longer_than, min_standby=min_standby)
    return run_command(_check(settings, _Wanted(patterns, limits, frozenset(ignored), leases), form))


async def _check(settings: Settings, wanted: _Wanted, form: str) -> int:
    async with settings.client() as client:
        members = await client.status()
        counted = [0]
        try:
            async with monitoring(settings, client, settings.prefixes, lambda keys, _: counted.append(keys)) as monitor:
                seen = await _look(client, monitor, wanted)
                revision = monitor.revision
        except Unavailable:
            # The members tell more of it than that nothing could be read.
            findings = _found(Seen({}, utc_now(), members=members), wanted)
            _print(form, settings, None, findings)
            raise
    findings = _found(seen._replace(members=members, keys=counted[-1]), wanted)
    _print(form, settings, revision, findings)
    return ERROR if any(finding.severity == CRITICAL for finding in findings) else OK


async def _look(client: Client, monitor: Monitor, wanted: _Wanted) -> Seen:
    """What is known of the elections that are wanted."""
    began = utc_now()
    await _wait_for_leaders(monitor, wanted)
    elections = {name: state for name, state in Shown(monitor).items() if matches(name, wanted.patterns)}
    logs = {name: monitor.log(name) for name in elections}
    for name in _missing(monitor, wanted):
        elections.setdefault(name, ElectionState(name))
        logs.setdefault(name, TermLog(name, None, began))
    leases = await _leases(client, elections) if wanted.leases else {}
    odd = [oddity for oddity in monitor.oddities() if oddity.election in elections]
    return Seen(elections, utc_now(), logs, leases, oddities=odd)


def _missing(monitor: Monitor, wanted: _Wanted) -> list[str]:
    """The elections that were named and have no candidate."""
    return [name for name in wanted.named if not len(monitor.elections.get(name, ()))]


async def _wait_for_leaders(monitor: Monitor, wanted: _Wanted) -> None:
    """Give the elections that were named and are vacant the time that they may be."""
    with suppress(TimeoutError):
        async with asyncio.timeout(wanted.limits.vacant_longer_than):
            changes = aiter(monitor)
            while _missing(monitor, wanted):
                await anext(changes)


async def _leases(client: Client, elections: Mapping[str, ElectionState]) -> dict[int, LeaseInfo]:
    ids = list(leases_wanted(elections))
    if len(ids) > _MOST_LEASES:
        say(f"looked {_MOST_LEASES} of {len(ids)} leases up, those of leaders first; name elections to see theirs")
    return await look_up(client, ids[:_MOST_LEASES], at_once=_AT_ONCE)


def _found(seen: Seen, wanted: _Wanted) -> list[Finding]:
    found = [_weighed(finding, wanted) for finding in find(seen, wanted.limits)]
    return in_order(finding for finding in found if finding.kind not in wanted.ignored)


def _weighed(finding: Finding, wanted: _Wanted) -> Finding:
    """An election that was named has to have a leader, which a stray is not."""
    is_wrong = finding.kind == "stray-alone" and finding.election in wanted.named
    return finding._replace(severity=CRITICAL) if is_wrong else finding


def _print(form: str, settings: Settings, revision: int | None, findings: Sequence[Finding]) -> None:
    if form == "json":
        described = [_json(finding, settings) for finding in findings]
        print_json({"prefixes": list(settings.prefixes), "revision": revision, "findings": described})
        return
    if findings:
        rows = [(SEVERITIES[each.severity], each.kind, _where(each), says(each)) for each in findings]
        for line in aligned([("SEVERITY", "KIND", "WHERE", "WHAT"), *rows], plain=is_plain()):
            print_line(line)
    counts = Counter(finding.severity for finding in findings)
    told = [f"{counts[severity]} {plural(severity, counts[severity])}" for severity in sorted(counts)]
    if revision is None:
        say("the elections could not be read; this is what the members say")
    say(", ".join(told) if told else "nothing found")


def _where(finding: Finding) -> str:
    if finding.election is not None:
        return safe(finding.election, 60) or '""'
    return finding.endpoint or "–"


def _json(finding: Finding, settings: Settings) -> Json:
    return {
        "severity": SEVERITIES[finding.severity],
        "kind": finding.kind,
        "election": None if finding.election is None else text_json(finding.election),
        "endpoint": finding.endpoint or None,
        "age": finding.age,
        "says": says(finding),
        "means": means(finding),
        "verify": verifies(finding, settings.etcdctl, settings.prefixes),
        "do": does(finding),
    }
