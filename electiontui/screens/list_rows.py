"""The rows of the list: an election, or a group of them with their number, the worst of them, and sums."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from .. import rows
from ..rows import ElectionRow, RowState
from ..sources import ClusterView
from ..text import safe
from ..widgets.cells import Cell
from .list_lines import troubles

__all__ = ["election_cells", "group_cells"]

_ROWS = 2_000
"""Of larger groups the changes are not added up, since that takes a row of each."""


def election_cells(view: ClusterView, row: ElectionRow, now: datetime, *, inside: bool) -> dict[str, Cell]:
    """All but the strip; ``inside``: it stands below its group."""
    role = "" if row.state == "leading" else row.state
    texts = rows.cells(row, now)
    roles: dict[str, str] = {"state": row.state, "leader": role, "held": role}
    if row.name in view.troubles.past:
        texts["state"], roles = "○ past", dict.fromkeys(texts, "muted")
    if view.watched.lost_at is not None:
        # Nobody knows whether the leader still leads, so nothing is counted on.
        texts["held"] = rows.held(row, view.watched.lost_at) + "?"
        roles = dict.fromkeys(texts, "muted")
    if inside:
        texts["name"] = "  " + texts["name"]
    return {column: (text, roles.get(column, "")) for column, text in texts.items()}


def group_cells(
    view: ClusterView, group: str, names: Sequence[str], now: datetime, *, is_open: bool
) -> dict[str, Cell]:
    """``group`` is what the names begin with."""
    counts = view.troubles.counts(names)
    worst: RowState = next(iter(counts), "leading")
    held = rows.duration(now - counts[worst][1]) if worst in counts else ""
    queue = sum(len(view.elections[name]) for name in names if name in view.elections)
    changes = "–"
    if len(names) <= _ROWS:
        changes = str(sum(view.rows[name].changes_per_hour for name in names if name in view.rows))
    role = "" if worst == "leading" else worst
    return {
        "name": (f"{'▾' if is_open else '▸'} {safe(group)} ({len(names)})", ""),
        "leader": (troubles(counts, len(names), now), role),
        "state": (rows.STATE_LABELS[worst], worst),
        "held": (held, role),
        "queue": (str(queue), ""),
        "changes": (changes, ""),
    }
