"""Which elections are in trouble: known for all of them without a row of each."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import datetime

from election_core import ElectionState, TermLog

from ..rows import SEVERITY, RowState, row_state
from .past_elections import PastElections

__all__ = ["Troubles"]

Trouble = tuple[RowState, datetime]
"""How an election is, and since when it is led or vacant."""
Count = tuple[int, datetime]
"""How many are in one state, and since when the oldest of them."""


class Troubles:
    """Kept current by whoever knows which elections have changed.

    Attributes:
        past: elections that are over, and in no trouble any more.
        version: another one whenever who is in which trouble, or over, has changed.
    """

    # The mutable state: those that are in trouble, how, and since when they are led or vacant; those that are over;
    # and the last count.

    def __init__(self) -> None:
        self._states: dict[str, Trouble] = {}
        self.past = PastElections()
        self.version = 0
        self._counted: tuple[int, Mapping[RowState, Count]] | None = None

    def renew(
        self,
        names: Iterable[str],
        elections: Mapping[str, ElectionState],
        logs: Mapping[str, TermLog],
        now: datetime,
        dying: Container[int] = (),
    ) -> list[str]:
        """These have changed, are new, or have gone; ``dying`` are leases that were not renewed in time.

        Returns those of them whose trouble time alone may end.
        """
        passing = []
        for name in names:
            state, log = elections.get(name), logs.get(name)
            was_over = name in self.past
            self.past.note(name, log)
            found: RowState = "leading"
            if state is not None and log is not None:
                found = row_state(state, log, now, dying=state.leader is not None and state.leader.lease_id in dying)
            is_over = name in self.past
            trouble = None if log is None or is_over or found == "leading" else (found, log.current.began_at)
            if trouble != self._states.get(name) or is_over != was_over:
                self.version += 1
            if trouble is None:
                self._states.pop(name, None)
                continue
            self._states[name] = trouble
            if found == "flapping":
                passing.append(name)
        return passing

    def sweep(self, now: datetime) -> list[str]:
        """Those that are over from now on; call it once per second."""
        over = self.past.sweep(now)
        for name in over:
            self._states.pop(name, None)
        self.version += len(over)
        return over

    def state(self, name: str) -> RowState:
        """How an election is."""
        return self._states[name][0] if name in self._states else "leading"

    def __contains__(self, name: str) -> bool:
        return name in self._states

    def __len__(self) -> int:
        return len(self._states)

    def worst_first(self) -> list[str]:
        """All that are in trouble: by severity, those that have been so for longest first."""
        ranks = sorted((SEVERITY[state], since, name) for name, (state, since) in self._states.items())
        return [name for _, _, name in ranks]

    def counts(self, names: Iterable[str] | None = None) -> Mapping[RowState, Count]:
        """How many of these, or of all, are in each state, and since when the oldest of them."""
        if names is not None:
            return _counted(self._states[name] for name in names if name in self)
        if self._counted is None or self._counted[0] != self.version:
            self._counted = self.version, _counted(self._states.values())
        return self._counted[1]


def _counted(troubles: Iterable[Trouble]) -> dict[RowState, Count]:
    found: dict[RowState, Count] = {}
    for state, since in troubles:
        number, oldest = found.get(state, (0, since))
        found[state] = number + 1, min(since, oldest)
    return {state: found[state] for state in sorted(found, key=SEVERITY.__getitem__)}
