"""``electiontui evict``: one candidate out of the line, with the outcome as it was observed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import click

from election_core import Candidate, CandidateGone, Client, InvalidConfig

from ..pictures.table import aligned
from ..sources.eviction import carry_out, told
from ..text import raw, safe
from . import ERROR, INVALID_INPUT, OK
from .asking import agreed
from .output import print_line
from .running import one_election, run_command
from .settings import Settings
from .streams import is_plain, say

__all__ = ["Whom", "evict", "refuse_read_only"]

_VALUE_CELLS = 40
_HEADER = ("", "VALUE", "KEY", "LEASE", "TOKEN")


@dataclass(frozen=True, slots=True)
class Whom:
    """Which candidate; exactly one of these."""

    leader: bool = False
    key: str | None = None
    lease: int | None = None

    def among(self, line: Sequence[Candidate]) -> Candidate | None:
        """The candidate in a line, the leader first."""
        if self.leader:
            return next(iter(line), None)
        wanted = None if self.key is None else raw(self.key)
        return next((each for each in line if each.key == wanted or each.lease_id == self.lease), None)

    def __str__(self) -> str:
        if self.leader:
            return "leader"
        return f"candidate with the key {self.key!r}" if self.key is not None else f"candidate on lease {self.lease:x}"


def evict(settings: Settings, name: str, whom: Whom, *, revoke: bool, yes: bool) -> int:
    """Evict one candidate; returns the exit code."""
    return run_command(_evict(settings, name, whom, revoke, yes))


async def _evict(settings: Settings, name: str, whom: Whom, revoke: bool, yes: bool) -> int:
    refuse_read_only(settings)
    async with settings.client() as client:
        election = one_election(settings, client, name)
        before = await election.candidates()
        candidate = whom.among(before)
        if candidate is None:
            say(f"there is no {whom} in {safe(name)!r}; see 'electiontui list'")
            return INVALID_INPUT
        _show(before, candidate)
        if revoke and not await _tell_others(client, candidate):
            return INVALID_INPUT
        if not await agreed(_question(name, before, candidate), yes=yes):
            say("nothing was done")
            return ERROR
        try:
            outcome = await carry_out(election, [candidate], revoke=revoke)
        except CandidateGone as exc:
            say(str(exc))
            _show(await election.candidates(), None)
            return ERROR
    _show(outcome.line, None)
    print_line(str(outcome))
    return OK


def _question(name: str, line: Sequence[Candidate], candidate: Candidate) -> str:
    others = [each for each in line if each != candidate]
    if candidate != line[0]:
        then = "the leader stays"
    else:
        then = f"then {told(others[0])} leads" if others else "then NOBODY leads"
    return f"Evict {told(candidate)} from {safe(name)!r}; {then}?"


async def _tell_others(client: Client, candidate: Candidate) -> bool:
    """Name what else ends with the lease; whether there is a lease."""
    if not candidate.lease_id:
        say("this key has no lease to revoke; leave --revoke out")
        return False
    others = [key for key in await client.keys_on(candidate.lease_id) if key != candidate.key]
    count = {0: "no other key ends", 1: "one other key ends"}.get(len(others), f"{len(others)} other keys end")
    say(f"with lease {candidate.lease_id:x} {count}")
    for key in others:
        click.echo(f"  {safe(key)}", err=True)
    return True


def refuse_read_only(settings: Settings) -> None:
    """Raises InvalidConfig where nothing may be written."""
    if settings.read_only:
        raise InvalidConfig("This writes to etcd, and --read-only (or ELECTIONTUI_READ_ONLY) forbids that.")


def _show(line: Sequence[Candidate], going: Candidate | None) -> None:
    if not line:
        say("nobody is in line")
        return
    rows = [_HEADER, *(_row(place, each, each == going) for place, each in enumerate(line))]
    for text in aligned(rows, right=(4,), plain=is_plain()):
        click.echo(text.rstrip(), err=True)


def _row(place: int, candidate: Candidate, is_going: bool) -> tuple[str, ...]:
    sign = "->" if is_going else "*" if place == 0 else ""
    lease = f"{candidate.lease_id:x}" if candidate.lease_id else "none"
    return sign, safe(candidate.value, _VALUE_CELLS), safe(candidate.key), lease, str(candidate.create_revision)
