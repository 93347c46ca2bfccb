"""Which elections are in trouble: known for all of them without a row of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from ..rows import SEVERITY, RowState

__all__ = ["Troubles"]

State = tuple[RowState, datetime]
"""How an election is, and since when it leads or is vacant."""


class Troubles:
    """Kept current by whoever knows which elections have changed."""

    # The mutable state: those that are in trouble, with their state.

    def __init__(self, state_of: Callable[[str], State | None]) -> None:
        """``state_of`` gives an election's state, or ``None`` where there is none."""
        self._state_of = state_of
        self._states: dict[str, State] = {}

    def renew(self, names: Iterable[str]) -> None:
        """These have changed, are new, or have gone."""
        for name in names:
            state = self._state_of(name)
            if state is None or state[0] == "leading":
                self._states.pop(name, None)
            else:
                self._states[name] = state

    def __contains__(self, name: str) -> bool:
        return name in self._states

    def __len__(self) -> int:
        return len(self._states)

    def worst_first(self) -> list[str]:
        """All that are in trouble: by severity, those that have been so for longest first."""
        return sorted(self._states, key=lambda name: (SEVERITY[self._states[name][0]], self._states[name][1], name))

    def counts(self) -> dict[RowState, tuple[int, datetime]]:
        """How many are in each state, and since when the oldest of them."""
        numbers = Counter(state for state, _ in self._states.values())
        oldest: dict[RowState, datetime] = {}
        for state, since in self._states.values():
            oldest[state] = min(since, oldest.get(state, since))
        return {state: (numbers[state], oldest[state]) for state in sorted(numbers, key=SEVERITY.__getitem__)}
