"""The values that cross layers: candidates, events, snapshots, transitions. All frozen, all pure.

They are named tuples, which are made and imported in half the time of frozen dataclasses.

Order and identity are revisions. A candidate *is* its ``(key, create_revision)``: a key that is deleted and
created again is somebody else, and an equal value says nothing. That tuples can be compared by size means nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, NamedTuple

from .flat import flat_text, flat_time

__all__ = [
    "Candidate",
    "KeyDeleted",
    "KeyEvent",
    "KeyPut",
    "Revision",
    "Snapshot",
    "Transition",
    "TransitionKind",
    "by_age",
    "leader_facts",
]

TransitionKind = Literal["elected", "vacated", "succeeded", "proclaimed"]


class Candidate(NamedTuple):
    """A key under an election's prefix, as etcd stores it."""

    key: bytes
    """Whole key, ``<prefix>/<name>/<suffix>``. The suffix means nothing."""
    value: bytes
    """What the candidate proclaims, up to etcd's request limit (1.5 MiB unless configured)."""
    lease_id: int
    """Lease that the key is attached to; 0 for a stray key that never expires."""
    create_revision: int
    """Revision that created the key: the place in line and the fencing token."""
    mod_revision: int
    """Revision of the last write to the key."""

    def is_same_candidate(self, other: Candidate | None) -> bool:
        """Whether both are one candidacy, whatever either proclaims."""
        return other is not None and self.create_revision == other.create_revision and self.key == other.key

    def as_dict(self) -> dict[str, Any]:
        """Flat and ready for JSON, as ``electiontui list -w json`` writes it: what is not UTF-8 as ``{"base64": …}``.

        The lease is hex, as etcdctl writes it: as a number it would not survive JavaScript.
        """
        return {
            "key": flat_text(self.key),
            "value": flat_text(self.value),
            "lease": format(self.lease_id, "x"),
            "create_revision": self.create_revision,
            "mod_revision": self.mod_revision,
        }


def by_age(candidate: Candidate) -> tuple[int, bytes]:
    """The order of a line, oldest first. Keys that one transaction created share their age and go by key."""
    return candidate.create_revision, candidate.key


class KeyPut(NamedTuple):
    """A key was created or written."""

    candidate: Candidate

    @property
    def key(self) -> bytes:
        return self.candidate.key


class KeyDeleted(NamedTuple):
    """A key was deleted, by a client or because its lease ended; etcd does not say which."""

    key: bytes


KeyEvent = KeyPut | KeyDeleted


class Revision(NamedTuple):
    """Everything that one revision changed under the watched prefix.

    The unit is the revision: one lease expiry or one transaction can change several keys at once, and
    between them there is no moment at which anybody led.
    """

    revision: int
    events: tuple[KeyEvent, ...]
    observed_at: datetime
    """When it reached this program (aware, UTC). etcd keeps no times."""

    def with_known(self, candidates: Iterable[Candidate]) -> Revision:
        """The same, and keys that it has left as they were."""
        changed = {event.key for event in self.events}
        older = (KeyPut(candidate) for candidate in candidates if candidate.key not in changed)
        return self._replace(events=(*older, *self.events))


class Snapshot(NamedTuple):
    """All candidates under the watched prefix as of one revision, in any order."""

    revision: int
    candidates: tuple[Candidate, ...]
    observed_at: datetime


class Transition(NamedTuple):
    """One change of an election's leadership, or of what its leader proclaims."""

    election: str
    """Name of the election."""
    revision: int
    """Revision at which ``after`` held; for a gap, the revision at which it was read."""
    before: Candidate | None
    """The leader before, or ``None`` for a vacancy."""
    after: Candidate | None
    """The leader from now on, or ``None`` for a vacancy."""
    gap: bool
    """Revisions were skipped since this election's previous transition, or before its first one, since the observer
    or monitor began, so terms may be missing."""
    observed_at: datetime
    """When it reached this program (aware, UTC). etcd keeps no times."""

    @property
    def kind(self) -> TransitionKind:
        """What happened: ``proclaimed`` leaves the term as it is, the others begin or end one."""
        if self.after is None:
            return "vacated"
        if self.before is None:
            return "elected"
        return "proclaimed" if self.after.is_same_candidate(self.before) else "succeeded"

    def as_dict(self) -> dict[str, Any]:
        """Flat and ready for JSON: of the leaders before and after what they proclaim, lease and fencing token."""
        return {
            "election": flat_text(self.election.encode("utf-8", "surrogateescape")),
            "revision": self.revision,
            "kind": self.kind,
            "gap": self.gap,
            "observed_at": flat_time(self.observed_at),
            **leader_facts("before", self.before),
            **leader_facts("after", self.after),
        }


def leader_facts(name: str, leader: Candidate | None) -> dict[str, Any]:
    """What a leader proclaims under ``name``, and its lease (hex) and fencing token; ``None`` for a vacancy."""
    return {
        name: None if leader is None else flat_text(leader.value),
        f"{name}_lease": None if leader is None else format(leader.lease_id, "x"),
        f"{name}_token": None if leader is None else leader.create_revision,
    }
