"""``electiontui list``: every election once, as of one revision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from election_core import ElectionState, Oddity

from ..text import fit, safe, width
from .output import candidate_json, print_json, print_line, say, text_json
from .running import monitoring, run_command
from .settings import Settings

__all__ = ["list_elections", "table"]

_HEADER = ("ELECTION", "LEADER", "CANDIDATES", "TOKEN", "LEASE")
_LEADER_CELLS = 60
_ODD = {
    "stray": "a key without a lease, which never expires, stands in the line of",
    "unlike": "a key that is not named after its lease stands in the line of",
    "nested": "a key of a deeper name stands in the line of",
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
    """What stands in an election's line and should not; foreign keys are nobody's trouble."""
    for oddity in oddities:
        if oddity.kind != "foreign" and oddity.election is not None:
            say(f"{_ODD[oddity.kind]} {safe(oddity.election)!r}: {safe(oddity.key)}")


def _election_json(state: ElectionState) -> dict[str, object]:
    candidates = [candidate_json(candidate) for candidate in state.queue]
    return {"name": text_json(state.name), "leader": candidate_json(state.leader), "candidates": candidates}


def table(states: Iterable[ElectionState]) -> list[str]:
    """The elections as lines of aligned columns, a header first."""
    rows = [_HEADER, *(_row(state) for state in states)]
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return [_line(row, widths) for row in rows]


def _row(state: ElectionState) -> tuple[str, ...]:
    leader, name = state.leader, safe(state.name) or '""'
    if leader is None:
        return name, "–", str(len(state)), "–", "–"
    value = safe(leader.value, _LEADER_CELLS) or "(empty)"
    return name, value, str(len(state)), str(leader.create_revision), format(leader.lease_id, "x")


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (
        fit(text, cells, right=column in (2, 3)) for column, (text, cells) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()
