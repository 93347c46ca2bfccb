"""For how long elections have been vacant and quiet. Pure: the time comes with what is told."""

from __future__ import annotations

from .model import Transition

__all__ = ["Vacancies"]


class Vacancies:
    """The vacant elections, those that became so first in front."""

    # The mutable state: since when each is vacant. A dict keeps the order in which they became so.

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def note(self, transition: Transition, now: float) -> None:
        """Something happened in an election."""
        self._since.pop(transition.election, None)
        if transition.after is None:
            self._since[transition.election] = now

    def next(self) -> float | None:
        """Since when the oldest vacancy lasts; ``None`` where there is none."""
        return next(iter(self._since.values()), None)

    def older_than(self, moment: float, most: int) -> list[str]:
        """As many as ``most`` elections that are vacant since then or longer."""
        found: list[str] = []
        for name, since in self._since.items():
            if since > moment or len(found) == most:
                break
            found.append(name)
        return found

    def drop(self, name: str) -> None:
        """It is forgotten."""
        self._since.pop(name, None)
