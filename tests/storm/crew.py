"""The candidate processes, each with its own ways to the members; whoever ends is started again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from ..faults.proxy import Proxy
from ..servers import ROOT
from .log import Log
from .storm import Storm

__all__ = ["Crew", "Hand"]

_END_PATIENCE = 12.0


class Hand:
    """One candidate: its process, which changes, and its proxies, which stay."""

    # The mutable state: the process, how many there were, and whether one that ends is replaced.

    def __init__(self, log: Log, path: Path, number: int, proxies: list[Proxy], program: str, *arguments: int) -> None:
        self.name, self.proxies = f"c{number}", proxies
        self._log, self._path, self._program = log, path, f"{__package__}.{program}"
        self._arguments = tuple(map(str, arguments))
        self.process: Process | None = None
        self.run = 0
        self.downtime = 0.2
        self._ends = False

    async def keep_running(self) -> None:
        """Start it, and start it again whenever it ends, until it is told to finish."""
        with self._path.with_suffix(".stderr").open("ab") as stderr:
            while not self._ends:
                self.run += 1
                await self._start(stderr.fileno())
                assert self.process is not None
                try:
                    code = await self.process.wait()
                finally:
                    self.signal(signal.SIGKILL)
                self._log.write("ended", target=self.name, run=self.run, code=code)
                if not self._ends:
                    await asyncio.sleep(self.downtime)

    async def _start(self, stderr: int) -> None:
        endpoints = [proxy.endpoint for proxy in self.proxies]
        arguments = (str(self._path), self.name, str(self.run), *self._arguments, *endpoints)
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", self._program, *arguments),
            stdin=PIPE,
            stdout=DEVNULL,
            stderr=stderr,
            start_new_session=True,  # ctrl+c is for the storm
            env={**os.environ, "PYTHONPATH": str(ROOT), "GRPC_VERBOSITY": "NONE"},
        )
        self._log.write("started", target=self.name, run=self.run, pid=self.process.pid)

    def signal(self, number: int) -> None:
        if self.process is not None and self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)

    def tell(self, words: str) -> None:
        if self.process is not None and self.process.stdin is not None and self.process.returncode is None:
            with suppress(ConnectionError):
                self.process.stdin.write(words.encode() + b"\n")

    async def finish(self) -> bool:
        """Tell it to resign and to end; whether it did so in time."""
        self._ends = True
        self.tell("finish")
        if self.process is None:
            return False
        try:
            async with asyncio.timeout(_END_PATIENCE):
                return await self.process.wait() == 0
        except TimeoutError:
            return False


class Crew:
    """All candidates: ``async with Crew(...) as crew``. None of their processes outlives it."""

    def __init__(self, log: Log, path: Path, storm: Storm, endpoints: tuple[str, ...]) -> None:
        self._log, self._path, self._storm, self._endpoints = log, path, storm, endpoints
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self.hands: list[Hand] = []

    async def __aenter__(self) -> Crew:
        storm = self._storm
        programs: list[tuple[str, int, int]] = [("candidate", 0, 0)] * storm.candidates + storm.crowds
        for number, (program, *size) in enumerate(programs):
            proxies = [await self._stack.enter_async_context(Proxy(each)) for each in self._endpoints]
            arguments = (storm.seed, storm.ttl, *(size if program == "crowd" else ()))
            self.hands.append(Hand(self._log, self._path, number, proxies, program, *arguments))
        self._tasks = [asyncio.create_task(hand.keep_running(), name=hand.name) for hand in self.hands]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for task in self._tasks:
            task.cancel()
        for hand in self.hands:
            hand.signal(signal.SIGKILL)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for hand in self.hands:
            if hand.process is not None:
                await hand.process.wait()
        await self._stack.aclose()

    def heal(self) -> None:
        """Whatever was done to them ends."""
        for hand in self.hands:
            hand.signal(signal.SIGCONT)
            for proxy in hand.proxies:
                proxy.heal()

    def tell(self, words: str) -> None:
        for hand in self.hands:
            hand.tell(words)

    async def finish(self) -> list[str]:
        """Have all resign and end; those that did not."""
        done = await asyncio.gather(*(hand.finish() for hand in self.hands))
        return [hand.name for hand, ended in zip(self.hands, done, strict=True) if not ended]
