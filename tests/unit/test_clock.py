"""The clock of deadlines: through suspend, and whatever the wall clock does."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from election_core import clock
from election_core.clock import FAR, Alarm, SystemClock, sleep
from election_core.testing import ManualClock


def test_the_system_clock_runs_through_suspend(monkeypatch: pytest.MonkeyPatch) -> None:
    """H30: on a machine that has slept, which the others of its clocks do not show."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        pytest.skip("this system has no clock that does")
    slept = {time.CLOCK_BOOTTIME: 3600.0}
    monkeypatch.setattr(time, "clock_gettime", lambda which: 1000.0 + slept.get(which, 0.0))
    monkeypatch.setattr(clock, "_now", clock._clock_through_suspend())
    assert SystemClock().now() == 4600.0


def test_the_time_of_day_does_not_step_with_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sets the clock would paint terms that never were."""
    moment = 50.0
    monkeypatch.setattr(clock, "_began", (datetime(2026, 1, 1, 12, tzinfo=UTC), 40.0))
    monkeypatch.setattr(clock, "_now", lambda: moment)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert clock.utc_now() == datetime(2026, 1, 1, 12, 0, 10, tzinfo=UTC)
    moment += 3600
    assert clock.utc_now() == datetime(2026, 1, 1, 13, 0, 10, tzinfo=UTC)
    monkeypatch.undo()
    assert abs(clock.utc_now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_a_system_may_lack_the_clocks_of_unix() -> None:
    """Windows has neither the constants nor the call that takes them."""
    script = """
import asyncio, time
for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC", "clock_gettime"):
    vars(time).pop(name, None)
import election_core
from election_core.clock import SystemClock
before = time.monotonic()
assert before <= SystemClock().now() <= time.monotonic()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr


async def test_the_wall_clock_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    before = clock.now()
    for jump in (3600, -3600):
        monkeypatch.setattr(time, "time", lambda jump=jump: 1e9 + jump)
        assert 0 <= clock.now() - before < 60
        async with asyncio.timeout(5):
            await sleep(clock, 0.001)


async def test_a_sleep_takes_its_time_and_can_be_cut_short() -> None:
    clock = ManualClock()
    alarm = Alarm(clock)
    sleeping = asyncio.create_task(alarm.sleep_until(clock.now() + 10))
    await clock.elapse(9.9)
    assert not sleeping.done()
    await clock.elapse(0.2)
    assert sleeping.done()
    sleeping = asyncio.create_task(alarm.sleep_until(clock.now() + 10))
    await clock.elapse(1)
    alarm.ring()
    await clock.elapse(0)
    assert sleeping.done()


async def test_an_alarm_that_rang_before_makes_the_next_sleep_short_and_only_that() -> None:
    clock = ManualClock()
    alarm = Alarm(clock)
    alarm.ring()
    alarm.ring()
    await alarm.sleep_until(clock.now() + 10)
    sleeping = asyncio.create_task(alarm.sleep_until(clock.now() + 10))
    await clock.elapse(1)
    assert not sleeping.done()
    sleeping.cancel()


async def test_nothing_due_is_no_endless_sleep() -> None:
    clock = ManualClock()
    sleeping = asyncio.create_task(Alarm(clock).sleep_until(float("inf")))
    await clock.elapse(FAR + 1)
    assert sleeping.done()
