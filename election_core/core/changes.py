"""Which names have changed since somebody asked. Pure."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Changes"]


class Changes:
    """Collects names from the first time that they are taken: of who never asks nothing is kept."""

    # The mutable state: the names, or None until they are asked for.

    def __init__(self) -> None:
        self._names: set[str] | None = None

    def note(self, *names: str) -> None:
        """These have changed."""
        if self._names is not None:
            self._names.update(names)

    def take(self, *known: Iterable[str]) -> set[str]:
        """Those that have changed since this was last asked; at first all that are ``known``."""
        names = set[str]().union(*known) if self._names is None else self._names
        self._names = set()
        return names
