"""Whether what is known of lines is what stands in etcd, by keys and revisions alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .directory import Directory
from .model import Candidate
from .names import parent_of

__all__ = ["Check"]

_SLICE = 200


class Check:
    """Compares a directory with all keys of its range, which are shown without their values.

    Events may be under way meanwhile, so a difference is a suspicion only, and worth a reading of the line.

    Attributes:
        roots: the paths of the lines that differ.
    """

    # The mutable state: the attribute, and the known keys that were shown.

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._found: set[bytes] = set()
        self.roots: set[bytes] = set()

    def show(self, keys: Iterable[Candidate]) -> None:
        """Some keys of the range, each once."""
        for key in keys:
            root = self._directory.root_of(key)
            if root is None:
                self._directory.occupied.add(parent_of(key.key))
                continue
            known = self._directory.find(key.key)
            if known is None or known._replace(value=b"") != key._replace(value=b""):
                self.roots.add(root)
            else:
                self._found.add(known.key)

    def suspects(self, revision: int) -> Iterator[None]:
        """Find the lines of which keys were not shown, in slices.

        Args:
            revision: at which all keys were read.
        """
        for number, (path, state) in enumerate(tuple(self._directory.lines.items())):
            if any(each.key not in self._found and each.mod_revision <= revision for each in state):
                self.roots.add(path)
            if not number % _SLICE:
                yield
