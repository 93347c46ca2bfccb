"""One election as a row: the facts shown, how they are written, ordered and filtered. Pure.

The dashboard, ``list``, ``watch`` and the notebook show elections through this module, so they agree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from election_core import Candidate, ElectionState, LeaseInfo, TermLog, Transition

from .text import safe

__all__ = [
    "COLUMNS",
    "SEVERITY",
    "Column",
    "ElectionRow",
    "RowState",
    "cells",
    "describe",
    "doom",
    "duration",
    "held",
    "lease_to_spare",
    "matcher",
    "row_of",
    "row_state",
    "sort_key",
    "sparkline",
]

RowState = Literal["leading", "vacant", "flapping", "blocked", "dying"]
"""``blocked``: a key without a lease leads, which nobody keeps alive and nothing ends. ``dying``: the leader's lease
was not renewed in time."""

FLAP_CHANGES = 3
"""An election flaps when at least this many terms began …"""
FLAP_WINDOW = timedelta(minutes=2)
"""… within this time."""
LEADER_CELLS = 64
"""Leaders are cut to this many cells before any layout; a value may have a megabyte."""

STATE_LABELS: dict[RowState, str] = {
    "leading": "● lead",
    "vacant": "○ VACANT",
    "flapping": "◐ flap",
    "blocked": "✗ BLOCK",
    "dying": "◌ DYING",
}
_BARS = "▁▂▃▄▅▆▇█"
SEVERITY: dict[RowState, int] = {"blocked": 0, "vacant": 1, "dying": 2, "flapping": 3, "leading": 4}
"""The worst first."""


@dataclass(frozen=True, slots=True)
class ElectionRow:
    """What is shown of one election."""

    name: str
    """Name relative to the watched prefix, raw: pass it through `text.safe` to show it."""
    leader: str
    """The leader's value, harmless and cut; ``–`` while vacant."""
    state: RowState
    since: datetime
    """When the term or vacancy was seen to begin (aware, UTC)."""
    held: float
    """Seconds that the term or vacancy has lasted when the row was made."""
    held_known: bool
    """False: it began before it was first seen, so ``held`` is a lower bound."""
    queue: int
    """How many candidates there are, the leader included."""
    ttl: int | None
    """Granted TTL of the leader's lease in seconds; ``None`` while vacant or not looked up."""
    changes_per_hour: int
    """Terms that began within the last hour, as far as it was watched."""
    revision: int
    """Revision of the election's last change."""


def row_of(state: ElectionState, log: TermLog, ttl: int | None, now: datetime, *, dying: bool = False) -> ElectionRow:
    """The row of an election whose term log is ``log``, as of ``now`` (aware, UTC); ``dying``: as in `row_state`."""
    leader, term = state.leader, log.current
    return ElectionRow(
        name=state.name,
        leader="–" if leader is None else _who(leader),
        state=row_state(state, log, now, dying=dying),
        since=term.began_at,
        held=term.duration(now).total_seconds(),
        held_known=term.began_known,
        queue=len(state),
        ttl=None if leader is None else ttl,
        changes_per_hour=log.changes(now - timedelta(hours=1), now),
        revision=state.revision,
    )


def row_state(state: ElectionState, log: TermLog, now: datetime, *, dying: bool = False) -> RowState:
    """How an election is; ``dying``: the leader's lease is known not to have been renewed in time."""
    leader = state.leader
    if leader is None:
        return "vacant"
    if not leader.lease_id:
        return "blocked"
    if dying:
        return "dying"
    return "flapping" if log.changes(now - FLAP_WINDOW, now) >= FLAP_CHANGES else "leading"


def lease_to_spare(info: LeaseInfo) -> float:
    """Seconds until a third of its TTL is left of a lease; below zero it was not renewed in time, since clients renew
    when two thirds are left. The server rounds down, so up to one second more than it says is left."""
    return info.remaining + 1 - info.granted_ttl / 3


