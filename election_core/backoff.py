"""Pauses between tries: growing, capped, and random, so that many clients do not come back as one."""

from __future__ import annotations

__all__ = ["Backoff"]


class Backoff:
    """Pauses in seconds that double from ``first`` to ``last``, each shortened by up to a half at random."""

    def __init__(self, first: float = 0.05, last: float = 1.0) -> None:
        self._first, self._last = first, last
        self._next = first

    def pause(self) -> float:
        """The pause before the next try."""
        # Most programs that import this package never have to pause.
        from random import uniform

        pause, self._next = self._next, min(self._next * 2, self._last)
        return pause * uniform(0.5, 1.0)

    def reset(self) -> None:
        """A try was successful."""
        self._next = self._first
