"""Prefixes: what several of them share, and those to choose from where elections were found. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Found", "Prefixes", "base_of"]

_MOST = 500
"""Prefixes that are told apart; where there are more of them, longer ones count as part of what they begin with."""


class Found(NamedTuple):
    """A prefix, and what is below it."""

    prefix: str
    """It ends with a slash, or is empty: directly in the root there are elections."""
    elections: int
    candidates: int


class Prefixes:
    """Counts elections by the folder that they stand in.

    Attributes:
        elections: how many were found.
    """

    # The mutable state: elections and candidates by folder, and how many parts a folder may have to be told apart.

    def __init__(self) -> None:
        self.elections = 0
        self._folders: dict[tuple[str, ...], tuple[int, int]] = {}
        self._depth: int | None = None

    def add(self, path: str, candidates: int) -> None:
        """An election at this path from the root was found."""
        self.elections += 1
        self._count(tuple(path.split("/")[:-1])[: self._depth], 1, candidates)
        while len(self._folders) > _MOST and self._depth != 0:
            self._fold()

    def _count(self, folder: tuple[str, ...], elections: int, candidates: int) -> None:
        before = self._folders.get(folder, (0, 0))
        self._folders[folder] = before[0] + elections, before[1] + candidates

    def _fold(self) -> None:
        """Tell the longest apart no more."""
        self._depth = max(len(folder) for folder in self._folders) - 1
        folders, self._folders = self._folders, {}
        for folder, (elections, candidates) in folders.items():
            self._count(folder[: self._depth], elections, candidates)

    def found(self) -> list[Found]:
        """The prefixes, in order."""
        folders = self._folders.items()
        return sorted(Found("".join(f"{part}/" for part in folder), *counts) for folder, counts in folders)


def base_of(prefixes: Iterable[str]) -> str:
    """What prefixes have in common up to a slash; the names of elections below them are relative to it."""
    first, last = min(prefixes := tuple(prefixes)), max(prefixes)
    same = next((at for at, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    return first[: first.rfind("/", 0, same) + 1]