def duration(length: timedelta | float) -> str:
    """``00:12:44``; from 100 hours on days, hours and minutes: ``4d04h00m``. Negative lengths count as zero."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    minutes, second = divmod(max(int(seconds), 0), 60)
    hours, minute = divmod(minutes, 60)
    if hours < 100:
        return f"{hours:02}:{minute:02}:{second:02}"
    return f"{hours // 24}d{hours % 24:02}h{minute:02}m"


def held(row: ElectionRow, now: datetime) -> str:
    """How long the term or vacancy has lasted at ``now``, with ``≥`` where its beginning is unknown."""
    length = duration(now - row.since)
    return length if row.held_known else f"≥ {length}"


def sparkline(counts: Sequence[int]) -> str:
    """One bar per count, scaled to the highest; a zero is the lowest bar."""
    top = max(counts, default=0)
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // top)] if top else _BARS[0] for count in counts)


def describe(transition: Transition, previous: Transition | None = None, ending: str | None = None) -> str:
    """What a transition did, in one line, the new value first: that is the part to keep where the line is cut.

    ``previous`` is the same election's one before, if it was seen; ``ending`` says how the term before ended.
    """
    before, after = _who(transition.before), _who(transition.after)
    if transition.kind == "elected":
        text = f"{after} elected"
        if previous is not None and previous.after is None:
            text += f", vacant {(transition.observed_at - previous.observed_at).total_seconds():.1f} s"
    elif transition.kind == "vacated":
        text = f"{before} gone, vacant"
    elif transition.kind == "succeeded":
        text = f"{after} takes over from {before}"
    else:
        text = f"{after} proclaimed, before it {before}"
    return text + (f" ({ending})" if ending else "") + (" (terms may be missing)" if transition.gap else "")


def doom(not_renewed: float, left: float, state: ElectionState) -> str:
    """What becomes of a leader whose lease was not renewed for so many seconds and has so many left."""
    heir = state.queue[1] if len(state) > 1 else None
    following = "NOBODY" if heir is None else _who(heir)
    return f"DYING: not renewed for {not_renewed:.0f} s, {left:.0f} s left, next: {following}"


def _who(candidate: Candidate | None) -> str:
    if candidate is None:
        return "nobody"
    # The value of a stray where nobody campaigns is not read.
    return safe(candidate.value, LEADER_CELLS) or ("(empty)" if candidate.lease_id else "(no lease)")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    key: str
    title: str
    cells: int
    """Width in terminal cells; the least width if ``grows``."""
    grows: int = 0
    """Share of the width that is left over."""
    right: bool = False
    drop_below: int = 0
    """Left out in a table narrower than this many cells."""


COLUMNS: tuple[Column, ...] = (
    Column("name", "ELECTION", 14, grows=4),
    Column("leader", "LEADER", 12, grows=2),
    Column("state", "STATE", 8),
    Column("held", "HELD", 11, right=True, drop_below=46),
    Column("queue", "QUEUE", 5, right=True, drop_below=60),
    Column("ttl", "TTL", 5, right=True, drop_below=90),
    Column("changes", "CHG/h", 5, right=True, drop_below=84),
    Column("strip", "WHO LED", 10, grows=6, drop_below=76),
    Column("revision", "REV", 9, right=True, drop_below=130),
)
"""The columns of the elections list, each of which it can be sorted by."""


def cells(row: ElectionRow, now: datetime) -> dict[str, str]:
    """The text of each column, not yet cut to the column's width."""
    return {
        "name": safe(row.name),
        "leader": row.leader,
        "state": STATE_LABELS[row.state],
        "held": held(row, now),
        "queue": str(row.queue),
        "ttl": "–" if row.ttl is None else f"{row.ttl}s",
        "changes": str(row.changes_per_hour),
        "revision": str(row.revision),
    }


_SORT_KEYS: dict[str, Callable[[ElectionRow], object]] = {
    "name": lambda row: row.name,
    "leader": lambda row: row.leader,
    "state": lambda row: SEVERITY[row.state],
    "held": lambda row: -row.since.timestamp(),
    "queue": lambda row: row.queue,
    "ttl": lambda row: -1 if row.ttl is None else row.ttl,
    "changes": lambda row: row.changes_per_hour,
    "strip": lambda row: -row.changes_per_hour,
    "revision": lambda row: row.revision,
}


def sort_key(column: str) -> Callable[[ElectionRow], tuple[object, str]]:
    """Ascending order of a column; equal rows in order of their names.

    Raises:
        KeyError: there is no such column.
    """
    of = _SORT_KEYS[column]
    return lambda row: (of(row), row.name)


def matcher(pattern: str) -> Callable[[ElectionRow], bool]:
    """Which rows a filter lets through, by name or leader, ignoring case.

    ``text`` is a substring, ``/text/`` a regular expression, a leading ``!`` turns either around; an empty
    pattern lets everything through.

    Raises:
        ValueError: the regular expression is malformed; the message says where.
    """
    inverse = pattern.startswith("!")
    wanted = pattern.removeprefix("!")
    if not wanted:
        return lambda row: True
    if len(wanted) > 2 and wanted[0] == wanted[-1] == "/":
        try:
            search = re.compile(wanted[1:-1], re.IGNORECASE).search
        except re.error as exc:
            raise ValueError(f"not a regular expression: {exc}") from exc
        return lambda row: inverse is not bool(search(row.name) or search(row.leader))
    folded = wanted.casefold()
    return lambda row: inverse is not (folded in row.name.casefold() or folded in row.leader.casefold())
