"""The ids of the watches of one call: none is used twice, whoever chooses them."""

from __future__ import annotations

from enum import Enum, auto

__all__ = ["WatchIds"]

_BEFORE_FIRST = 1 << 32
"""No server that counts ids itself begins anywhere near, so its first answer tells who chooses."""


class _Chosen(Enum):
    BY_WHOM_IS_UNKNOWN = auto()
    BY_US = auto()
    BY_THE_SERVER = auto()


class WatchIds:
    """Chooses ids, and checks those in the answers to creations."""

    # The mutable state: who chooses, and the last ids that we chose and that the server gave.

    def __init__(self) -> None:
        self._chosen = _Chosen.BY_WHOM_IS_UNKNOWN
        self._last = _BEFORE_FIRST
        self._last_given = -1

    @property
    def are_unknown(self) -> bool:
        """Whether there was no answer yet that tells who chooses."""
        return self._chosen is _Chosen.BY_WHOM_IS_UNKNOWN

    @property
    def are_ours(self) -> bool:
        """Whether the server takes our ids: then it may be asked for many watches at once."""
        return self._chosen is _Chosen.BY_US

    @property
    def are_theirs(self) -> bool:
        """Whether the server has ids of its own: etcd's grpc-proxy does, and servers before 3.4."""
        return self._chosen is _Chosen.BY_THE_SERVER

    def choose(self) -> int:
        self._last += 1
        return self._last

    def fits(self, given: int, chosen: int) -> bool:
        """Whether the answer to a creation may carry the id ``given``, where ``chosen`` was asked for."""
        if self.are_unknown:
            self._chosen = _Chosen.BY_US if given == chosen else _Chosen.BY_THE_SERVER
        if self.are_ours:
            return given == chosen
        is_new, self._last_given = given > self._last_given, max(given, self._last_given)
        return is_new
