"""What the pictures are of: real candidates of many elections, some of which come and go."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from election_core import Campaign, Client

__all__ = ["DRILLS", "GOES", "staged"]

STEADY = {
    "billing/invoices": 4,
    "billing/ledger": 3,
    "billing/refunds": 2,
    "cache/warmer-eu": 1,
    "cache/warmer-us": 1,
    "mail/bounces": 3,
    "mail/outbound": 5,
    "orders/allocator": 4,
    "orders/reaper": 2,
    "payments/gateway": 3,
    "payments/settlement": 3,
    "reports/nightly": 1,
    "search/indexer": 11,
    "search/ranker": 4,
    "sensors/collector": 6,
    "weltkarte/Kachel-Größe": 2,
}
"""How many candidates each election has that stays as it is."""
HOSTS = tuple(f"node-{number:02}" for number in range(1, 9))
GOES = "node-04"
VACATED = "reports/monthly"
DRILLS = ("drill/mailer", "drill/payments")
HOSTILE = b"[red]\x1b[31m\xff \xc2\xab" + b"so " * 40


@asynccontextmanager
async def staged(endpoints: Sequence[str], seconds: float) -> AsyncIterator[None]:
    """All candidates are there, and for so many seconds something happens; the drills go on until it is left."""
    random.seed(7)
    async with AsyncExitStack() as stack, Client(endpoints, timeout=30) as client, asyncio.TaskGroup() as tasks:
        hosts = {host: await stack.enter_async_context(Client(endpoints, timeout=30)) for host in HOSTS}
        await _populate(hosts)
        tasks.create_task(_vacate(client, seconds))
        tasks.create_task(_go_down(hosts[GOES], seconds))
        churning = [tasks.create_task(_churn(client, name)) for name in DRILLS]
        try:
            yield
        finally:
            for task in churning:
                task.cancel()


async def _populate(hosts: Mapping[str, Client]) -> None:
    """Candidates for every election but the drills, spread over the hosts."""
    names = list(hosts)
    for place, (name, candidates) in enumerate(STEADY.items()):
        ttl = random.choice([15, 30, 60])
        for number in range(candidates):
            host = names[(place * 3 + number) % len(names)]
            hosts[host].election(name, ttl=ttl).campaign(host)
            await asyncio.sleep(0.03)  # one after another, so that they stand in line by number
    hosts[names[0]].election("hostile[bold]\x1b[5m").campaign(HOSTILE)


async def _go_down(host: Client, seconds: float) -> None:
    """A host leaves in the middle of what is watched, with all that it leads."""
    await asyncio.sleep(seconds * 0.5)
    await host.close()


async def _vacate(client: Client, seconds: float) -> None:
    """One election whose only candidate leaves while it is watched."""
    async with client.election(VACATED).campaign("reports-01"):
        await asyncio.sleep(seconds * 0.6)


async def _churn(client: Client, name: str) -> None:
    """Leaders of a drill resign and come back, until cancelled; sometimes nobody waits meanwhile."""
    waiting = ["node-03", "node-07", "node-11"]
    serving: list[Campaign] = []
    while True:
        while waiting and (len(serving) < 2 or random.random() < 0.3):
            serving.append(client.election(name, ttl=30).campaign(waiting.pop(0)))
        await asyncio.sleep(random.uniform(1, 7))
        for _ in range(random.choice([1, 1, 2])):
            leaving = serving.pop(0)
            waiting.append(leaving.value.decode())
            await leaving.resign()
            if not serving:
                await asyncio.sleep(random.uniform(0.5, 3))
                break
