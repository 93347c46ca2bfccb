"""The rows of all elections, each made only when somebody looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ..rows import ElectionRow

__all__ = ["RowCache"]


class RowCache(Mapping[str, ElectionRow]):
    """Name → row. A row is made when it is first read after its election was marked as changed.

    Thousands of changes a second cost nothing here as long as nobody reads their rows, and neither do the rows
    of a hundred thousand elections of which forty are on the screen.
    """

    # The mutable state: every known name with its row, or with None while there is none that is current.

    def __init__(self, make: Callable[[str], ElectionRow]) -> None:
        self.version = 0
        """Another one whenever there are other names."""
        self._make = make
        self._rows: dict[str, ElectionRow | None] = {}

    def __getitem__(self, name: str) -> ElectionRow:
        row = self._rows[name]
        if row is None:
            row = self._rows[name] = self._make(name)
        return row

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def made(self) -> list[ElectionRow]:
        """The rows that were made and are current, without making any."""
        return [row for row in self._rows.values() if row is not None]

    def complete(self) -> list[ElectionRow]:
        """All rows, those made that are missing. From then on none is made until one is outdated."""
        self.make(self._rows)
        return self.made()

    def make(self, names: Iterable[str]) -> None:
        """Make those of these rows that are missing."""
        for name in names:
            if self._rows[name] is None:
                self._rows[name] = self._make(name)

    def outdate(self, names: Iterable[str]) -> None:
        """These elections are new or have changed."""
        before = len(self._rows)
        self._rows.update(dict.fromkeys(names))
        self.version += len(self._rows) - before

    def drop(self, names: Iterable[str]) -> None:
        """These elections are no more."""
        before = len(self._rows)
        for name in names:
            self._rows.pop(name, None)
        self.version += before - len(self._rows)
