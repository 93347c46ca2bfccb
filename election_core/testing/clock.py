"""A clock that stands still until it is told to go on."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from contextlib import suppress
from itertools import count

__all__ = ["ManualClock"]


class _ManualTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class ManualClock:
    """`election_core.clock.Clock` for tests: a minute takes no time and nothing happens between two calls.

    It begins at 0. Timers fire inside `advance` and `elapse`; one that is due when it is set fires in the next
    round of the event loop.
    """

    # The mutable state: the moment, the timers ahead as a heap, and whether they are being fired.

    def __init__(self) -> None:
        self._now = 0.0
        self._timers: list[tuple[float, int, _ManualTimer]] = []
        self._order = count()
        self._is_firing = False

    def now(self) -> float:
        """Seconds that have been let pass; inside a timer's callback, the moment for which it was set."""
        return self._now

    def call_at(self, moment: float, callback: Callable[[], None]) -> _ManualTimer:
        """Call back once the clock has come to ``moment``. Timers of one moment fire in the order they were set."""
        timer = _ManualTimer(callback)
        heapq.heappush(self._timers, (moment, next(self._order), timer))
        if moment <= self._now and not self._is_firing:
            with suppress(RuntimeError):  # where no loop runs, it fires when the clock goes on
                asyncio.get_running_loop().call_soon(self._fire_until, self._now)
        return timer

    def advance(self, seconds: float) -> None:
        """Let time pass at one go and fire the timers that it passes, also those that are set on the way.

        No task runs meanwhile: to a program on this clock it is a blocked event loop. See `elapse`.
        """
        if seconds < 0:
            raise ValueError(f"Time does not go back; got {seconds!r} seconds.")
        end = self._now + seconds
        self._fire_until(end)
        self._now = max(self._now, end)

    async def elapse(self, seconds: float, *, rounds: int = 50) -> None:
        """Let time pass from timer to timer, and let tasks react to each of them.

        Args:
            seconds: how long.
            rounds: of the event loop after each moment; a call of a `MemoryStore` takes two, and a task
                that needs more of them reacts late.
        """
        end = self._now + seconds
        await _run_tasks(rounds)
        while (moment := self._next_moment()) is not None and moment <= end:
            self.advance(max(0.0, moment - self._now))
            await _run_tasks(rounds)
        self.advance(max(0.0, end - self._now))
        await _run_tasks(rounds)

    def _fire_until(self, end: float) -> None:
        if self._is_firing:
            raise RuntimeError("A timer's callback cannot advance the clock that called it.")
        self._is_firing = True
        try:
            while (moment := self._next_moment()) is not None and moment <= end:
                timer = heapq.heappop(self._timers)[2]
                self._now = max(self._now, moment)
                callback, timer.callback = timer.callback, None
                assert callback is not None
                callback()
        finally:
            self._is_firing = False

    def _next_moment(self) -> float | None:
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None


async def _run_tasks(rounds: int) -> None:
    for _ in range(rounds):
        await asyncio.sleep(0)
