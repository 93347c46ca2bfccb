"""What the user has done, and how long it took until the watch showed what came of it."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from statistics import median
from typing import NamedTuple

from election_core import utc_now

__all__ = ["Deed", "Deeds"]

_KEPT = 200
_RUNS = 1_000
"""Times remembered of each kind."""


class Deed(NamedTuple):
    """One outcome."""

    at: datetime
    path: str
    """The election from the root of the key space."""
    text: str
    """Harmless."""


class Deeds:
    """The last 200, oldest first. They may be noted in any thread."""

    # The mutable state: the deeds, and the seconds that each kind of them took.

    def __init__(self) -> None:
        self._deeds: deque[Deed] = deque(maxlen=_KEPT)
        self._took: dict[str, deque[float]] = {}

    def note(self, path: str, text: str, kind: str = "", seconds: float | None = None) -> None:
        """This came of something; with ``seconds`` it counts among the runs of its kind."""
        self._deeds.append(Deed(utc_now(), path, text))
        if seconds is not None:
            self._took.setdefault(kind, deque(maxlen=_RUNS)).append(seconds)

    def newest_first(self) -> list[Deed]:
        return list(self._deeds)[::-1]

    def runs(self) -> str:
        """How often each kind was measured, with its median and its worst, or nothing."""
        told = []
        for kind, took in list(self._took.items()):
            seconds = list(took)
            told.append(f"{kind} {len(seconds)}×: median {median(seconds):.3f} s, worst {max(seconds):.3f} s")
        return " · ".join(told)
