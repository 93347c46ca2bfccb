"""A monitor's elections, read from any thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy

from ..core.state import ElectionState
from ..monitor import Monitor as AsyncMonitor
from .background import Background

__all__ = ["Elections"]


class Elections(Mapping[str, ElectionState]):
    """Looks into the monitor's mapping inside the loop, and hands out copies."""

    def __init__(self, background: Background, monitor: AsyncMonitor) -> None:
        self._background, self._monitor = background, monitor

    def __getitem__(self, name: str) -> ElectionState:
        return self._background.ask(lambda: deepcopy(self._monitor.elections[name]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._background.ask(lambda: list(self._monitor.elections)))

    def __len__(self) -> int:
        return self._background.ask(lambda: len(self._monitor.elections))

    def __contains__(self, name: object) -> bool:
        return self._background.ask(lambda: name in self._monitor.elections)

    def __repr__(self) -> str:
        return f"<{len(self)} elections>"
