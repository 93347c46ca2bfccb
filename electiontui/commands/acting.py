"""``electiontui leader``, ``proclaim`` and ``resign``: one question, or one guarded write for a candidate elsewhere."""

from __future__ import annotations

import os
import sys

from election_core import Candidate, Election, ElectionError

from ..text import safe
from . import OK
from .evicting import refuse_read_only
from .output import print_line
from .running import one_election, run_command
from .settings import Settings
from .streams import say

__all__ = ["NOBODY_LEADS", "leader", "proclaim", "resign"]

NOBODY_LEADS = 4


def leader(settings: Settings, name: str, *, wait: bool) -> int:
    """Print what the leader proclaims; returns the exit code."""
    return run_command(_leader(settings, name, wait))


def proclaim(settings: Settings, name: str, value: str, lease_id: int) -> int:
    """Write a value for the candidate on a lease; returns the exit code."""
    return run_command(_proclaim(settings, name, value, lease_id))


def resign(settings: Settings, name: str, lease_id: int) -> int:
    """Take the candidate on a lease out of the line; returns the exit code."""
    return run_command(_resign(settings, name, lease_id))


async def _leader(settings: Settings, name: str, wait: bool) -> int:
    async with settings.client() as client:
        election = one_election(settings, client, name)
        value = await election.leader(encoding=None)
        if value is None and wait:
            value = await _next_leader(election)
    if value is None:
        say(f"nobody leads {safe(name)!r}; --wait waits for somebody")
        return NOBODY_LEADS
    if sys.stdout.isatty():
        print_line(safe(value))
    else:
        sys.stdout.buffer.write(value + b"\n")
        sys.stdout.flush()
    return OK


async def _next_leader(election: Election) -> bytes:
    async with election.observe() as observer:
        while (value := observer.leader(encoding=None)) is None:
            await anext(observer)
    return value


async def _proclaim(settings: Settings, name: str, value: str, lease_id: int) -> None:
    refuse_read_only(settings)
    async with settings.client() as client:
        election = one_election(settings, client, name)
        candidate = await _candidate(election, lease_id)
        await election.proclaim_for(candidate, os.fsencode(value))
    say(f"proclaimed {safe(value, 60)!r} in place of {safe(candidate.value, 60)!r}")


async def _resign(settings: Settings, name: str, lease_id: int) -> None:
    refuse_read_only(settings)
    async with settings.client() as client:
        election = one_election(settings, client, name)
        candidate = await _candidate(election, lease_id)
        await election.evict(candidate)
    say(f"{safe(candidate.value, 60)!r} has left the line")


async def _candidate(election: Election, lease_id: int) -> Candidate:
    """The one on the lease, whichever client named its key.

    Raises:
        ElectionError: there is none.
    """
    for candidate in await election.candidates():
        if candidate.lease_id == lease_id:
            return candidate
    raise ElectionError(
        f"No candidate on lease {lease_id:x} is in the election {election.name!r}; see 'electiontui list'."
    )
