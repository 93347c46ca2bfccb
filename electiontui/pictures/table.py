"""Elections as aligned lines of text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from election_core import ElectionState

from ..text import ascii_form, fit, safe, width

__all__ = ["aligned", "table"]

_HEADER = ("ELECTION", "LEADER", "CANDIDATES", "TOKEN", "LEASE")
_LEADER_CELLS = 60


def table(states: Iterable[ElectionState], *, plain: bool = False) -> list[str]:
    """The elections as lines of aligned columns, a header first; in ASCII where they are to be ``plain``."""
    return aligned([_HEADER, *(_row(state) for state in states)], right=(2, 3), plain=plain)


def aligned(rows: Sequence[tuple[str, ...]], *, right: Sequence[int] = (), plain: bool = False) -> list[str]:
    """Rows of harmless text as lines of columns, those to the ``right`` by number."""
    if plain:
        rows = [tuple(map(ascii_form, row)) for row in rows]
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return [_line(row, widths, right) for row in rows]


def _row(state: ElectionState) -> tuple[str, ...]:
    leader, name = state.leader, safe(state.name) or '""'
    if leader is None:
        return name, "–", str(len(state)), "–", "–"
    value = safe(leader.value, _LEADER_CELLS) or ("(empty)" if leader.lease_id else "(no lease)")
    return name, value, str(len(state)), str(leader.create_revision), format(leader.lease_id, "x")


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> str:
    cells = (
        fit(text, cells, right=column in right) for column, (text, cells) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()
