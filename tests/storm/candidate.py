"""A candidate of the storm, as a process: campaigns, leads for a while, resigns, crashes or goes on, and again."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from election_core import Campaign, Client, ElectionError

from .ledger import Ledger, Pen
from .log import ELECTION, Log, now
from .player import Player, die_with_parent

SAMPLE_EVERY, WRITE_EVERY = 0.01, 0.08
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


class Candidate(Player):
    """The life of the process."""

    # The mutable state: the last campaigns, and the number of the last one.

    def __init__(self, log: Log, who: str, run: int, seed: int, ttl: int, endpoints: list[str]) -> None:
        super().__init__(log, who, run, seed, ttl, endpoints)
        self._stands: deque[Stand] = deque(maxlen=REMEMBERED)
        self._number = 0

    def beside(self) -> tuple[Coroutine[Any, Any, None], ...]:
        return self._sample(), self._write()

    async def play(self, client: Client) -> None:
        while not self.finishes:
            await self._stand(client)
            await asyncio.sleep(self.random.uniform(0, 0.3))

    async def _stand(self, client: Client) -> None:
        """One campaign from its beginning to its end."""
        self._number += 1
        value = f"{self.who}.{self.run}.{self._number}"
        campaign = client.election(ELECTION, ttl=self.ttl).campaign(value)
        stand = Stand(self.log, self._number, campaign)
        self._stands.append(stand)
        await self.wait_while(lambda: not stand.was_elected and not stand.is_over, self.random.uniform(3, 25))
        while not stand.is_over and not self.finishes:
            await self.wait_while(lambda: not stand.is_over, self._tenure())
            if self.holds or stand.is_over:
                continue
            if (what := self.random.random()) < 0.15 and stand.was_elected:
                self._crash(stand)
            elif what < 0.7:
                break
        if not stand.has_failed or self.random.random() < 0.3:
            await self._resign(stand)

    def _tenure(self) -> float:
        """Seconds to lead before it is thought over: often longer than a lease outlasts a fault."""
        rng = self.random
        return rng.uniform(0.2, 3) if rng.random() < 0.35 else rng.uniform(2 * self.ttl, 5 * self.ttl)

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

    async def _write(self) -> None:
        """Write through the guards that it has, also through those of campaigns that lead no more."""
        ledger = Ledger(self.log, self.who, self.endpoints)
        while True:
            for stand in tuple(self._stands):
                stand.take_pen()
                if stand.pen and (not stand.is_over or self.random.random() < 0.2):
                    await ledger.write(stand.pen, stand.number, is_over=stand.is_over)
            await asyncio.sleep(WRITE_EVERY)


def main() -> None:
    die_with_parent()
    path, who, run, seed, ttl, *endpoints = sys.argv[1:]
    log = Log(path, who, run=int(run))
    asyncio.run(Candidate(log, who, int(run), int(seed), int(ttl), endpoints).live())


if __name__ == "__main__":
    main()
