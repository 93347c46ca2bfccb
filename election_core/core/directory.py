"""Every election under a prefix as one pure state machine, built from one `ElectionState` each.

Rule 1: which keys make an election is decided here. A path is an election once one key directly below it is
recognised as a candidate; from then on every key anywhere below the path competes in it, strays and nested
names included, because that is how every client reads the queue.
Rule 2: like `ElectionState`, it knows no clock, no event loop and no wire.
Rule 3: of keys that are in no line nothing is kept but roughly where they are. Where a path becomes an election and
may hold such keys, `unread` says so, and `Revision.with_known` completes the revision before it is applied.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Generator, Iterable, Mapping
from types import MappingProxyType

from .changes import Changes
from .loading import Loading, finish
from .model import Candidate, KeyDeleted, KeyEvent, KeyPut, Revision, Snapshot, Transition
from .names import election_name, is_candidate, monitor_base, parent_of, text_to_name
from .state import ElectionState
from .strays import Strays, is_stray
from .survey import Occupied, lineage

__all__ = ["Directory"]

_SLICE = 200
"""Elections or keys that are dealt with at a time, about a millisecond's work."""
_REMEMBERED = 10_000
"""Forgotten elections that are known to have been vacant since the last gap."""


class Directory:
    """The elections under one prefix at one revision.

    Attributes:
        revision: the newest revision taken into account; 0 before the first input.
        elections: name → state, for every election seen so far, vacant ones included until they are forgotten. Names
            are relative to the prefix's last slash: where the prefix ends with one, ``client.election(name,
            prefix=prefix)`` is the same election. The name is empty for candidates directly below the prefix.
        occupied: where keys may stand that are in no line.
        strays: what stands where nobody campaigns and would block whoever did.
    """

    # The mutable state: the elections by path and by name, which of them have changed since somebody asked, whether
    # it has begun, and whether anything was ever missed: terms of elections never seen may have been among it, so that
    # each of them has a gap before its beginning, but for those that were forgotten and known to be vacant since then.

    def __init__(self, prefix: str, snapshot: Snapshot | None = None, *, base: bytes | None = None) -> None:
        """
        Args:
            prefix: what all keys begin with.
            snapshot: where to begin; without one, `load` does.
            base: what names are relative to; by default the prefix up to its last slash.
        """
        self._base = monitor_base(prefix) if base is None else base
        self._states: dict[bytes, ElectionState] = {}
        self._named: dict[str, ElectionState] = {}
        self._changes = Changes()
        self._has_begun = self._is_loading = self._has_missed = False
        self._known_vacant: dict[bytes, None] = {}
        self.occupied = Occupied()
        self.strays = Strays(self._base)
        self.elections: Mapping[str, ElectionState] = MappingProxyType(self._named)
        self.revision = 0
        if snapshot is not None:
            finish(self.load(snapshot))

    def load(self, snapshot: Snapshot) -> Loading:
        """Take in a read of every line, in slices: what is found at first is the starting point, not a transition.

        Later it is starting over, and what may have been missed is reported with ``gap=True``.
        """
        if self._has_begun and snapshot.revision <= self.revision:
            return []
        self.revision, self._is_loading = snapshot.revision, True
        lines, strays = yield from self._lines(snapshot.candidates)
        transitions = yield from (self._start_over if self._has_begun else self._begin)(lines, snapshot)
        self._changes.note(*self.strays.start_over(strays, snapshot))
        self._has_begun, self._is_loading = True, False
        return transitions

    def reset(self, snapshot: Snapshot) -> list[Transition]:
        """`load` at once."""
        return finish(self.load(snapshot))

    def _lines(
        self, candidates: Iterable[Candidate]
    ) -> Generator[None, None, tuple[dict[bytes, list[Candidate]], list[Candidate]]]:
        """The line of each path, and the strays that stand in none."""
        lines: dict[bytes, list[Candidate]] = {}
        strays: list[Candidate] = []
        for number, candidate in enumerate(candidates):
            if b"/" in candidate.key and is_candidate(candidate):
                lines[parent_of(candidate.key)] = []
            if not number % _SLICE:
                yield
        for number, candidate in enumerate(candidates):
            parent = parent_of(candidate.key)
            if b"/" not in candidate.key:
                continue
            if parent not in lines and parent not in self._states:
                self.occupied.add(parent)
            is_loose = True
            for path in lineage(parent):
                if path in lines:
                    lines[path].append(candidate)
                elif path in self._states:
                    lines[path] = [candidate]
                else:
                    continue
                is_loose = False
            if is_loose and is_stray(candidate):
                strays.append(candidate)
            if not number % _SLICE:
                yield
        return lines, strays

    def _begin(self, lines: Mapping[bytes, list[Candidate]], snapshot: Snapshot) -> Loading:
        for number, (path, line) in enumerate(lines.items()):
            self._open(path, ElectionState(election_name(path, self._base), snapshot._replace(candidates=tuple(line))))
            if not number % _SLICE:
                yield
        return []

    def _start_over(self, lines: Mapping[bytes, list[Candidate]], snapshot: Snapshot) -> Loading:
        self._miss()
        transitions: list[Transition] = []
        for path in lines.keys() - self._states.keys():
            self._open(path, ElectionState(election_name(path, self._base)))
        for number, (path, state) in enumerate(tuple(self._states.items())):
            self._changes.note(state.name)
            transitions += state.reset(snapshot._replace(candidates=tuple(lines.get(path, ()))))
            if not number % _SLICE:
                yield
        return transitions

    def unread(self, revision: Revision) -> list[bytes]:
        """The paths that become elections with this revision and may hold other keys already."""
        if revision.revision <= self.revision:
            return []
        paths: set[bytes] = set()
        for event in revision.events:
            if type(event) is not KeyPut or b"/" not in event.key:
                continue
            # Nearly every event is of an election that is known, so that is asked first.
            path = parent_of(event.key)
            if path not in self._states and path in self.occupied and is_candidate(event.candidate):
                paths.add(path)
        return list(paths)

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
            if b"/" not in event.key:
                continue
            parent = parent_of(event.key)
            if type(event) is KeyPut and parent not in self._states and parent not in opened:
                if is_candidate(event.candidate):
                    opened.append(parent)
                else:
                    self.occupied.add(parent)
            over = self._elections_over(parent)
            for state in over:
                touched.setdefault(state, []).append(event)
            if not over:
                self._changes.note(*self.strays.take_in(event, revision.revision, revision.observed_at))
        transitions: list[Transition] = []
        for state, events in touched.items():
            self._changes.note(state.name)
            transitions += state.absorb(revision.revision, events, revision.observed_at)
        for path in opened:
            transitions += self._recognise(path, revision)
        return transitions

    def rewind(self) -> None:
        """etcd was restored or wiped: its revisions count anew, and the next `load` takes whatever it brings."""
        self.revision = 0
        for state in self._states.values():
            state.rewind()

    def audit(self, snapshot: Snapshot, roots: Collection[bytes] | None = None) -> list[Transition]:
        """Compare with a read whose events have all been applied; an event that got lost is made up for with a gap.

        Elections that were touched since the read are newer than it and left alone.

        Args:
            snapshot: what was read.
            roots: the paths that were read, such as `Check.suspects`; all by default.
        """
        found = {each.key: each for each in snapshot.candidates if b"/" in each.key}
        new = {parent_of(key) for key, each in found.items() if is_candidate(each)}
        in_line = (each for each in found.values() if self.root_of(each, new) is not None)
        lost: list[KeyEvent] = [KeyPut(each) for each in in_line if self.find(each.key) != each]
        compared = self._states if roots is None else roots
        states = [state for path in compared if (state := self._states.get(path)) is not None]
        lost += [KeyDeleted(key) for key in {each.key for state in states for each in state} - found.keys()]
        lost = [event for event in lost if self._is_older(event, snapshot.revision)]
        if lost:
            self._mark_doubts(lost, snapshot.revision)
        return self._absorb(Revision(snapshot.revision, tuple(lost), snapshot.observed_at))

    def _mark_doubts(self, lost: Iterable[KeyEvent], revision: int) -> None:
        self._miss()
        touched = {state for event in lost for state in self._elections_over(parent_of(event.key))}
        # Whoever leads still, with the same value, has led throughout. A vacancy looks the same after any number of
        # terms, so where some events were lost those of a whole term may have been.
        touched.update(state for state in self._states.values() if state.leader is None and state.revision <= revision)
        for state in touched:
            state.mark_gap()

    def _is_older(self, event: KeyEvent, revision: int) -> bool:
        over = self._elections_over(parent_of(event.key))
        return all(state.revision <= revision for state in over)

    def _miss(self) -> None:
        self._has_missed = True
        self._known_vacant.clear()

    def forget(self, name: str) -> bool:
        """Drop a vacant election, which then counts as changed; False while everything is read afresh.

        Where it comes back it is known to have been vacant, unless something was missed meanwhile.
        """
        state = self._named.get(name)
        if self._is_loading:
            return False
        if state is None or state.leader is not None:
            return True
        path = next(each for each in self._paths_of(name) if self._states.get(each) is state)
        del self._named[name], self._states[path]
        self._changes.note(state.name)
        if self._has_missed and not state.has_gap:
            self._known_vacant[path] = None
            if len(self._known_vacant) > _REMEMBERED:
                del self._known_vacant[next(iter(self._known_vacant))]
        return True

    def take_changed(self) -> set[str]:
        """The elections that have changed, in their queue or otherwise, since this was last asked; all at first."""
        return self._changes.take(self._named, self.strays.elections)

    def find(self, key: bytes) -> Candidate | None:
        """The key, if it is known to stand in a line."""
        over = self._elections_over(parent_of(key))
        return over[0].get(key) if over else None

    def root_of(self, key: Candidate, new: Container[bytes] = ()) -> bytes | None:
        """The widest line that a key stands in, as its path, or the one that it makes; ``None`` for others.

        ``new``: paths to be taken for elections as well.
        """
        parent = parent_of(key.key)
        known = [path for path in lineage(parent) if path in self._states or path in new]
        if b"/" in key.key and (known or is_candidate(key)):
            return known[-1] if known else parent
        return None

    @property
    def lines(self) -> Mapping[bytes, ElectionState]:
        """Every election by its path, always current. Read-only."""
        return MappingProxyType(self._states)

    def _elections_over(self, parent: bytes) -> list[ElectionState]:
        """The states of all elections that a key directly below ``parent`` competes in, the nearest first."""
        return [self._states[path] for path in lineage(parent) if path in self._states]

    def _recognise(self, path: bytes, revision: Revision) -> list[Transition]:
        state = ElectionState(election_name(path, self._base))
        if self._has_missed and path not in self._known_vacant:
            state.mark_gap()
        self._open(path, state)
        root = path + b"/"
        everybody = [event for event in revision.events if event.key.startswith(root)]
        return state.absorb(revision.revision, everybody, revision.observed_at)

    def _open(self, path: bytes, state: ElectionState) -> None:
        self._states[path] = self._named[state.name] = state
        self._known_vacant.pop(path, None)
        self._changes.note(*self.strays.leave(path))
        self._changes.note(state.name)
        if path:
            self.occupied.add(parent_of(path))

    def _paths_of(self, name: str) -> tuple[bytes, ...]:
        raw = text_to_name(name)
        return self._base + raw, self._base, raw, self._base[:-1]
