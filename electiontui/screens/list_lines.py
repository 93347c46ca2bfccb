"""The lines around the list of elections: how many are in which trouble, what happened last, and why it is empty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from .. import rows
from ..keys import Keys
from ..rows import RowState
from ..sources import ClusterView
from ..text import safe
from .find import named
from .listing import Listing

__all__ = ["news", "nothing", "title", "troubles"]

_TROUBLES: dict[RowState, str] = {
    "blocked": "BLOCKED",
    "vacant": "VACANT",
    "dying": "DYING",
    "flapping": "flapping",
}
_DEMO_HINT = "No etcd answers. `electiontui demo` starts one to play with; --endpoints names another."


def title(view: ClusterView, listing: Listing, now: datetime) -> str:
    """What is watched and how it is, then the filter and the order."""
    total, number = len(view.rows), len(listing.names)
    past = 0 if listing.shows_past or listing.pattern else len(view.troubles.past)
    count = f"{number} of {total - past}" if number != total - past else str(number)
    text = f" {named(view.prefixes)}  {count} election{'' if total - past == 1 else 's'}"
    if total:
        counts = view.troubles.counts()
        text += f": {troubles(counts, total - len(view.troubles.past), now) if counts else 'all ok'}"
    if view.troubles.past:
        text += f"   {len(view.troubles.past)} past, f {'hides' if listing.shows_past else 'shows'} them"
    if listing.pattern:
        text += f"   filter: {safe(listing.pattern)}"
    return f"{text}   sort: {listing.column} {'▼' if listing.descending else '▲'}"


def troubles(counts: Mapping[RowState, tuple[int, datetime]], total: int, now: datetime) -> str:
    """How many are in which trouble, and for how long the oldest of them."""
    parts = [f"{total - sum(number for number, _ in counts.values())} ok"]
    for state, (number, since) in counts.items():
        parts.append(f"{number} {_TROUBLES[state]} {rows.duration(now - since)}")
    return " · ".join(parts)


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


def nothing(view: ClusterView, listing: Listing, keys: Keys) -> str:
    """Why there is no row."""
    status = view.status()
    if view.rows:
        if listing.only_troubles:
            return f"No trouble; {keys.shown('troubles')} shows all elections."
        if not listing.pattern:
            return f"All {len(view.rows)} elections are over; {keys.shown('past')} shows them."
        return f"No election matches the filter; {keys.shown('clear_filter')} clears it."
    if not status.loaded:
        if status.error is not None:
            return _DEMO_HINT if status.unreachable else safe(status.error)
        silent = [member.error for member in view.members.now if not member.reachable]
        if silent and len(silent) == len(view.members.now):
            return f"{safe(silent[0])}; trying on …"
        return f"Reading …  {view.keys_read:,} keys" if view.keys_read else "Reading …"
    if status.prefix:
        elsewhere = f" Press {keys.shown('find')} to find elections elsewhere." if view.client.endpoints else ""
        return f"Nothing under {safe(status.prefix)!r} yet.{elsewhere}"
    return "No elections in the whole key space yet."
