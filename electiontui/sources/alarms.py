"""The alerts of a live view: raised while it is watched, whatever is shown or paused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Self

from election_core import ElectionState, Transition, utc_now

from ..alerts import Alarm, AlarmPlan, Alert
from .view import ClusterView

__all__ = ["ViewAlarm"]

_WAITING = 1_000
"""Alerts that nobody has taken; of more the oldest are forgotten."""


class ViewAlarm:
    """Follows the rules for as long as it is entered; leaving waits for programs that still run."""

    # The mutable state: what is raised, kept by the alarm; what is new since it was taken; for which prefixes it began;
    # and whether the view was connected when it looked last.

    def __init__(
        self,
        view: ClusterView,
        plan: AlarmPlan,
        *,
        base: str | None = None,
        output: int | None = None,
        farewell: float | None = None,
    ) -> None:
        """
        Args:
            view: what sees the elections.
            plan: rules and programs.
            base: what the names that rules and programs get are relative to; ``None`` for what the view's are.
            output: the descriptor for what programs print, ``None`` for nowhere.
            farewell: seconds that leaving waits for programs; by default as long as each has.
        """
        self._view, self._plan, self._base = view, plan, base
        self._alarm = Alarm(plan, alert=self._add, complain=self._complain, output=output, farewell=farewell)
        self._prefixes = view.prefixes
        self._was_connected = False
        self._news: list[Alert] = []
        self._complaints: list[str] = []

    async def __aenter__(self) -> Self:
        await self._alarm.__aenter__()
        if self._plan:
            self._view.followers.add(self._take)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._alarm.__aexit__(*exc)

    def raised(self) -> tuple[int, Alert | None]:
        """How many alerts are raised and not over, and the oldest of them as it is now."""
        return self._alarm.engine.raised(_now())

    def tick(self) -> tuple[list[Alert], list[str]]:
        """What is new since the last call, and which programs failed; call it once per second."""
        if self._plan:
            self._look()
        news, self._news = self._news, []
        complaints, self._complaints = self._complaints, []
        return news, complaints

    def _look(self) -> None:
        view = self._view
        if view.prefixes != self._prefixes:
            # Names are told relative to the prefixes, so these are other elections.
            self._prefixes, self._was_connected = view.prefixes, False
            self._alarm.restart()
        view.take_news()
        connected = view.status().connected
        self._alarm.tick(_now(), connected=connected)
        if connected and not self._was_connected:
            self._alarm.begin(self._states(view.elections), _now(), self._is_watched)
        self._was_connected = connected

    def _take(self, transitions: Sequence[Transition], changed: Collection[str]) -> None:
        named = [each._replace(election=self._called(each.election)) for each in transitions]
        states = self._states({*changed, *(each.election for each in transitions)})
        self._alarm.take(named, map(self._called, changed), states, _now())

    def _called(self, name: str) -> str:
        return name if self._base is None else (self._view.base + name).removeprefix(self._base)

    def _is_watched(self, name: str) -> bool:
        path = (self._view.base if self._base is None else self._base) + name
        return any(f"{path}/".startswith(prefix) for prefix in self._view.prefixes)

    def _states(self, names: Iterable[str]) -> dict[str, ElectionState]:
        elections = self._view.elections
        return {self._called(name): elections[name] for name in names if name in elections}

    def _add(self, alert: Alert) -> None:
        self._news = [*self._news[1 - _WAITING :], alert]

    def _complain(self, sentence: str) -> None:
        self._complaints = [*self._complaints[-4:], sentence]


def _now() -> float:
    return utc_now().timestamp()
