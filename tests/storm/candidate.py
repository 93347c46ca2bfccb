"""A candidate of the storm, as a process: campaigns, leads for a while, resigns, crashes or goes on, and again.

Said on stdin: ``hold`` (stay in line from now on), ``block SECONDS`` (block the event loop), ``finish`` (resign and
end). The end of stdin, or the parent's death, ends it at once.
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
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from election_core import Campaign, Client, ElectionError

from .ledger import Ledger, Pen
from .log import ELECTION, Log, now

SAMPLE_EVERY, BEAT_EVERY, WRITE_EVERY = 0.01, 0.25, 0.08
TIMEOUT = 2.0
REMEMBERED = 3


class Stand:
    """One campaign of the process and what is known of it."""

    # The mutable state: whether it was elected, has failed, or was ended by this program.

    def __init__(self, log: Log, number: int, campaign: Campaign) -> None:
        self._log, self.number, self.campaign = log, number, campaign
        self.pen: Pen | None = None
        self.was_elected = self.has_failed = self.is_over = False
        self.write("campaign", value=campaign.value.decode())
        campaign.on("elected", self._elected)
        campaign.on("error", self._error)

    def write(self, what: str, t: float | None = None, **fields: object) -> None:
        self._log.write(what, t, n=self.number, **fields)

    def sample(self) -> None:
        """Say whether it leads. The first time is from before it was asked, the second from after."""
        before = now()
        if self.campaign.is_leader:
            self.write("claim", before, t1=now(), token=self.campaign.fencing_token)

    def take_pen(self) -> None:
        """Keep the guard of this very moment, if it leads."""
        with suppress(ElectionError):
            guard = self.campaign.guard()
            if self.pen is None:
                self.pen = Pen(guard, self.campaign.fencing_token)

    def _elected(self) -> None:
        self.was_elected = True
        before, leads = now(), self.campaign.is_leader
        self.write("elected", before, t1=now(), leader=leads, token=self.campaign.fencing_token)

    def _error(self, error: ElectionError) -> None:
        self.has_failed = self.is_over = True
        before, leads = now(), self.campaign.is_leader
        self.write("error", before, leader=leads, error=type(error).__name__, message=str(error))


class Candidate:
    """The life of the process."""

    # The mutable state: what it was told, the last campaigns, and the number of the last one.

    def __init__(self, log: Log, who: str, run: int, seed: int, ttl: int, endpoints: list[str]) -> None:
        self._log, self._who, self._run, self._ttl, self._endpoints = log, who, run, ttl, endpoints
        self._random = random.Random(f"{seed}-{who}-{run}")
        self._stands: deque[Stand] = deque(maxlen=REMEMBERED)
        self._number = 0
        self._holds = self._finishes = False

    async def live(self) -> None:
        await self._listen()
        client = Client(self._endpoints, timeout=TIMEOUT)
        tasks = [asyncio.create_task(each) for each in (self._sample(), self._beat(), self._write())]
        for task in tasks:
            task.add_done_callback(_die_of_defects)
        self._log.write("ready")
        async with client:
            while not self._finishes:
                await self._stand(client)
                await asyncio.sleep(self._random.uniform(0, 0.3))
            began = now()
        self._log.write("bye", began=began)
        for task in tasks:
            task.cancel()

    async def _stand(self, client: Client) -> None:
        """One campaign from its beginning to its end."""
        self._number += 1
        value = f"{self._who}.{self._run}.{self._number}"
        campaign = client.election(ELECTION, ttl=self._ttl).campaign(value)
        stand = Stand(self._log, self._number, campaign)
        self._stands.append(stand)
        await self._while(lambda: not stand.was_elected and not stand.is_over, self._random.uniform(3, 25))
        while not stand.is_over and not self._finishes:
            await self._while(lambda: not stand.is_over, self._tenure())
            if self._holds or stand.is_over:
                continue
            if (what := self._random.random()) < 0.15 and stand.was_elected:
                self._crash(stand)
            elif what < 0.7:
                break
        if not stand.has_failed or self._random.random() < 0.3:
            await self._resign(stand)

    def _tenure(self) -> float:
        """Seconds to lead before it is thought over: often longer than a lease outlasts a fault."""
        rng = self._random
        return rng.uniform(0.2, 3) if rng.random() < 0.35 else rng.uniform(2 * self._ttl, 5 * self._ttl)

    async def _while(self, goes_on: Callable[[], bool], seconds: float) -> None:
        """Wait; while the storm is over, without end."""
        end = now() + seconds
        while goes_on() and not self._finishes and (self._holds or now() < end):  # noqa: ASYNC110 - two reasons
            await asyncio.sleep(0.02)

    async def _resign(self, stand: Stand) -> None:
        stand.is_over = True
        stand.write("resign")
        began, error = now(), None
        try:
            await stand.campaign.resign()
        except ElectionError as exc:
            error = f"{type(exc).__name__}: {exc}"
        stand.write("resigned", began=began, error=error)

    def _crash(self, stand: Stand) -> None:
        stand.campaign.abandon()
        stand.write("abandon", leader=stand.campaign.is_leader)
        os._exit(3)

    async def _sample(self) -> None:
        while True:
            for stand in self._stands:
                stand.sample()
            await asyncio.sleep(SAMPLE_EVERY)

    async def _beat(self) -> None:
        while True:
            self._log.write("beat")
            await asyncio.sleep(BEAT_EVERY)

    async def _write(self) -> None:
        """Write through the guards that it has, also through those of campaigns that lead no more."""
        ledger = Ledger(self._log, self._who, self._endpoints)
        while True:
            for stand in tuple(self._stands):
                stand.take_pen()
                if stand.pen and (not stand.is_over or self._random.random() < 0.2):
                    await ledger.write(stand.pen, stand.number, is_over=stand.is_over)
            await asyncio.sleep(WRITE_EVERY)

    async def _listen(self) -> None:
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
        self._listening = asyncio.create_task(self._obey(reader))

    async def _obey(self, reader: asyncio.StreamReader) -> None:
        while words := (await reader.readline()).split():
            self._holds = self._holds or words[0] in (b"hold", b"finish")
            self._finishes = self._finishes or words[0] == b"finish"
            if words[0] == b"block":
                time.sleep(float(words[1]))  # noqa: ASYNC251 - the fault itself
        os._exit(4)


def _die_of_defects(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (defect := task.exception()) is not None:
        traceback.print_exception(defect)
        os._exit(5)


def main() -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: also when it is stopped
    path, who, run, seed, ttl, *endpoints = sys.argv[1:]
    log = Log(path, who, run=int(run))
    asyncio.run(Candidate(log, who, int(run), int(seed), int(ttl), endpoints).live())


if __name__ == "__main__":
    main()
