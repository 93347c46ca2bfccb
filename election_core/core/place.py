"""A candidate's place in line, and what one revision does to it. Pure.

Rule 1: whether a candidate leads is decided here, and only on proof: at one revision its own key exists at its own
create revision and no older key does. Rule 2: this file does not know how that is read or watched.

A place changes by deletes alone. New candidates line up behind, since create revisions only grow, so the one thing
to wait for is the delete of the key ahead, and the one thing to fear is the delete of its key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..errors import LeadershipLost
from .model import Candidate, KeyDeleted, KeyPut, Revision, by_age

__all__ = ["NEWEST", "Place", "place_among_newest", "place_in_line", "place_of_newcomer", "still_own"]

NEWEST = 3
"""How many of the newest candidates tell the place of the newest: itself, the one ahead, and whether there are more."""


class Place(NamedTuple):
    """Where a candidate stands as of one revision."""

    revision: int
    own: Candidate
    ahead: Candidate | None
    """The youngest candidate that is older than this one; ``None`` for the leader."""
    ahead_leads: bool = False
    """Whether ``ahead`` is the oldest of all: once it leaves, this candidate leads."""

    @property
    def leads(self) -> bool:
        return self.ahead is None

    def has_same_neighbours(self, other: Place) -> bool:
        """Whether both have to be watched in the same way."""
        if self.ahead is None or other.ahead is None:
            return self.ahead is other.ahead
        return self.ahead.is_same_candidate(other.ahead) and self.ahead_leads == other.ahead_leads

    def is_confirmed_by(self, newest: Sequence[Candidate]) -> bool:
        """Whether the newest `NEWEST` candidates that are no younger, newest first and without values, tell the same.

        Where they do not tell, or something else, the place has to be read.
        """
        try:
            now = place_among_newest(self.own, newest, self.revision)
        except LeadershipLost:
            return False
        return now is not None and now.has_same_neighbours(self) and now.own.mod_revision == self.own.mod_revision

    def after(self, revision: Revision) -> Place | None:
        """The place after a revision, or ``None`` when it has to be read again.

        The revisions must hold all deletes of its key and of ``ahead``, in order. One that is not newer than
        the place is old news: a watch may be served by a member that lags behind the one that was read.

        Raises:
            LeadershipLost: its key is gone, or no longer on its lease.
        """
        if revision.revision <= self.revision:
            return self
        own, ahead_left = self.own, False
        for event in revision.events:
            if event.key == own.key:
                own = still_own(self.own, event.candidate if isinstance(event, KeyPut) else None)
            elif self.ahead is not None and event == KeyDeleted(self.ahead.key):
                ahead_left = True
        if not ahead_left:
            return self._replace(revision=revision.revision, own=own)
        return Place(revision.revision, own, None) if self.ahead_leads else None


def still_own(own: Candidate, now: Candidate | None) -> Candidate:
    """The candidate as it is now, given what stands at its key.

    Raises:
        LeadershipLost: its key is gone, or no longer on its lease.
    """
    if now is None or not now.is_same_candidate(own):
        raise LeadershipLost(
            "The candidate's key was deleted, by somebody or with its lease; campaign again.", key=own.key
        )
    if now.lease_id != own.lease_id:
        raise LeadershipLost(
            f"Somebody moved the candidate's key from lease {own.lease_id:x} to {now.lease_id:x}; find out"
            " who writes there, then campaign again.",
            key=own.key,
        )
    return now


def place_of_newcomer(own: Candidate, oldest: Sequence[Candidate], revision: int) -> Place | None:
    """The place of a candidate that the revision has created, if the oldest two of its election tell, else ``None``."""
    if oldest and own.is_same_candidate(oldest[0]):
        return Place(revision, own, None)
    if len(oldest) > 1 and own.is_same_candidate(oldest[1]):
        return Place(revision, own, oldest[0], ahead_leads=True)
    return None


def place_among_newest(own: Candidate, newest: Sequence[Candidate], revision: int) -> Place | None:
    """The place of ``own`` if the newest `NEWEST` candidates that are no younger tell, newest first, else ``None``.

    Raises:
        LeadershipLost: its key is gone, or no longer on its lease.
    """
    if len(newest) < NEWEST:
        return place_in_line(own, newest, revision)
    # Keys that one transaction created are of one age, and etcd returns those in any order.
    if len({candidate.create_revision for candidate in newest}) < len(newest):
        return None
    return Place(revision, still_own(own, newest[0]), newest[1])


def place_in_line(own: Candidate, line: Sequence[Candidate], revision: int) -> Place:
    """The place of ``own`` among all candidates that are no younger, in any order.

    Raises:
        LeadershipLost: its key is gone, or no longer on its lease.
    """
    now = still_own(own, next((candidate for candidate in line if candidate.key == own.key), None))
    ahead = [candidate for candidate in line if by_age(candidate) < by_age(now)]
    return Place(revision, now, max(ahead, key=by_age, default=None), ahead_leads=len(ahead) == 1)
