"""The calls that no election can do without, on grpc.aio's stubs alone: the floor under any Python client.

It elects nobody: no deadline, no retry, no clean-up after a failure, no own key watched, no check of what came. Run
with an endpoint as the argument.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any, NamedTuple

from .protocol import Answer, millis, serve
from .raw import RawEtcd

__all__ = ["Bare"]

_TTL = 60


class Joined(NamedTuple):
    """A key in line."""

    key: bytes
    lease_id: int
    created: int


class Bare:
    """Two connections, for the two sides of a hand-over."""

    def __init__(self, a: RawEtcd, b: RawEtcd) -> None:
        self._a, self._b = a, b

    async def own_lease(self, asked: dict[str, Any]) -> Answer:
        """A grant and a transaction."""
        samples = []
        for name in asked["names"]:
            began = time.perf_counter()
            joined = await _join(self._a, name)
            samples.append(millis(began))
            await self._a.revoke(joined.lease_id)
        return {"samples": samples}

    async def session(self, asked: dict[str, Any]) -> Answer:
        """A transaction."""
        samples = []
        lease_id = await self._a.grant(_TTL)
        for name in asked["names"]:
            began = time.perf_counter()
            joined = await _enrol(self._a, name, lease_id)
            samples.append(millis(began))
            await self._a.delete(joined.key)
        await self._a.revoke(lease_id)
        return {"samples": samples}

    async def handover(self, asked: dict[str, Any]) -> Answer:
        """A revoke and an event."""
        pairs = zip(asked["names"], asked["delays"], strict=True)
        return {"samples": [await self._hand_over(name, delay) for name, delay in pairs]}

    async def _hand_over(self, name: str, delay: float) -> float:
        leader = await _join(self._a, name)
        events = await self._b.watch(leader.key)
        await asyncio.sleep(delay / 1000)
        began = time.perf_counter()
        leaving = asyncio.create_task(self._a.revoke(leader.lease_id))
        await events.read()
        taken = millis(began)
        await leaving
        events.cancel()
        return taken

    async def proclaim(self, asked: dict[str, Any]) -> Answer:
        """A guarded put and an event."""
        key, lease_id, created = await _join(self._a, asked["name"])
        events = await self._b.watch(key)
        await asyncio.sleep(asked["settle"] / 1000)
        samples = []
        for value in asked["names"]:
            began = time.perf_counter()
            writing = asyncio.create_task(self._a.put_if(created, key, value.encode(), lease_id))
            await events.read()
            samples.append(millis(began))
            await writing
        events.cancel()
        await self._a.revoke(lease_id)
        return {"samples": samples}

    async def crowd(self, asked: dict[str, Any]) -> Answer:
        """All join at once; then one revoke after another, each begun when the event of the one before is there."""
        root = _root(asked["name"])
        began = time.perf_counter()
        joining = asyncio.gather(*(_join(self._b, asked["name"]) for _ in range(asked["size"])))
        await self._a.in_line(root, asked["size"])
        storm = millis(began)
        joined = await joining
        events = await self._b.watch(root)
        await asyncio.sleep(asked["settle"] / 1000)
        began = time.perf_counter()
        leaving = []
        for each in joined:
            leaving.append(asyncio.create_task(self._b.revoke(each.lease_id)))
            await events.read()
        await asyncio.gather(*leaving)
        drain = millis(began)
        events.cancel()
        return {"storm": storm, "drain": drain}


def _root(name: str) -> bytes:
    return f"election/{name}/".encode()


async def _join(etcd: RawEtcd, name: str) -> Joined:
    return await _enrol(etcd, name, await etcd.grant(_TTL))


async def _enrol(etcd: RawEtcd, name: str, lease_id: int) -> Joined:
    root = _root(name)
    key = root + b"%x" % lease_id
    return Joined(key, lease_id, await etcd.enrol(root, key, b"value", lease_id))


async def main(endpoint: str) -> None:
    bare = Bare(RawEtcd(endpoint), RawEtcd(endpoint))
    await serve({name: getattr(bare, name) for name in ("own_lease", "session", "handover", "proclaim", "crowd")})


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
