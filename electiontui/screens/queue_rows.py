"""The queue of one election as rows: who waits on whom, since when, and what is left of each lease."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from election_core import Candidate, Client, ElectionError, LeaseInfo

from ..rows import Column, duration, lease_to_spare
from ..text import safe
from ..widgets.cells import Cell

__all__ = ["QUEUE", "QueueRows"]

QUEUE = (
    Column("place", "#", 8),
    Column("value", "CANDIDATE", 8, grows=2),
    Column("ttl", "LEASE LEFT", 10, right=True),
    Column("age", "SEEN FOR", 11, right=True, drop_below=54),
    Column("waits", "WAITS ON", 12, grows=1, drop_below=90),
    Column("lease", "LEASE", 16, drop_below=110),
    Column("revision", "CREATED", 9, right=True, drop_below=84),
)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_LEASES_ASKED = 40
"""How many leases of the queue's visible part are asked for their remaining time at a time."""


class QueueRows:
    """The rows by key, in order."""

    # The mutable state: the queue as last taken in, when each candidate was first seen here, and what its lease said.

    def __init__(self) -> None:
        self.candidates: dict[str, tuple[int, Candidate]] = {}
        self._seen: dict[str, tuple[datetime, bool]] = {}
        self._leases: dict[int, LeaseInfo] = {}
        self._began = False
        self._taken_at = _LONG_AGO

    @property
    def queue(self) -> list[Candidate]:
        return [candidate for _, candidate in self.candidates.values()]

    def take(self, queue: Sequence[Candidate], now: datetime) -> list[str]:
        """Take in the queue; returns the keys of its rows."""
        if now < self._taken_at:
            # A recording that went back: what comes later was not seen yet.
            self._seen, self._began = {}, False
        self._taken_at = now
        self.candidates = {f"{c.create_revision} {c.key!r}": (place, c) for place, c in enumerate(queue, 1)}
        self._seen = {key: self._seen.get(key, (now, self._began)) for key in self.candidates}
        self._leases = {c.lease_id: self._leases[c.lease_id] for c in queue if c.lease_id in self._leases}
        self._began = True
        return list(self.candidates)

    def candidate(self, key: str | None) -> Candidate | None:
        """The candidate of a row, or else the leader."""
        found = self.candidates.get(key or "")
        return found[1] if found is not None else next(iter(self.queue), None)

    def cells(self, key: str, now: datetime, ours: Iterable[bytes], *, dim: bool) -> dict[str, Cell]:
        """What a row shows as of ``now``; ``dim`` while nobody knows whether it still holds."""
        place, candidate = self.candidates[key]
        info = self._leases.get(candidate.lease_id)
        dying = info is not None and lease_to_spare(info) <= 0
        since, seen_to_come = self._seen[key]
        is_ours = candidate.key in ours
        mark = "★" if place == 1 else " next" if place == 2 else ""
        texts = {
            "place": (f"{place}{mark}{'⚑' if is_ours else ''}", "own" if is_ours else ""),
            "value": (safe(candidate.value, 200) or "(empty)", "leading" if place == 1 else ""),
            "ttl": (
                "–" if info is None else f"{info.remaining:.0f}/{info.granted_ttl}s",
                "vacant" if dying else "muted",
            ),
            "age": (("" if seen_to_come else "≥ ") + duration(now - since), "muted"),
            "waits": (self._before(place), "muted"),
            "lease": (f"{candidate.lease_id:x}" if candidate.lease_id else "none, forever", "muted"),
            "revision": (str(candidate.create_revision), "muted"),
        }
        return {column: (text, "muted" if dim else role) for column, (text, role) in texts.items()}

    def _before(self, place: int) -> str:
        """The key that goes before this one does: its value, and its end."""
        if place == 1:
            return "–"
        before = self.queue[place - 2]
        return f"{place - 1} {safe(before.value, 24)} …/{safe(before.key.rpartition(b'/')[2], 16)}"

    async def read_leases(self, client: Client, keys: Iterable[str]) -> bool:
        """Ask for the remaining time of these rows' leases; ``False`` if etcd does not answer.

        The last known times stay then. Cancelling it is safe.
        """
        found = [self.candidates[key][1].lease_id for key in keys if key in self.candidates]
        for lease_id in filter(None, found[:_LEASES_ASKED]):
            try:
                info = await client.lease(lease_id)
            except ElectionError:
                return False
            if info is None:
                self._leases.pop(lease_id, None)
            else:
                self._leases[lease_id] = info
        return True
