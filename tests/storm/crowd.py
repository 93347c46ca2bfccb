"""Many campaigns on one client, as a process of the storm: each leads for a while and resigns, and so on, all at once.

Two such processes stand in the same elections, the first of them twice in each; their own records say in which.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
from collections.abc import Coroutine
from typing import Any

from election_core import Campaign, Client, ElectionError

from .log import CROWD, Log, now
from .player import Player, die_with_parent

__all__ = ["TIMES_TTL"]

TIMES_TTL = 2
"""A crowd's TTL, in those of the other candidates."""
SAMPLE_EVERY, SAY_EVERY, LOOK_EVERY = 0.025, 2.0, 0.25


class Place:
    """One campaign of many, and what is known of it."""

    # The mutable state: when it was last seen to lead, whether that was said, and whether it is over.

    def __init__(self, log: Log, number: int, election: str, campaign: Campaign) -> None:
        self._log, self._always = log, {"n": number, "election": election}
        self.campaign = campaign
        self._seen = self._said = 0.0
        self.was_elected = self.is_over = False
        campaign.on("elected", self._elected)
        campaign.on("error", self._error)

    def write(self, what: str, t: float | None = None, **fields: object) -> None:
        self._log.write(what, t, **self._always, **fields)

    def sample(self) -> None:
        """Say that it leads, when it begins to, from time to time, and for the last time when it does no more."""
        before = now()
        if self.campaign.is_leader:
            self._seen = before
            if before - self._said > SAY_EVERY:
                self.say()
        elif self._seen > self._said:
            self.say()

    def say(self) -> None:
        if self._seen > self._said:
            self._said = self._seen
            self.write("claim", self._seen, t1=now(), token=self.campaign.fencing_token)

    def _elected(self) -> None:
        self.was_elected = True
        before, leads = now(), self.campaign.is_leader
        self.write("elected", before, t1=now(), leader=leads, token=self.campaign.fencing_token)

    def _error(self, error: ElectionError) -> None:
        self.is_over = True
        before, leads = now(), self.campaign.is_leader
        self.write("error", before, leader=leads, error=type(error).__name__, message=str(error))


class Crowd(Player):
    """The life of the process."""

    # The mutable state: the campaigns that are not over, and the number of the last one.

    def __init__(self, log: Log, who: str, run: int, seed: int, ttl: int, endpoints: list[str]) -> None:
        super().__init__(log, who, run, seed, ttl * TIMES_TTL, endpoints)
        self._seed = seed
        self.size = self.elections = 0
        self._places: set[Place] = set()
        self._numbers = itertools.count(1)

    def beside(self) -> tuple[Coroutine[Any, Any, None], ...]:
        return (self._sample(),)

    async def play(self, client: Client) -> None:
        async with asyncio.TaskGroup() as group:
            for slot in range(self.size):
                group.create_task(self._stand_again(client, slot), name=f"slot {slot}")

    async def _stand_again(self, client: Client, slot: int) -> None:
        rng = random.Random(f"{self._seed}-{self.who}-{self.run}-{slot}")
        while not self.finishes:
            await self._stand(client, f"{CROWD}{slot % self.elections}", rng)
            await asyncio.sleep(rng.uniform(0, 0.5))

    async def _stand(self, client: Client, election: str, rng: random.Random) -> None:
        """One campaign from its beginning to its end."""
        number = next(self._numbers)
        campaign = client.election(election, ttl=self.ttl).campaign(f"{self.who}.{self.run}.{number}")
        place = Place(self.log, number, election, campaign)
        self._places.add(place)
        await self.wait_while(lambda: not place.was_elected and not place.is_over, rng.uniform(10, 60), LOOK_EVERY)
        await self.wait_while(lambda: not place.is_over, rng.uniform(1, 40), LOOK_EVERY)
        if not place.is_over:
            await self._resign(place)
        place.sample()
        self._places.discard(place)

    async def _resign(self, place: Place) -> None:
        place.sample()
        place.say()
        place.write("resign")
        began, error = now(), None
        try:
            await place.campaign.resign()
        except ElectionError as exc:
            error = f"{type(exc).__name__}: {exc}"
        place.write("resigned", began=began, error=error)

    async def _sample(self) -> None:
        while True:
            for place in tuple(self._places):
                place.sample()
            await asyncio.sleep(SAMPLE_EVERY)


def main() -> None:
    die_with_parent()
    path, who, run, seed, ttl, size, elections, *endpoints = sys.argv[1:]
    crowd = Crowd(Log(path, who, run=int(run)), who, int(run), int(seed), int(ttl), endpoints)
    crowd.size, crowd.elections = int(size), int(elections)
    asyncio.run(crowd.live())


if __name__ == "__main__":
    main()
