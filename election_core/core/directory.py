"""Every election under a prefix as one pure state machine, built from one `ElectionState` each.

Rule 1: which keys make an election is decided here. A path is an election once one key directly below it is
recognised as a candidate; from then on every key anywhere below the path competes in it, strays and nested
names included, because that is how every client reads the queue.
Rule 2: like `ElectionState`, it knows no clock, no event loop and no wire.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from .model import Candidate, KeyDeleted, KeyEvent, KeyPut, Revision, Snapshot, Transition
from .names import is_candidate, monitor_base, name_to_text, parent_of
from .state import ElectionState

__all__ = ["Directory", "Oddity"]


class Oddity(NamedTuple):
    """A key that an operator may want to know of."""

    kind: Literal["stray", "unlike", "nested", "foreign"]
    """``stray``: in line without a lease, so it never expires; ``unlike``: in line, but its name is not its lease;
    ``nested``: a deeper key that stands in line all the same, such as a candidate of ``a/b`` for ``a``; ``foreign``:
    belongs to no election."""
    key: bytes
    election: str | None
    """The election in whose line it stands, or ``None``."""


class Directory:
    """The elections under one prefix at one revision.

    Attributes:
        revision: the newest revision taken into account.
        elections: name → state, for every election seen so far, vacant ones included. Names are relative to
            the prefix's last slash: where the prefix ends with one, ``client.election(name, prefix=prefix)`` is the
            same election. The name is empty for candidates directly below the prefix.
    """

    # The mutable state: the keys below each path that holds any, the paths recognised as elections, which paths
    # lie below which other, for nested names, what was found out about paths that hold keys, which elections have
    # changed since somebody asked, when a key of no election last changed, and whether anything was ever missed:
    # terms of elections never seen may have been among it, so that each of them has a gap before its beginning.

    def __init__(self, prefix: str, snapshot: Snapshot) -> None:
        """Begin at ``snapshot``; what is found there is the starting point, not a transition."""
        self._base = monitor_base(prefix)
        self._keys: defaultdict[bytes, dict[bytes, Candidate]] = defaultdict(dict)
        self._below: defaultdict[bytes, set[bytes]] = defaultdict(set)
        self._states: dict[bytes, ElectionState] = {}
        self._named: dict[str, ElectionState] = {}
        self._over: dict[bytes, tuple[ElectionState, ...]] = {}
        self._changed: set[str] = set()
        self._foreign_revision = snapshot.revision
        self._has_missed = False
        self.elections: Mapping[str, ElectionState] = MappingProxyType(self._named)
        self.revision = snapshot.revision
        self._load(snapshot.candidates)
        for path in self._recognised_paths():
            self._open(path, ElectionState(self._name(path), self._below_path(path, snapshot)))

    def apply(self, revision: Revision) -> list[Transition]:
        """Take in one whole revision of the prefix; one already known changes nothing."""
        if revision.revision <= self.revision:
            return []
        self.revision = revision.revision
        return self._absorb(revision)

    def _absorb(self, revision: Revision) -> list[Transition]:
        touched: dict[ElectionState, list[KeyEvent]] = {}
        opened: list[bytes] = []
        for event in revision.events:
            parent = parent_of(event.key)
            if not parent and not _is_in_a_line(event):
                continue
            over = self._elections_over(parent)
            if not over:
                self._foreign_revision = max(self._foreign_revision, revision.revision)
            if type(event) is KeyPut:
                self._store(parent, event.candidate)
                if parent not in self._states and parent not in opened and is_candidate(event.candidate):
                    opened.append(parent)
            else:
                self._discard(parent, event.key)
            for state in over:
                touched.setdefault(state, []).append(event)
        transitions: list[Transition] = []
        for state, events in touched.items():
            self._changed.add(state.name)
            transitions += state.absorb(revision.revision, events, revision.observed_at)
        for path in opened:
            transitions += self._recognise(path, revision)
        return transitions

    def reset(self, snapshot: Snapshot) -> list[Transition]:
        """Start over from a fresh read; what may have been missed is reported with ``gap=True``."""
        if snapshot.revision <= self.revision:
            return []
        self.revision = self._foreign_revision = snapshot.revision
        self._has_missed = True
        self._keys.clear()
        self._below.clear()
        self._over.clear()
        self._changed.update(self._named)
        self._load(snapshot.candidates)
        for path in self._recognised_paths():
            if path not in self._states:
                self._open(path, ElectionState(self._name(path)))
        return [
            transition
            for path, state in self._states.items()
            for transition in state.reset(self._below_path(path, snapshot))
        ]

    def rewind(self) -> None:
        """etcd was restored or wiped: its revisions count anew, and the next `reset` takes whatever it brings."""
        self.revision = self._foreign_revision = 0
        for state in self._states.values():
            state.rewind()

    def audit(self, snapshot: Snapshot) -> list[Transition]:
        """Compare with a read whose events have all been applied; an event that got lost is made up for with a gap.

        Elections that were touched since the read are newer than it and left alone.
        """
        found = {candidate.key: candidate for candidate in filter(_is_in_a_line, snapshot.candidates)}
        known = {key: candidate for keys in self._keys.values() for key, candidate in keys.items()}
        lost: list[KeyEvent] = [KeyPut(candidate) for key, candidate in found.items() if known.get(key) != candidate]
        lost += [KeyDeleted(key) for key in known.keys() - found.keys()]
        lost = [event for event in lost if self._is_older(event, snapshot.revision)]
        if lost:
            self._mark_doubts(lost, snapshot.revision)
        return self._absorb(Revision(snapshot.revision, tuple(lost), snapshot.observed_at))

    def _mark_doubts(self, lost: Iterable[KeyEvent], revision: int) -> None:
        self._has_missed = True
        touched = {state for event in lost for state in self._elections_over(parent_of(event.key))}
        # Whoever leads still, with the same value, has led throughout. A vacancy looks the same after any number of
        # terms, so where some events were lost those of a whole term may have been.
        touched.update(state for state in self._states.values() if state.leader is None and state.revision <= revision)
        for state in touched:
            state.mark_gap()

    def _is_older(self, event: KeyEvent, revision: int) -> bool:
        over = self._elections_over(parent_of(event.key))
        if over or (type(event) is KeyPut and is_candidate(event.candidate)):
            return all(state.revision <= revision for state in over)
        return self._foreign_revision <= revision

    def take_changed(self) -> set[str]:
        """The elections that have changed, in their queue or otherwise, since this was last asked; all at first."""
        changed, self._changed = self._changed, set()
        return changed

    def oddities(self) -> list[Oddity]:
        """The keys under the prefix that are no proper candidates, by key. Takes time with the number of keys."""
        found = []
        for parent, keys in self._keys.items():
            outer = next((path for path in _ancestors(parent) if path in self._states), None)
            for candidate in keys.values():
                if parent in self._states and candidate.lease_id == 0:
                    found.append(Oddity("stray", candidate.key, self._name(parent)))
                elif parent in self._states and not is_candidate(candidate):
                    found.append(Oddity("unlike", candidate.key, self._name(parent)))
                elif outer is not None:
                    found.append(Oddity("nested", candidate.key, self._name(outer)))
                elif parent not in self._states:
                    found.append(Oddity("foreign", candidate.key, None))
        return sorted(found, key=lambda oddity: oddity.key)

    def _load(self, candidates: Iterable[Candidate]) -> None:
        for candidate in filter(_is_in_a_line, candidates):
            self._store(parent_of(candidate.key), candidate)

    def _recognised_paths(self) -> list[bytes]:
        return [path for path, keys in self._keys.items() if any(map(is_candidate, keys.values()))]

    def _store(self, parent: bytes, candidate: Candidate) -> None:
        if parent not in self._keys:
            for ancestor in _ancestors(parent):
                self._below[ancestor].add(parent)
        self._keys[parent][candidate.key] = candidate

    def _discard(self, parent: bytes, key: bytes) -> None:
        keys = self._keys.get(parent)
        if keys is None:
            return
        keys.pop(key, None)
        if not keys:
            del self._keys[parent]
            self._over.pop(parent, None)
            for ancestor in _ancestors(parent):
                self._below[ancestor].discard(parent)
                if not self._below[ancestor]:
                    del self._below[ancestor]

    def _elections_over(self, parent: bytes) -> tuple[ElectionState, ...]:
        """The states of all elections that a key directly below ``parent`` competes in, the nearest first."""
        over = self._over.get(parent)
        if over is None:
            paths = (parent, *_ancestors(parent))
            over = tuple(self._states[path] for path in paths if path in self._states)
            if parent in self._keys:
                self._over[parent] = over
        return over

    def _below_path(self, path: bytes, snapshot: Snapshot) -> Snapshot:
        candidates = list(self._keys.get(path, {}).values())
        for nested in self._below.get(path, ()):
            candidates += self._keys[nested].values()
        return Snapshot(snapshot.revision, tuple(candidates), snapshot.observed_at)

    def _recognise(self, path: bytes, revision: Revision) -> list[Transition]:
        state = ElectionState(self._name(path))
        if self._has_missed:
            state.mark_gap()
        self._open(path, state)
        empty = Snapshot(revision.revision, (), revision.observed_at)
        everybody = (KeyPut(candidate) for candidate in self._below_path(path, empty).candidates)
        return state.absorb(revision.revision, everybody, revision.observed_at)

    def _open(self, path: bytes, state: ElectionState) -> None:
        self._states[path] = self._named[state.name] = state
        self._changed.add(state.name)
        for known in (path, *self._below.get(path, ())):
            self._over.pop(known, None)

    def _name(self, path: bytes) -> str:
        if path == self._base:
            # Go's client puts candidates there for a name that is a slash too long.
            return "/"
        return name_to_text((path + b"/").removeprefix(self._base)[:-1])


def _is_in_a_line(item: KeyEvent | Candidate) -> bool:
    """A key without any slash is below no path, so it can be no candidate and in nobody's way."""
    return b"/" in item.key


def _ancestors(path: bytes) -> Iterator[bytes]:
    """Every path above ``path``, nearest first."""
    while b"/" in path:
        path = path.rpartition(b"/")[0]
        yield path
