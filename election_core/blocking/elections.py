"""A monitor's elections, read from any thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy

from ..core.state import ElectionState
from .background import Background

__all__ = ["Elections"]


class Elections(Mapping[str, ElectionState]):
    """Looks into the monitor's mapping inside the loop, and hands out copies."""

    def __init__(self, background: Background, elections: Mapping[str, ElectionState]) -> None:
        self._background, self._elections = background, elections

    def __getitem__(self, name: str) -> ElectionState:
        return self._background.ask(lambda: copy(self._elections[name]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._background.ask(lambda: list(self._elections)))

    def __len__(self) -> int:
        return self._background.ask(lambda: len(self._elections))

    def __contains__(self, name: object) -> bool:
        return self._background.ask(lambda: name in self._elections)

    def __repr__(self) -> str:
        return f"<{len(self)} elections>"
