"""What a monitor sees, given to the rules, and what comes of it to whoever is to be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Self

from election_core import ElectionState, Transition

from .engine import MOST, Engine
from .hooks import TIMEOUT, Hooks
from .plan import AlarmPlan
from .rules import Alert

__all__ = ["Alarm"]

_NEW = ("elected", "succeeded")


class Alarm:
    """The rules and the programs of one plan, for as long as it is entered.

    Attributes:
        engine: what decides.
    """

    def __init__(
        self,
        plan: AlarmPlan,
        *,
        alert: Callable[[Alert], None],
        complain: Callable[[str], None],
        output: int | None = None,
        timeout: float = TIMEOUT,
        farewell: float | None = None,
    ) -> None:
        """
        Args:
            plan: rules and programs.
            alert: is called with each alert.
            complain: is called with a sentence for each failure of a program.
            output: the descriptor for what programs print, ``None`` for nowhere.
            timeout: seconds that each program has.
            farewell: seconds that leaving waits for all of them; by default as long as each has.
        """
        self._plan, self._alert = plan, alert
        self.engine = Engine(plan.rules)
        self._complain, self._has_complained = complain, False
        self._hooks = Hooks(plan, complain, output=output, timeout=timeout, farewell=farewell)

    async def __aenter__(self) -> Self:
        await self._hooks.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._hooks.__aexit__(*exc)

    def restart(self) -> None:
        """Forget all elections: from now on they are others."""
        self.engine = Engine(self._plan.rules)

    def begin(self, elections: Mapping[str, ElectionState], now: float, is_watched: Callable[[str], bool]) -> None:
        """All elections at the start.

        Args:
            elections: those that are known.
            now: seconds since 1970, here and below.
            is_watched: whether an election would be among them if anybody campaigned in it.
        """
        unknown = {name for rule in self._plan.rules for name in rule.named if is_watched(name)}.difference(elections)
        for name in sorted(unknown):
            self._tell(self.engine.see(name, None, 0, now))
        self.take((), elections, elections, now)

    def take(
        self,
        transitions: Iterable[Transition],
        changed: Iterable[str],
        elections: Mapping[str, ElectionState],
        now: float,
        *,
        tell: bool = True,
    ) -> None:
        """What has happened since.

        Args:
            transitions: in order.
            changed: the names of all elections that look different now, or are gone.
            elections: how they are now.
            now: seconds since 1970.
            tell: whether the transitions are told to the program for changes; the rules see them in any case.
        """
        gone = []
        for transition in transitions:
            if tell:
                self._hooks.tell(transition)
            name, leader = transition.election, transition.after
            self._tell(
                self.engine.see(
                    name,
                    None if leader is None else leader.value,
                    len(elections.get(name, ())),
                    transition.observed_at.timestamp(),
                    is_new=transition.kind in _NEW,
                )
            )
        for name in changed:
            state = elections.get(name)
            if state is None:
                gone.append(name)
            else:
                leader = state.leader
                self._tell(self.engine.see(name, None if leader is None else leader.value, len(state), now))
        self._tell(self.engine.forget(gone, now))

    def tick(self, now: float, *, connected: bool) -> None:
        """Call it once per second."""
        if connected:
            self.engine.found(now)
        else:
            self.engine.lost(now)
        self._tell(self.engine.tick(now))
        if self.engine.left_out and not self._has_complained:
            self._has_complained = True
            self._complain(f"the rules hold for more elections than can be followed, {MOST:,}; the others are left out")

    def _tell(self, alerts: Iterable[Alert]) -> None:
        for alert in alerts:
            self._hooks.tell(alert)
            self._alert(alert)
