"""Which elections are in trouble: known for all of them without a row of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from election_core import ElectionState, TermLog

from ..rows import SEVERITY, RowState, row_state

__all__ = ["Troubles"]


class Troubles:
    """Kept current by whoever knows which elections have changed."""

    # The mutable state: those that are in trouble, how, and since when they lead or are vacant.

    def __init__(self) -> None:
        self._states: dict[str, tuple[RowState, datetime]] = {}

    def renew(
        self, names: Iterable[str], elections: Mapping[str, ElectionState], logs: Mapping[str, TermLog], now: datetime
    ) -> list[str]:
        """These have changed, are new, or have gone. Returns those of them whose trouble time alone may end."""
        passing = []
        for name in names:
            state, log = elections.get(name), logs.get(name)
            found: RowState = "leading" if state is None or log is None else row_state(state, log, now)
            if log is None or found == "leading":
                self._states.pop(name, None)
                continue
            self._states[name] = found, log.current.began_at
            if found == "flapping":
                passing.append(name)
        return passing

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
