"""Programs that are told what happens: never through a shell, so many at once, and each for so long."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import tempfile
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from election_core import Transition

from .plan import AlarmPlan, facts_of
from .rules import Alert

__all__ = ["AT_ONCE", "TIMEOUT", "WAITING", "Hooks"]

AT_ONCE = 4
"""Programs that run at a time …"""
WAITING = 100
"""… and events that may wait for one; later ones are left out, counted and told."""
TIMEOUT = 10.0
"""Seconds that each has."""
_TOLD_EVERY = 10.0
"""Seconds between two complaints about events that were left out."""
_log = logging.getLogger("electiontui.alerts")
# Without any handler Python would write to stderr, which is the dashboard's screen.
_log.addHandler(logging.NullHandler())


class Hooks:
    """Runs ``--on-change`` and ``--on-alert`` for as long as it is entered.

    Leaving waits for what has begun or waits its turn, and then kills.
    """

    # The mutable state: what waits, who works it off, and how much was left out since that was told last.

    def __init__(
        self,
        plan: AlarmPlan,
        tell: Callable[[str], None],
        *,
        output: int | None,
        timeout: float = TIMEOUT,
        farewell: float | None = None,
    ) -> None:
        """
        Args:
            plan: which programs.
            tell: is given a sentence for each failure.
            output: the descriptor that stdout and stderr of the programs go to; ``None`` for nowhere.
            timeout: seconds that each has.
            farewell: seconds that leaving waits for all of them; by default as long as each has.
        """
        self._plan, self._tell_user, self._timeout = plan, tell, timeout
        self._farewell = timeout if farewell is None else farewell
        self._output = asyncio.subprocess.DEVNULL if output is None else output
        self._queue: asyncio.Queue[Transition | Alert] = asyncio.Queue(WAITING)
        self._workers: list[asyncio.Task[None]] = []
        self._left_out = 0
        self._told_at = -_TOLD_EVERY

    async def __aenter__(self) -> Self:
        if self._plan.on_change or self._plan.on_alert:
            self._workers = [asyncio.create_task(self._work(), name=f"hook {number}") for number in range(AT_ONCE)]
        return self

    async def __aexit__(self, *exc: object) -> None:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._farewell if self._workers else None):
                    await self._queue.join()
        finally:
            for worker in self._workers:
                worker.cancel()
            await asyncio.gather(*self._workers, return_exceptions=True)
            self._left_out += self._queue.qsize()
            self._complain(at_any_rate=True)

    def tell(self, news: Transition | Alert) -> None:
        """Have the program run for it, once it is its turn."""
        if not (self._plan.on_alert if isinstance(news, Alert) else self._plan.on_change):
            return
        try:
            self._queue.put_nowait(news)
        except asyncio.QueueFull:
            self._left_out += 1

    async def _work(self) -> None:
        while True:
            news = await self._queue.get()
            try:
                self._complain()
                await self._run(news)
            finally:
                self._queue.task_done()

    async def _run(self, news: Transition | Alert) -> None:
        is_alert = isinstance(news, Alert)
        words = self._plan.on_alert if is_alert else self._plan.on_change
        option = "--on-alert" if is_alert else "--on-change"
        facts, document = facts_of(news)
        process = None
        try:
            # A file and no pipe: a program that does not read it holds nobody up.
            with tempfile.TemporaryFile() as about:
                about.write(json.dumps(document).encode() + b"\n")
                about.seek(0)
                process = await asyncio.create_subprocess_exec(
                    *words,
                    stdin=about,
                    stdout=self._output,
                    stderr=self._output,
                    env={**self._plan.environment, **facts},
                    start_new_session=True,
                )
            async with asyncio.timeout(self._timeout):
                code = await process.wait()
            if code:
                self._fail(f"{option} ended with {code}" if code > 0 else f"{option} was ended by signal {-code}")
        except TimeoutError:
            self._fail(f"{option} was killed: it was not over within {self._timeout:g} s")
        except asyncio.CancelledError:
            if process is not None:
                self._fail(f"{option} was killed: it was not over when this ended")
            raise
        except (OSError, ValueError) as exc:
            self._fail(f"{option} cannot be run: {getattr(exc, 'strerror', None) or exc}")
        finally:
            if process is not None and process.returncode is None:
                await _kill(process)

    def _complain(self, *, at_any_rate: bool = False) -> None:
        now = asyncio.get_running_loop().time()
        if self._left_out and (at_any_rate or now - self._told_at >= _TOLD_EVERY):
            self._told_at, count, self._left_out = now, self._left_out, 0
            self._fail(f"{count} events were left out: more came than the programs that are told can keep up with")

    def _fail(self, sentence: str) -> None:
        _log.warning("%s", sentence)
        self._tell_user(sentence)


async def _kill(process: Process) -> None:
    """It, and what it has started in its session; what is killed needs no time to end."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
