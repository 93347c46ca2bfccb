"""Keys left in the line of an election in which nobody campaigns. Pure.

A key that is named as a candidate's is and has no lease is what remains where somebody wrote a leader's value by hand:
``etcdctl put`` without ``--lease`` takes a key off its lease for good. Whoever campaigns there waits behind it forever,
so it is worth knowing before. A name alone does not tell such a key from other data, so no value is kept, and only few
keys are: a path with many of them is somebody's store and no election.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from .inputs import LineImage
from .model import Candidate, KeyDeleted, KeyEvent, KeyPut, Snapshot
from .names import election_name, parent_of
from .state import ElectionState

__all__ = ["MOST_KEYS", "MOST_PATHS", "Strays", "is_stray"]

MOST_PATHS = 1_000
"""Paths that are kept, those with too many keys included."""
MOST_KEYS = 16
"""Strays below one path; with one more it is no election."""

# Lease ids have the number of a member in their upper 16 bits; Node's client writes them in decimal.
_LEASE = re.compile(rb"[0-9a-f]{13,16}|[0-9]{17,19}")


def is_stray(key: Candidate) -> bool:
    """Whether a key is named after a lease and has none."""
    return key.lease_id == 0 and b"/" in key.key and _LEASE.fullmatch(key.key.rpartition(b"/")[2]) is not None


class Strays:
    """The elections that have strays and no candidate, by name.

    Attributes:
        elections: name → their line, the oldest first, without values. Read-only.
    """

    # The mutable state: the lines by path, None where there are too many keys; and by name those that are not.

    def __init__(self, base: bytes) -> None:
        """``base``: what names are relative to."""
        self._base = base
        self._lines: dict[bytes, ElectionState | None] = {}
        self._named: dict[str, ElectionState] = {}
        self.elections: Mapping[str, ElectionState] = MappingProxyType(self._named)

    @property
    def lines(self) -> dict[bytes, ElectionState]:
        """The same by path."""
        return {path: line for path, line in self._lines.items() if line is not None}

    def image(self) -> tuple[tuple[LineImage, ...], tuple[bytes, ...]]:
        """All that is known: the lines, and the paths with too many keys."""
        lines = tuple(LineImage(path, line.revision, False, line.queue) for path, line in self.lines.items())
        return lines, tuple(path for path, line in self._lines.items() if line is None)

    def restore(self, lines: Iterable[LineImage], crowded: Iterable[bytes], at: datetime) -> set[str]:
        """Know what an image says, and nothing else; gives the names of all lines before and after."""
        names = set(self._named)
        self._lines = dict.fromkeys(crowded)
        self._named.clear()
        for path, revision, _, candidates in lines:
            line = ElectionState(election_name(path, self._base), Snapshot(revision, candidates, at))
            self._lines[path] = self._named[line.name] = line
        return names | self._named.keys()

    def start_over(self, strays: Iterable[Candidate], snapshot: Snapshot) -> set[str]:
        """Know those that a read has found, and no others; gives the names of all lines before and after."""
        names = set(self._named)
        self._lines.clear()
        self._named.clear()
        for stray in strays:
            self._put(stray, snapshot.revision, snapshot.observed_at)
        return names | self._named.keys()

    def take_in(self, event: KeyEvent, revision: int, at: datetime) -> set[str]:
        """A change of a key that is in no line; gives the name of the line of strays that has changed, if one has."""
        if type(event) is KeyPut and is_stray(event.candidate):
            return self._put(event.candidate, revision, at)
        path = parent_of(event.key)
        line = self._lines.get(path)
        if line is None or event.key not in line:
            return set()
        line.absorb(revision, (KeyDeleted(event.key),), at)
        return {line.name} if len(line) else self._drop(path, line)

    def leave(self, path: bytes) -> set[str]:
        """The path has become an election, in whose line all keys below it stand; gives the names that are gone."""
        below = [each for each in self._lines if each == path or each.startswith(path + b"/")]
        return set[str]().union(*(self._drop(each, self._lines[each]) for each in below))

    def _put(self, stray: Candidate, revision: int, at: datetime) -> set[str]:
        path = parent_of(stray.key)
        if path not in self._lines:
            if len(self._lines) >= MOST_PATHS:
                return set()
            new = ElectionState(election_name(path, self._base), Snapshot(revision, (), at))
            self._lines[path] = self._named[new.name] = new
        line = self._lines[path]
        if line is None:
            return set()
        line.absorb(revision, (KeyPut(stray._replace(value=b"")),), at)
        if len(line) > MOST_KEYS:
            self._lines[path] = None
            del self._named[line.name]
        return {line.name}

    def _drop(self, path: bytes, line: ElectionState | None) -> set[str]:
        del self._lines[path]
        if line is None:
            return set()
        del self._named[line.name]
        return {line.name}
