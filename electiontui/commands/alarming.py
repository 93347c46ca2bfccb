"""The alerts of a command that reads a monitor, told on stderr and to the programs that the options name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Self

from election_core import ElectionState, Monitor, Transition, utc_now

from ..alerts import Alarm
from .settings import Settings
from .streams import say

__all__ = ["Alarming"]

_STDERR = 2


class Alarming:
    """Follows the rules of the profile for as long as it is entered; leaving waits for programs that still run.

    A defect ends what goes on inside as well: whoever relies on alerts must not wait for none.
    """

    def __init__(
        self,
        settings: Settings,
        monitor: Monitor,
        called: Callable[[str], str | None],
        is_wanted: Callable[[str], bool],
        changed: Callable[[], set[str]],
    ) -> None:
        """
        Args:
            settings: rules and programs.
            monitor: what sees the elections.
            called: what an election of the monitor is called; ``None`` where nobody asked for it.
            is_wanted: whether somebody asked for an election that is called so.
            changed: takes the names of what has changed from the monitor; called once per second.
        """
        self._plan, self._monitor, self._called = settings.alarm, monitor, called
        self._is_wanted, self._changed = is_wanted, changed
        self._alarm = Alarm(self._plan, alert=lambda alert: say(f"alert: {alert.says()}"), complain=say, output=_STDERR)
        self._ticking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._alarm.__aenter__()
        if self._plan:
            self._alarm.begin(self._states(self._monitor.elections), _now(), self._is_wanted)
            self._ticking = asyncio.create_task(self._tick(), name="alerts")
            inside = asyncio.current_task()
            self._ticking.add_done_callback(lambda task: _defect(task) and inside and inside.cancel())
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.wait({self._ticking})
        await self._alarm.__aexit__(*exc)
        if self._ticking is not None and (defect := _defect(self._ticking)) is not None:
            if (inside := asyncio.current_task()) is not None:
                inside.uncancel()
            raise defect

    def take(self, transition: Transition, *, tell: bool = True) -> None:
        """The next transition; ``tell`` is whether the program for changes is to know of it."""
        if self._plan and (name := self._called(transition.election)) is not None:
            states = self._states([transition.election])
            self._alarm.take([transition._replace(election=name)], (), states, _now(), tell=tell)

    def note(self, changed: Iterable[str]) -> None:
        """These elections look different now, or are gone."""
        if self._plan:
            names = [name for each in changed if (name := self._called(each)) is not None]
            self._alarm.take((), names, self._states(changed), _now())

    def _states(self, names: Iterable[str]) -> dict[str, ElectionState]:
        known = self._monitor.elections
        return {name: known[each] for each in names if each in known and (name := self._called(each)) is not None}

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self.note(self._changed())
            self._alarm.tick(_now(), connected=self._monitor.connected)


def _defect(task: asyncio.Task[None]) -> BaseException | None:
    return None if task.cancelled() else task.exception()


def _now() -> float:
    return utc_now().timestamp()
