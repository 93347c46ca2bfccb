"""Who writes while others are measured: fills prefixes with elections, makes noise and changes at a steady rate."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from .protocol import Answer, serve
from .raw import RawEtcd

__all__ = ["Writer"]

_GROUP = 100
"""Elections that share a lease, and are written at one revision. A put costs etcd time for each key of its lease."""
_FILLS_IN_FLIGHT = 8
_WRITES_IN_FLIGHT = 64
_TICK = 0.01
_LEASE_TTL = 3600

Write = Callable[[int], Awaitable[None]]
"""Makes the n-th write."""


class Writer:
    """One client that writes on demand."""

    # The mutable state: the leases that each filled prefix stands on, and the noise under way.

    def __init__(self, etcd: RawEtcd) -> None:
        self._etcd = etcd
        self._leases: dict[str, list[int]] = {}
        self._noise: asyncio.Task[float] | None = None

    async def fill(self, asked: dict[str, Any]) -> Answer:
        """So many elections under a prefix, with so many candidates each; the first round of keys leads."""
        prefix, elections = asked["prefix"], asked["elections"]
        leases = self._leases.setdefault(prefix, [])
        for _ in range(asked.get("candidates", 1)):
            groups = [range(at, min(at + _GROUP, elections)) for at in range(0, elections, _GROUP)]
            for at in range(0, len(groups), _FILLS_IN_FLIGHT):
                some = groups[at : at + _FILLS_IN_FLIGHT]
                leases += await asyncio.gather(*(self._fill_group(prefix, group) for group in some))
        return {"revision": await self._etcd.revision()}

    async def _fill_group(self, prefix: str, group: range) -> int:
        lease_id = await self._etcd.grant(_LEASE_TTL)
        keys = [_key(prefix, number, lease_id) for number in group]
        await self._etcd.put_many(keys, b"host-a:8080", lease_id)
        return lease_id

    async def clear(self, asked: dict[str, Any]) -> Answer:
        """Remove what was filled there."""
        for lease_id in self._leases.pop(asked["prefix"], ()):
            await self._etcd.revoke(lease_id)
        return {}

    async def proclaim(self, asked: dict[str, Any]) -> Answer:
        """New values of leaders, one or ``batch`` at a revision, at a steady number of revisions a second."""
        prefix, batch, elections = asked["prefix"], asked["batch"], asked["elections"]

        async def write(n: int) -> None:
            value = b"host-%d:8080" % n
            if batch == 1:
                await self._etcd.put(*self._leader(prefix, n % elections, value))
                return
            first = n * batch % elections
            keys = [self._leader(prefix, number, value)[0] for number in range(first, first + batch)]
            await self._etcd.put_many(keys, value, self._leader(prefix, first, value)[2])

        await _paced(write, asked["rate"], asked["count"])
        return {"revision": await self._etcd.revision()}

    async def change(self, asked: dict[str, Any]) -> Answer:
        """Leaders proclaim, leave and join again in turn, each at a revision of its own."""
        prefix, elections = asked["prefix"], asked["elections"]

        async def write(n: int) -> None:
            key, value, lease_id = self._leader(prefix, (n // 3 * 7919) % elections, b"host-%d:8080" % n)
            if n % 3 == 1:
                await self._etcd.delete(key)
            else:
                await self._etcd.put(key, value, lease_id)

        count = int(asked["rate"] * asked["seconds"])
        taken = await _paced(write, asked["rate"], count)
        return {"rate": count / taken}

    def _leader(self, prefix: str, number: int, value: bytes) -> tuple[bytes, bytes, int]:
        """Key, value and lease of an election's first candidate."""
        lease_id = self._leases[prefix][number // _GROUP]
        return _key(prefix, number, lease_id), value, lease_id

    async def noise(self, asked: dict[str, Any]) -> Answer:
        """Write keys that belong to no election, until `quiet`."""
        rate = asked["rate"]
        self._noise = asyncio.create_task(_paced(lambda n: self._etcd.put(b"noise/%d" % (n % 100), b"x"), rate, 10**9))
        await asyncio.sleep(0.2)
        return {}

    async def quiet(self, asked: dict[str, Any]) -> Answer:
        if self._noise is not None:
            self._noise.cancel()
            await asyncio.wait({self._noise})
        return {}


async def _paced(write: Write, rate: float | None, count: int) -> float:
    """Make ``count`` writes at ``rate`` a second, or as fast as they are answered; returns the seconds it took."""
    began, made, running = time.monotonic(), 0, set[asyncio.Task[None]]()
    while made < count:
        due = count if rate is None else min(count, int((time.monotonic() - began) * rate) + 1)
        due = min(due, made + _WRITES_IN_FLIGHT - len(running))
        for n in range(made, due):
            task = asyncio.ensure_future(write(n))
            running.add(task)
            task.add_done_callback(running.discard)
        made = max(made, due)
        await asyncio.sleep(_TICK if rate is not None and rate < 1 / _TICK else 0.001)
    if running:
        await asyncio.gather(*running)
    return time.monotonic() - began


def _key(prefix: str, number: int, lease_id: int) -> bytes:
    return f"{prefix}job-{number:06d}/{lease_id:x}".encode()


async def main(endpoint: str) -> None:
    writer = Writer(RawEtcd(endpoint))
    names = ("fill", "clear", "proclaim", "change", "noise", "quiet")
    await serve({name: getattr(writer, name) for name in names})


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
