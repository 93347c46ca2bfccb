"""etcd's key space: one revision for everything, what each revision changed, and how far back that is kept.

Pure: no asyncio, no clock, no leases beyond the number that each key carries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..core.model import Candidate, KeyDeleted, KeyEvent, KeyPut
from ..errors import ElectionError, LeadershipLost
from ..store import Delete, KeyRange, Op, Put, Read, Txn, TxnResult

__all__ = ["Change", "KeySpace", "is_within"]

_MAX_OPS = 128


@dataclass(frozen=True, slots=True)
class Change:
    """What one revision did, in the order in which it was done."""

    revision: int
    events: tuple[KeyEvent, ...]

    def within(self, keys: KeyRange, *, deletes_only: bool = False) -> Change:
        """The part of it that concerns some keys; it may have no events."""
        return Change(self.revision, tuple(event for event in self.events if _is_wanted(event, keys, deletes_only)))


class KeySpace:
    """Keys, revisions and history.

    Attributes:
        revision: of the last change; 1 when there was none, as in an etcd just started.
        compacted: the revision up to which history is gone; 0 when all of it is kept.
    """

    # The mutable state: the two attributes, the living keys, and the changes after `compacted`, oldest first,
    # each with the keys that it changed as they were before.

    def __init__(self) -> None:
        self.revision = 1
        self.compacted = 0
        self._living: dict[bytes, Candidate] = {}
        self._history: list[Change] = []
        self._before: list[dict[bytes, Candidate | None]] = []

    def select(self, query: Read) -> tuple[Candidate, ...]:
        """The living keys that a read asks for, in its order."""
        latest = query.max_create_revision or self.revision + 1
        found = [
            candidate._replace(value=b"") if query.keys_only else candidate
            for key, candidate in sorted(self._at(query.revision).items())
            if is_within(key, query.keys) and candidate.create_revision <= latest
        ]
        if query.order != "key":
            found.sort(key=lambda candidate: candidate.create_revision, reverse=query.order == "newest")
        return tuple(found[: query.limit or None])

    def _at(self, revision: int) -> dict[bytes, Candidate]:
        """The living keys as of a revision that is not compacted; 0 for now.

        Raises:
            ElectionError: it is still to come.
        """
        if revision > self.revision:
            raise ElectionError(f"The revision {revision} is still to come; the last one is {self.revision}.")
        living = self._living
        if 0 < revision < self.revision:
            living = dict(living)
            for change, before in zip(reversed(self._history), reversed(self._before), strict=True):
                if change.revision > revision:
                    living.update({key: each for key, each in before.items() if each is not None})
                    for key in [key for key, each in before.items() if each is None]:
                        del living[key]
        return living

    def keys_on(self, lease_id: int) -> tuple[bytes, ...]:
        """The living keys that are attached to a lease, sorted."""
        return tuple(key for key, candidate in sorted(self._living.items()) if candidate.lease_id == lease_id)

    def txn(self, txn: Txn, has_lease: Callable[[int], bool]) -> tuple[TxnResult, Change | None]:
        """Do a transaction; the change is ``None`` where it changed nothing.

        Raises:
            LeadershipLost: a lease that it needs does not exist; nothing was written.
            ElectionError: etcd would refuse it, whatever is stored.
            ValueError: neither of its branches writes.
        """
        txn.check_writes()
        _check(txn.then)
        _check(txn.otherwise)
        present = self._living.get(txn.guard.key)
        succeeded = txn.guard.create_revision == (present.create_revision if present else 0)
        branch = txn.then if succeeded else txn.otherwise
        for op in branch:
            if isinstance(op, Put) and op.lease_id and not has_lease(op.lease_id):
                raise LeadershipLost(
                    f"The lease no longer exists; campaign again with a new one. (requested lease not found:"
                    f" {op.lease_id:x})",
                    key=op.key,
                )
        reads, change = self._carry_out(branch)
        return TxnResult(succeeded, self.revision, reads), change

    def delete(self, keys: Iterable[bytes]) -> Change | None:
        """Delete several keys in one revision; ``None`` where there was none of them."""
        return self._carry_out([Delete(key) for key in keys])[1]

    def compact(self, revision: int) -> None:
        """Forget the history up to and including a revision.

        Raises:
            ValueError: it is compacted already, or still to come.
        """
        if not self.compacted < revision <= self.revision:
            raise ValueError(
                f"Only revisions {self.compacted + 1} to {self.revision} can be compacted; got {revision}."
            )
        self.compacted = revision
        kept = sum(change.revision > revision for change in self._history)
        self._history, self._before = self._history[-kept:] if kept else [], self._before[-kept:] if kept else []

    def since(self, revision: int) -> tuple[Change, ...]:
        """Every change from a revision on, which must not be compacted."""
        assert revision > self.compacted
        return tuple(change for change in self._history if change.revision >= revision)

    def _carry_out(self, ops: Iterable[Op]) -> tuple[tuple[tuple[Candidate, ...], ...], Change | None]:
        revision = self.revision + 1
        events: list[KeyEvent] = []
        before: dict[bytes, Candidate | None] = {}
        reads = []
        for op in ops:
            match op:
                case Put():
                    before[op.key] = self._living.get(op.key)
                    events.append(KeyPut(self._put(op, revision)))
                case Delete():
                    if (gone := self._living.pop(op.key, None)) is not None:
                        before[op.key] = gone
                        events.append(KeyDeleted(op.key))
                case Read():
                    reads.append(self.select(op))
        if not events:
            return tuple(reads), None
        change = Change(revision, tuple(events))
        self.revision = revision
        self._history.append(change)
        self._before.append(before)
        return tuple(reads), change

    def _put(self, op: Put, revision: int) -> Candidate:
        before = self._living.get(op.key)
        created = before.create_revision if before else revision
        self._living[op.key] = candidate = Candidate(op.key, op.value, op.lease_id, created, revision)
        return candidate


def is_within(key: bytes, keys: KeyRange) -> bool:
    """Whether a range holds a key."""
    if keys.end is None:
        return key == keys.start
    return keys.start <= key and (keys.end == b"\0" or key < keys.end)


def _is_wanted(event: KeyEvent, keys: KeyRange, deletes_only: bool) -> bool:
    return is_within(event.key, keys) and (not deletes_only or isinstance(event, KeyDeleted))


def _check(branch: Sequence[Op]) -> None:
    """etcd's own checks of a transaction, which it makes on both branches."""
    if len(branch) > _MAX_OPS:
        raise ElectionError(f"A branch of a transaction has at most {_MAX_OPS} operations; got {len(branch)}.")
    puts = [op.key for op in branch if isinstance(op, Put)]
    deletes = {op.key for op in branch if isinstance(op, Delete)}
    if b"" in puts or b"" in deletes:
        raise ElectionError("A key cannot be empty.")
    if len(set(puts)) < len(puts) or deletes.intersection(puts):
        raise ElectionError("A transaction can write a key only once; split it.")
