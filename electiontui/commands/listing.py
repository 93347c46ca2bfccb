"""``electiontui list``: every election once, as of one revision."""

from __future__ import annotations

from collections.abc import Sequence

from election_core import ElectionState, Oddity

from ..pictures.table import table
from ..text import safe
from .output import candidate_json, print_json, print_line, say, text_json
from .running import monitoring, run_command
from .settings import Settings

__all__ = ["list_elections"]

_ODD = {
    "stray": "a key without a lease, which never expires, is in the queue of",
    "unlike": "a key that is not named after its lease is in the queue of",
    "nested": "a key of a deeper name is in the queue of",
}


def list_elections(settings: Settings, form: str) -> int:
    """Print all elections under the prefix as ``table`` or ``json``; returns the exit code."""
    return run_command(_list(settings, form))


async def _list(settings: Settings, form: str) -> None:
    async with settings.client() as client, monitoring(settings, client, settings.prefix) as monitor:
        states = [state for _, state in sorted(monitor.elections.items())]
        _narrate_oddities(monitor.oddities())
        if form == "json":
            elections = [_election_json(state) for state in states]
            print_json({"prefix": settings.prefix, "revision": monitor.revision, "elections": elections})
            return
    if not states:
        say(f"no election under {settings.prefix!r}")
    for line in table(states):
        print_line(line)


def _narrate_oddities(oddities: Sequence[Oddity]) -> None:
    """What is in an election's queue and should not be."""
    for oddity in oddities:
        say(f"{_ODD[oddity.kind]} {safe(oddity.election)!r}: {safe(oddity.key)}")


def _election_json(state: ElectionState) -> dict[str, object]:
    candidates = [candidate_json(candidate) for candidate in state.queue]
    return {"name": text_json(state.name), "leader": candidate_json(state.leader), "candidates": candidates}
