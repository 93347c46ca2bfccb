"""Which elections are shown: those in which somebody has campaigned, and those where a stray alone stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Protocol

from election_core import ElectionState, Oddity

__all__ = ["HasRead", "Shown"]


class HasRead(Protocol):
    """A monitor, or what makes the same of its inputs."""

    @property
    def elections(self) -> Mapping[str, ElectionState]: ...

    @property
    def strays(self) -> Mapping[str, ElectionState]: ...

    def oddities(self) -> list[Oddity]: ...


class Shown(Mapping[str, ElectionState]):
    """Name → state, always current; as cheap as the monitor's own mapping while there are no strays."""

    def __init__(self, monitor: HasRead) -> None:
        self._elections, self._strays = monitor.elections, monitor.strays

    def __getitem__(self, name: str) -> ElectionState:
        return self._elections[name] if name in self._elections else self._strays[name]

    def get(self, name: str, default: ElectionState | None = None) -> ElectionState | None:  # type: ignore[override]
        state = self._elections.get(name)
        return state if state is not None else self._strays.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self._elections or name in self._strays

    def __iter__(self) -> Iterator[str]:
        return chain(self._elections, self._strays)

    def __len__(self) -> int:
        return len(self._elections) + len(self._strays)
