"""Elections whose rows change with time alone, such as those that flap: they are renewed now and then."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Restless"]

_SHARES = 10
"""Seconds within which each of them is renewed."""


class Restless:
    """Gives a share of them each second, so that thousands are not renewed at once."""

    # The mutable state: the shares, and which of them is next.

    def __init__(self) -> None:
        self._shares: tuple[set[str], ...] = tuple(set() for _ in range(_SHARES))
        self._next = 0

    def add(self, names: Iterable[str]) -> None:
        """Renew these once more."""
        for name in names:
            self._shares[hash(name) % _SHARES].add(name)

    def take_share(self) -> set[str]:
        """What is to be renewed in this second; those that stay restless have to be added again."""
        self._next = (self._next + 1) % _SHARES
        share = set(self._shares[self._next])
        self._shares[self._next].clear()
        return share
