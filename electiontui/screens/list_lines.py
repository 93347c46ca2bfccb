"""The lines around the list of elections: how many are in which trouble, what happened last, and why it is empty."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from .. import rows
from ..rows import RowState
from ..sources import ClusterView
from ..text import safe
from .find import named

__all__ = ["Shown", "news", "nothing", "title"]

_TROUBLES: dict[RowState, str] = {"blocked": "BLOCKED", "vacant": "VACANT", "flapping": "flapping"}
_DEMO_HINT = "No etcd answers. `electiontui demo` starts one to play with; --endpoints names another."


class Shown(NamedTuple):
    """What of the elections is shown, and how."""

    number: int
    pattern: str
    order: str
    only_troubles: bool


def title(view: ClusterView, shown: Shown, now: datetime) -> str:
    """What is watched and how it is, then the filter and the order."""
    total = len(view.rows)
    count = f"{shown.number} of {total}" if shown.number != total else str(total)
    text = f" {named(view.prefixes)}  {count} election{'' if total == 1 else 's'}{_troubles(view, now)}"
    if shown.pattern:
        text += f"   filter: {safe(shown.pattern)}"
    return f"{text}   sort: {shown.order}"


def _troubles(view: ClusterView, now: datetime) -> str:
    """How many are in which trouble, and for how long the oldest of them."""
    total, troubles = len(view.rows), view.troubles
    if not troubles:
        return ": all ok" if total else ""
    parts = [f"{total - len(troubles)} ok"]
    for state, (number, since) in troubles.counts().items():
        parts.append(f"{number} {_TROUBLES[state]} {rows.duration(now - since)}")
    return ": " + " · ".join(parts)


def news(view: ClusterView, complaint: str, notice: str | None) -> str:
    """What is wrong, or else what has happened last."""
    if complaint:
        return f" filter ignored, {safe(complaint)}"
    error = view.status().error
    if error is not None:
        return f" {safe(error)}"
    last = view.last_transition
    if last is None:
        return f" {safe(notice)}" if notice else ""
    return f" {view.wall.local(last.observed_at):%H:%M:%S}  {safe(last.election, 40)}  {rows.describe(last)}"


def nothing(view: ClusterView, shown: Shown) -> str:
    """Why there is no row."""
    status = view.status()
    if view.rows:
        if shown.only_troubles:
            return "No trouble; ! shows all elections."
        return "No election matches the filter; esc clears it."
    if not status.loaded:
        return "Reading …" if status.error is None else _DEMO_HINT if status.unreachable else safe(status.error)
    if status.prefix:
        return f"Nothing under {safe(status.prefix)!r} yet. Press a to find elections elsewhere."
    return "No elections in the whole key space yet."
