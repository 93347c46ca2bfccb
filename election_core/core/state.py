"""One election as a pure state machine: whole revisions in, transitions out.

Rule 1: who leads is decided here and nowhere else. The leader is the oldest live key by create revision.
Rule 2: this file knows no clock, no event loop and no wire; times arrive inside its inputs.

Theory of operation: etcd numbers every change of the whole key space with one revision, and a key's create
revision never changes while the key lives. So the queue is the set of live keys ordered by create revision,
and a transition is a difference between the oldest key before a revision and after it. A revision that is
not newer than the state is a redelivery and changes nothing. What cannot be known, because revisions were
skipped, is said with ``gap=True`` on the next transition.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import datetime

from .flat import card, shown
from .model import Candidate, KeyEvent, KeyPut, Revision, Snapshot, Transition, by_age

__all__ = ["ElectionState"]

_SHORT = 8
"""Candidates that are looked through as fast as looked up."""


class ElectionState:
    """The queue of one election at one revision.

    Attributes:
        name: the election's name, copied into its transitions.
        revision: the newest revision that the state takes into account; 0 before the first input.
    """

    __slots__ = ("_by_key", "_gap", "_queue", "name", "revision")

    # The mutable state is the queue, sorted by create revision, its index by key while it is long, and whether a gap is
    # still to be reported. Most of many elections have a few candidates, where an index would take the most memory.

    def __init__(self, name: str, snapshot: Snapshot | None = None) -> None:
        """Begin at ``snapshot``, or with an election that has never had a candidate.

        Beginning is no transition: what came before the snapshot is outside this state's history.
        """
        self.name = name
        self.revision = 0
        self._queue: list[Candidate] = []
        self._by_key: dict[bytes, Candidate] | None = None
        self._gap = False
        if snapshot is not None:
            self._replace(snapshot)

    def __repr__(self) -> str:
        leader = self.leader
        held_by = "vacant" if leader is None else f"led by {leader.value[:40]!r}"
        return f"<ElectionState {self.name!r} {held_by}, {len(self)} candidates, revision {self.revision}>"

    def _repr_html_(self) -> str:
        rows = [(each.create_revision, shown(each.value) or "(empty)", f"{each.lease_id:x}") for each in self._queue]
        facts = [("candidates", len(rows)), ("revision", self.revision)]
        return card(f"Election {self.name}", facts, [("token", "value", "lease"), *rows] if rows else ())

    def __copy__(self) -> ElectionState:
        """A state that stays as it is, which costs little: candidates never change."""
        copy = ElectionState(self.name)
        copy.revision, copy._queue, copy._gap = self.revision, self._queue.copy(), self._gap
        copy._index_by_key()
        return copy

    def __len__(self) -> int:
        """How many candidates there are, the leader included."""
        return len(self._queue)

    def __iter__(self) -> Iterator[Candidate]:
        """All candidates as of now, the leader first."""
        return iter(self.queue)

    def __contains__(self, key: bytes) -> bool:
        return self.get(key) is not None

    @property
    def leader(self) -> Candidate | None:
        """The oldest live candidate, or ``None`` while the election is vacant."""
        return self._queue[0] if self._queue else None

    @property
    def queue(self) -> tuple[Candidate, ...]:
        """All candidates in order of create revision; the first one leads."""
        return tuple(self._queue)

    def get(self, key: bytes) -> Candidate | None:
        """The candidate with this key."""
        if self._by_key is None:
            return next((candidate for candidate in self._queue if candidate.key == key), None)
        return self._by_key.get(key)

    def ahead_of(self, candidate: Candidate) -> Candidate | None:
        """The youngest candidate that is older than this one, which need not be in line itself."""
        index = bisect_left(self._queue, by_age(candidate), key=by_age)
        return self._queue[index - 1] if index else None

    def apply(self, revision: Revision) -> list[Transition]:
        """Take in one whole revision; a revision already known changes nothing."""
        if revision.revision <= self.revision:
            return []
        return self.absorb(revision.revision, revision.events, revision.observed_at)

    def absorb(self, revision: int, events: Iterable[KeyEvent], observed_at: datetime) -> list[Transition]:
        """`apply` for a caller that splits one revision's events over many elections itself."""
        before = self.leader
        for event in events:
            if type(event) is KeyPut:
                self._put(event.candidate)
            else:
                self._remove(event.key)
        self.revision = revision
        return self._transition(before, observed_at)

    def reset(self, snapshot: Snapshot) -> list[Transition]:
        """Start over from a fresh read because the revisions in between cannot be had.

        A snapshot that is not newer than the state skips nothing and changes nothing.
        """
        if snapshot.revision <= self.revision:
            return []
        before = self.leader
        self._replace(snapshot)
        self._gap = True
        return self._transition(before, snapshot.observed_at)

    def rewind(self) -> None:
        """etcd was restored or wiped: its revisions count anew, and the next `reset` takes whatever it brings."""
        self.revision = 0

    def audit(self, snapshot: Snapshot) -> list[Transition]:
        """Compare with a read whose events have all been applied; an event that got lost is made up for with a gap.

        A state that was changed since the read is newer than it and left alone.
        """
        if self.revision > snapshot.revision or set(self._queue) == set(snapshot.candidates):
            return []
        before = self.leader
        self._replace(snapshot)
        self.mark_gap()
        return self._transition(before, snapshot.observed_at)

    @property
    def has_gap(self) -> bool:
        """Whether a gap is still to be told of."""
        return self._gap

    def mark_gap(self) -> None:
        """Revisions were skipped: the next transition says so."""
        self._gap = True

    def _replace(self, snapshot: Snapshot) -> None:
        self._queue = list(snapshot.candidates)
        if len(self._queue) > 1:
            self._queue.sort(key=by_age)
        self._index_by_key()
        self.revision = snapshot.revision

    def _put(self, candidate: Candidate) -> None:
        known = self.get(candidate.key)
        if known is not None and known.create_revision == candidate.create_revision:
            self._queue[self._index(known)] = candidate
        else:
            if known is not None:
                del self._queue[self._index(known)]
            self._queue.insert(self._index(candidate), candidate)
        if self._by_key is not None:
            self._by_key[candidate.key] = candidate
        elif len(self._queue) > _SHORT:
            self._index_by_key()

    def _remove(self, key: bytes) -> None:
        known = self.get(key)
        if known is not None:
            del self._queue[self._index(known)]
            if self._by_key is not None:
                del self._by_key[key]

    def _index_by_key(self) -> None:
        self._by_key = {each.key: each for each in self._queue} if len(self._queue) > _SHORT else None

    def _index(self, candidate: Candidate) -> int:
        # A new candidate is nearly always the youngest, and the one that leaves is nearly always the leader.
        queue = self._queue
        if not queue or queue[0] is candidate:
            return 0
        if by_age(queue[-1]) < by_age(candidate):
            return len(queue)
        return bisect_left(queue, by_age(candidate), key=by_age)

    def _transition(self, before: Candidate | None, observed_at: datetime) -> list[Transition]:
        after = self.leader
        if after is before or after == before:
            return []
        gap, self._gap = self._gap, False
        return [Transition(self.name, self.revision, before, after, gap, observed_at)]
