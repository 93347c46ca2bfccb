"""Where candidates stand among other keys, learnt from keys alone. Pure.

A survey is shown all keys of a range once, in order and without their values. It keeps which ranges hold candidates, so
that their values can be read and nobody else's, and roughly where other keys are; of those themselves it keeps nothing.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from .model import Candidate
from .names import is_candidate, parent_of, range_end_of
from .strays import MOST_KEYS, MOST_PATHS, is_stray

__all__ = ["Occupied", "Survey", "ancestors", "lineage"]

_PATHS = 100_000


class Occupied:
    """The paths below which other keys may stand than those of a known election, in bounded memory.

    Where a path becomes an election, those keys stand in its line and have to be read. A path too many costs a read,
    one too few a stray that is not seen; so beyond ``limit`` paths every path is taken for occupied.
    """

    # The mutable state: the paths, with each also those above it; or None once there were too many.

    def __init__(self, limit: int = _PATHS) -> None:
        self._limit = limit
        self._paths: set[bytes] | None = set()

    def __contains__(self, path: bytes) -> bool:
        return self._paths is None or path in self._paths

    def add(self, path: bytes) -> None:
        """There is a key somewhere below the path."""
        paths = self._paths
        while paths is not None and path not in paths:
            paths.add(path)
            path = parent_of(path)
            if len(paths) > self._limit:
                self._paths = paths = None


class Survey:
    """What was found in a range so far.

    Attributes:
        seen: how many keys were shown.
        paths: the elections: the paths that have a candidate directly below them.
    """

    # The mutable state: the attributes, and the runs of candidates with nothing between them, each as the paths of
    # the first and the last one with the number of its last key; and strays, one more of a path than make an election.

    def __init__(self, occupied: Occupied, known: Container[bytes] = ()) -> None:
        """
        Args:
            occupied: is told of keys that are in no line.
            known: paths that are elections already, whatever stands there now.
        """
        self._occupied, self._known = occupied, known
        self._runs: list[tuple[bytes, bytes, int]] = []
        self._strays: dict[bytes, list[Candidate]] = {}
        self.seen = 0
        self.paths: set[bytes] = set()

    def show(self, keys: Iterable[Candidate]) -> None:
        """The next keys, in order; their values are not looked at."""
        for key in keys:
            self.seen += 1
            path = parent_of(key.key)
            if b"/" not in key.key:
                continue
            if is_candidate(key):
                self.paths.add(path)
            elif path not in self.paths:
                self._occupied.add(path)
                if not any(each in self._known for each in lineage(path)):
                    self._note_stray(path, key)
                    continue
            first, last, number = self._runs[-1] if self._runs else (path, path, 0)
            if path == last or path.startswith(last + b"/"):
                path = last
            elif number != self.seen - 1:
                first, number = path, 0
            if number:
                self._runs.pop()
            # A line may begin before the nested one whose keys were seen first: `a/-` stands before `a//x/1`.
            self._runs.append((min(first, path, key=_line_begin), path, self.seen))

    def _note_stray(self, path: bytes, key: Candidate) -> None:
        if is_stray(key) and (path in self._strays or len(self._strays) < MOST_PATHS):
            strays = self._strays.setdefault(path, [])
            if len(strays) <= MOST_KEYS:
                strays.append(key)

    def strays(self) -> list[Candidate]:
        """Keys of no line that would block whoever campaigned there."""
        return [
            key
            for path, strays in self._strays.items()
            if not any(each in self.paths for each in lineage(path))
            for key in strays
        ]

    def ranges(self) -> list[tuple[bytes, bytes]]:
        """The half-open ranges of keys that hold every line whole, and no key of no line; in order, not overlapping."""
        merged: list[tuple[bytes, bytes]] = []
        for first, last, _ in self._runs:
            start, end = first + b"/", range_end_of(last + b"/")
            while merged and start <= merged[-1][0]:
                end = max(end, merged.pop()[1])
            if merged and start <= merged[-1][1]:
                start, before = merged.pop()
                end = max(end, before)
            merged.append((start, end))
        return merged


def ancestors(path: bytes) -> list[bytes]:
    """Every path above ``path``, nearest first."""
    above = []
    while b"/" in path:
        path = path.rpartition(b"/")[0]
        above.append(path)
    return above


def lineage(path: bytes) -> list[bytes]:
    """``path`` and every path above it, nearest first."""
    return [path, *ancestors(path)]


def _line_begin(path: bytes) -> bytes:
    return path + b"/"
