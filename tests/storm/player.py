"""What the processes of a storm have in common: what they are told, their signs of life, and their end.

Said on stdin: ``hold`` (stay in line from now on), ``block SECONDS`` (block the event loop), ``finish`` (resign and
end). The end of stdin, or the parent's death, ends a process at once.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

from election_core import Client

from .log import Log, now

__all__ = ["TIMEOUT", "Player", "die_with_parent"]

BEAT_EVERY = 0.25
TIMEOUT = 2.0


class Player:
    """The life of a process."""

    # The mutable state: what it was told.

    def __init__(self, log: Log, who: str, run: int, seed: int, ttl: int, endpoints: list[str]) -> None:
        self.log, self.who, self.run, self.ttl, self.endpoints = log, who, run, ttl, endpoints
        self.random = random.Random(f"{seed}-{who}-{run}")
        self.holds = self.finishes = False

    async def live(self) -> None:
        await self._listen()
        client = Client(self.endpoints, timeout=TIMEOUT)
        tasks = [asyncio.create_task(each) for each in (self._beat(), *self.beside())]
        for task in tasks:
            task.add_done_callback(_die_of_defects)
        self.log.write("ready")
        async with client:
            await self.play(client)
            began = now()
        self.log.write("bye", began=began)
        for task in tasks:
            task.cancel()

    def beside(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """What it does all the time."""
        return ()

    async def play(self, client: Client) -> None:
        """What it does until it finishes."""
        raise NotImplementedError

    async def wait_while(self, goes_on: Callable[[], bool], seconds: float, every: float = 0.02) -> None:
        """Wait; while the storm is over, without end."""
        end = now() + seconds
        while goes_on() and not self.finishes and (self.holds or now() < end):  # noqa: ASYNC110 - two reasons
            await asyncio.sleep(every)

    async def _beat(self) -> None:
        while True:
            self.log.write("beat")
            await asyncio.sleep(BEAT_EVERY)

    async def _listen(self) -> None:
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
        self._listening = asyncio.create_task(self._obey(reader))

    async def _obey(self, reader: asyncio.StreamReader) -> None:
        while words := (await reader.readline()).split():
            self.holds = self.holds or words[0] in (b"hold", b"finish")
            self.finishes = self.finishes or words[0] == b"finish"
            if words[0] == b"block":
                time.sleep(float(words[1]))  # noqa: ASYNC251 - the fault itself
        os._exit(4)


def die_with_parent() -> None:
    """Also when it is stopped."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _die_of_defects(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (defect := task.exception()) is not None:
        traceback.print_exception(defect)
        os._exit(5)
