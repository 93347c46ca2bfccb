"""Who leads from a revision on, as a row of the file. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from election_core import Candidate, Transition

from .schema import GAP, PROCLAIMED, UNTIMED

__all__ = ["COLUMNS", "LONGEST_VALUE", "Row", "moment", "packed", "shortened", "ticks"]

LONGEST_VALUE = 1_024
"""Bytes of a value that are kept; etcd takes a megabyte and a half, which somebody may proclaim every second."""
COLUMNS = "era, revision, at, how, lease, created, modified, value, key"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
Packed = tuple[int | None, int | None, int | None, bytes | None, bytes | None]


class Row(NamedTuple):
    """As in the file, but for the election."""

    era: int
    revision: int
    at: int
    how: int
    lease: int | None
    created: int | None
    modified: int | None
    value: bytes | None
    key: bytes | None

    @property
    def is_exact(self) -> bool:
        """Whether the leader before led until this very row, at its time."""
        return not self.how & (GAP | UNTIMED)

    @property
    def is_proclaim(self) -> bool:
        return bool(self.how & PROCLAIMED)

    def leader(self, path: bytes) -> Candidate | None:
        """Who leads from here on."""
        if self.lease is None:
            return None
        key = path + b"/%x" % self.lease if self.key is None else self.key
        return Candidate(key, self.value or b"", self.lease, self.created or 0, self.modified or 0)

    @property
    def who(self) -> tuple[object, ...]:
        """The same for one candidate, whatever it proclaims."""
        return self.created, self.lease, self.key


def packed(leader: Candidate | None, path: bytes) -> Packed:
    """The last five columns."""
    if leader is None:
        return None, None, None, None, None
    key = None if leader.key == path + b"/%x" % leader.lease_id else leader.key
    return leader.lease_id, leader.create_revision, leader.mod_revision, leader.value[:LONGEST_VALUE], key


def shortened(transition: Transition) -> Transition:
    """The same with no more of its values than is kept."""
    _, _, before, after, *_ = transition
    if _is_short(before) and _is_short(after):
        return transition
    return transition._replace(before=_short(before), after=_short(after))


def _is_short(leader: Candidate | None) -> bool:
    return leader is None or len(leader.value) <= LONGEST_VALUE


def _short(leader: Candidate | None) -> Candidate | None:
    return None if leader is None else leader._replace(value=leader.value[:LONGEST_VALUE])


def ticks(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - _EPOCH) // _TICK


def moment(at: int) -> datetime:
    """The inverse of `ticks`."""
    return _EPOCH + at * _TICK
