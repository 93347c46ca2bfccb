"""The clock that deadlines are counted on: it runs through suspend and never jumps with the wall clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "SystemClock", "Timer", "sleep", "utc_now"]

_CLOCK_ID = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


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
        return time.clock_gettime(_CLOCK_ID)

    def call_at(self, moment: float, callback: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(moment - self.now(), callback)


async def sleep(clock: Clock, seconds: float) -> None:
    """Wait on ``clock``. Cancelling it is safe."""
    woken = asyncio.get_running_loop().create_future()
    timer = clock.call_at(clock.now() + seconds, lambda: woken.done() or woken.set_result(None))
    try:
        await woken
    finally:
        timer.cancel()


def utc_now() -> datetime:
    """The wall clock, for showing to people; nothing is decided by it."""
    return datetime.now(UTC)
