"""``electiontui list``: every election once, as of one revision."""

from __future__ import annotations

from collections.abc import Sequence

from election_core import ElectionState, Oddity

from ..as_json import candidate_json, text_json
from ..patterns import matches
from ..pictures.table import table
from ..sources.shown import Shown
from ..text import safe
from .output import print_json, print_line
from .running import monitoring, run_command
from .settings import Settings
from .streams import is_plain, say

__all__ = ["list_elections"]

_ODD = {
    "stray": "a key without a lease, which never expires, is in the queue of",
    "unlike": "a key that is not named after its lease is in the queue of",
    "nested": "a key of a deeper name is in the queue of",
}


def list_elections(settings: Settings, patterns: Sequence[str], form: str, *, count: bool = False) -> int:
    """Print the elections under the prefixes that match as ``table`` or ``json``, or their number; returns the exit
    code."""
    return run_command(_list(settings, patterns, form, count))


async def _list(settings: Settings, patterns: Sequence[str], form: str, count: bool) -> None:
    async with settings.client() as client, monitoring(settings, client, settings.prefixes) as monitor:
        states = [state for name, state in sorted(Shown(monitor).items()) if matches(name, patterns)]
        unread = set(monitor.strays)
        _narrate_oddities([oddity for oddity in monitor.oddities() if matches(oddity.election, patterns)])
        prefix, revision = monitor.prefix, monitor.revision
    if count:
        print_line(str(len(states)))
        return
    if form == "json":
        elections = [_election_json(state, state.name in unread) for state in states]
        print_json({"prefix": prefix, "revision": revision, "elections": elections})
        return
    if not states:
        like = f" that matches {' or '.join(map(repr, patterns))}" if patterns else ""
        say(f"no election{like} under {' or '.join(map(repr, settings.prefixes))}")
    for line in table(states, plain=is_plain()):
        print_line(line)


def _narrate_oddities(oddities: Sequence[Oddity]) -> None:
    """What is in an election's queue and should not be."""
    for oddity in oddities:
        say(f"{_ODD[oddity.kind]} {safe(oddity.election)!r}: {safe(oddity.key)}")


def _election_json(state: ElectionState, is_unread: bool) -> dict[str, object]:
    unread = {"value": None} if is_unread else {}
    candidates = [{**(candidate_json(candidate) or {}), **unread} for candidate in state.queue]
    return {"name": text_json(state.name), "leader": next(iter(candidates), None), "candidates": candidates}
