"""The clock that deadlines are counted on: it runs through suspend and never jumps with the wall clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

__all__ = ["FAR", "Alarm", "Clock", "SystemClock", "Timer", "sleep", "utc_now"]

FAR = 3600.0
"""Seconds to sleep where nothing is due."""


def _clock_through_suspend() -> Callable[[], float]:
    # On macOS CLOCK_MONOTONIC counts while the machine sleeps and time.monotonic does not; Windows has the latter only.
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):
        if hasattr(time, name):
            return partial(time.clock_gettime, getattr(time, name))
    return time.monotonic


_now = _clock_through_suspend()


class Timer(Protocol):
    """A callback that is due at some moment."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """Moments are seconds on one clock; only differences matter."""

    def now(self) -> float: ...

    def call_at(self, moment: float, callback: Callable[[], None]) -> Timer:
        """Call back at or soon after ``moment``; rarely somewhat before it, so ask the time again."""


class SystemClock:
    """Seconds on a clock that also counts while the machine sleeps, where the system has one."""

    def now(self) -> float:
        return _now()

    def call_at(self, moment: float, callback: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(moment - self.now(), callback)


class Alarm:
    """A sleep of one task that others can cut short."""

    # The mutable state: the future that the sleeper waits for, and whether it rang while nobody slept.

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sleeper: asyncio.Future[None] | None = None
        self._rung = False

    def ring(self) -> None:
        """Wake the sleeper, or let its next sleep take no time."""
        self._rung = True
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(None)

    async def sleep_until(self, moment: float) -> None:
        """Sleep until ``moment`` or until rung. Cancelling it is safe."""
        if not self._rung:
            self._sleeper = asyncio.get_running_loop().create_future()
            timer = self._clock.call_at(min(moment, self._clock.now() + FAR), self.ring)
            try:
                await self._sleeper
            finally:
                timer.cancel()
                self._sleeper = None
        self._rung = False


async def sleep(clock: Clock, seconds: float) -> None:
    """Wait on ``clock``. Cancelling it is safe."""
    await Alarm(clock).sleep_until(clock.now() + seconds)


_began = datetime.now(UTC), _now()


def utc_now() -> datetime:
    """The time of day (aware, UTC) by the wall clock as it was when the program began.

    It does not step with the wall clock, so that moments are in order and differences are true: it is for showing to
    people how long something took and when it was. Nothing is decided by it.
    """
    at, moment = _began
    return at + timedelta(seconds=_now() - moment)
