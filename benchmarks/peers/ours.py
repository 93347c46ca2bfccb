"""election_core behind the line protocol: what its peers can do, too. Run with an endpoint as the argument."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from election_core import Campaign, Client

from .protocol import Answer, millis, serve
from .raw import RawEtcd

__all__ = ["Ours"]


class Ours:
    """Two clients with a connection each, for the two sides of a hand-over."""

    # The mutable state: the campaigns that outlive the request that began them.

    def __init__(self, a: Client, b: Client, etcd: RawEtcd) -> None:
        self._a, self._b, self._etcd = a, b, etcd
        self._held: list[Campaign] = []

    async def own_lease(self, asked: dict[str, Any]) -> Answer:
        """From nothing to leader, with a lease of its own. Leaving is not timed."""
        samples = []
        for name in asked["names"]:
            began = time.perf_counter()
            campaign = await self._a.election(name).campaign("value").wait()
            samples.append(millis(began))
            await campaign.resign()
        return {"samples": samples}

    async def session(self, asked: dict[str, Any]) -> Answer:
        samples = []
        async with self._a.session() as session:
            for name in asked["names"]:
                began = time.perf_counter()
                campaign = await self._a.election(name).campaign("value", session=session).wait()
                samples.append(millis(began))
                await campaign.resign()
        return {"samples": samples}

    async def handover(self, asked: dict[str, Any]) -> Answer:
        """From the leader's call of resign until the waiter is elected."""
        pairs = zip(asked["names"], asked["delays"], strict=True)
        return {"samples": [await self._hand_over(name, delay) for name, delay in pairs]}

    async def _hand_over(self, name: str, delay: float) -> float:
        leader = await self._a.election(name).campaign("leader").wait()
        waiter = self._b.election(name).campaign("waiter")
        won = asyncio.create_task(_elected_at(waiter))
        await self._in_line(name, 2)
        await asyncio.sleep(delay / 1000)
        began = time.perf_counter()
        await leader.resign()
        taken = (await won - began) * 1000
        await waiter.resign()
        return taken

    async def proclaim(self, asked: dict[str, Any]) -> Answer:
        """From the leader's call of proclaim until an observer on another connection has the value."""
        leader = await self._a.election(asked["name"]).campaign("first").wait()
        samples = []
        async with self._b.election(asked["name"]).observe() as observer:
            await asyncio.sleep(asked["settle"] / 1000)
            for value in asked["names"]:
                wanted = value.encode()
                began = time.perf_counter()
                done = asyncio.create_task(leader.proclaim(value))
                async for transition in observer:
                    if transition.after is not None and transition.after.value == wanted:
                        break
                samples.append(millis(began))
                await done
        await leader.resign()
        return {"samples": samples}

    async def crowd(self, asked: dict[str, Any]) -> Answer:
        """Many candidates of one client in one election. The storm lasts until all are in line; the drain from the
        first resignation until the last one has resigned, where each does once elected."""
        gate = asyncio.Event()
        election = self._b.election(asked["name"])
        began = time.perf_counter()
        campaigns = [election.campaign(f"candidate-{i}") for i in range(asked["size"])]
        leaving = [asyncio.create_task(_come_and_go(campaign, gate)) for campaign in campaigns]
        await self._in_line(asked["name"], asked["size"])
        storm = millis(began)
        await asyncio.sleep(asked["settle"] / 1000)
        began = time.perf_counter()
        gate.set()
        await asyncio.gather(*leaving)
        return {"storm": storm, "drain": millis(began)}

    async def lead(self, asked: dict[str, Any]) -> Answer:
        """Become the leader and stay it; the process is killed then."""
        self._held.append(await self._a.election(asked["name"], ttl=asked["ttl"]).campaign("leader").wait())
        return {}

    async def join(self, asked: dict[str, Any]) -> Answer:
        """Stand in line behind a leader of another process."""
        self._held.append(self._b.election(asked["name"], ttl=asked["ttl"]).campaign("waiter"))
        await self._in_line(asked["name"], 2)
        return {}

    async def elected(self, asked: dict[str, Any]) -> Answer:
        await self._held[-1].wait()
        return {}

    async def release(self, asked: dict[str, Any]) -> Answer:
        await self._held.pop().resign()
        return {}

    async def hold(self, asked: dict[str, Any]) -> Answer:
        """Lead many elections, all on one client, with a lease each or on one session."""
        names, ttl = asked["names"], asked["ttl"]
        session = await self._b.session(ttl).__aenter__() if asked["session"] else None
        for begin in range(0, len(names), 50):
            elections = [self._b.election(name, ttl=ttl) for name in names[begin : begin + 50]]
            some = [election.campaign("value", session=session) for election in elections]
            self._held += await asyncio.gather(*(campaign.wait() for campaign in some))
        return {}

    async def _in_line(self, name: str, count: int) -> None:
        await self._etcd.in_line(f"election/{name}/".encode(), count)


async def _elected_at(campaign: Campaign) -> float:
    await campaign.wait()
    return time.perf_counter()


async def _come_and_go(campaign: Campaign, gate: asyncio.Event) -> None:
    await campaign.wait()
    await gate.wait()
    await campaign.resign()


async def main(endpoint: str) -> None:
    async with Client(endpoint) as a, Client(endpoint) as b:
        ours = Ours(a, b, RawEtcd(endpoint))
        names = ("own_lease", "session", "handover", "proclaim", "crowd", "lead", "join", "elected", "release", "hold")
        await serve({name: getattr(ours, name) for name in names})


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
