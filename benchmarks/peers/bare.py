"""The calls that no election can do without, on grpc.aio's stubs alone: the floor under any Python client.

It elects nobody: no deadline, no retry, no clean-up after a failure, no own key watched, no check of what came. Run
with an endpoint as the argument.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from .protocol import Answer, serve
from .raw import RawEtcd

__all__ = ["Bare"]

_TTL = 60


class Bare:
    """Two connections, for the two sides of a hand-over."""

    def __init__(self, a: RawEtcd, b: RawEtcd) -> None:
        self._a, self._b = a, b

    async def own_lease(self, asked: dict[str, Any]) -> Answer:
        """A grant and a transaction."""
        samples = []
        for name in asked["names"]:
            began = time.perf_counter()
            _, lease_id = await _join(self._a, name)
            samples.append(_millis(began))
            await self._a.revoke(lease_id)
        return {"samples": samples}

    async def session(self, asked: dict[str, Any]) -> Answer:
        """A transaction."""
        samples = []
        lease_id = await self._a.grant(_TTL)
        for name in asked["names"]:
            began = time.perf_counter()
            key = await _enrol(self._a, name, lease_id)
            samples.append(_millis(began))
            await self._a.delete(key)
        await self._a.revoke(lease_id)
        return {"samples": samples}

    async def handover(self, asked: dict[str, Any]) -> Answer:
        """A revoke and an event."""
        pairs = zip(asked["names"], asked["delays"], strict=True)
        return {"samples": [await self._hand_over(name, delay) for name, delay in pairs]}

    async def _hand_over(self, name: str, delay: float) -> float:
        key, lease_id = await _join(self._a, name)
        events = await self._b.watch(key)
        await asyncio.sleep(delay / 1000)
        began = time.perf_counter()
        leaving = asyncio.create_task(self._a.revoke(lease_id))
        await events.read()
        taken = _millis(began)
        await leaving
        events.cancel()
        return taken

    async def proclaim(self, asked: dict[str, Any]) -> Answer:
        """A guarded put and an event."""
        key, lease_id = await _join(self._a, asked["name"])
        created = await self._a.create_revision(key)
        events = await self._b.watch(key)
        await asyncio.sleep(asked["settle"] / 1000)
        samples = []
        for value in asked["names"]:
            began = time.perf_counter()
            writing = asyncio.create_task(self._a.put_if(created, key, value.encode(), lease_id))
            await events.read()
            samples.append(_millis(began))
            await writing
        events.cancel()
        await self._a.revoke(lease_id)
        return {"samples": samples}

    async def crowd(self, asked: dict[str, Any]) -> Answer:
        """All join at once; then one revoke after another, each begun when the event of the one before is there."""
        root = _root(asked["name"])
        began = time.perf_counter()
        joining = asyncio.gather(*(_join(self._b, asked["name"]) for _ in range(asked["size"])))
        while await self._a.count(root) < asked["size"]:  # noqa: ASYNC110 - found out as in all harnesses
            await asyncio.sleep(0.001)
        storm = _millis(began)
        joined = await joining
        events = await self._b.watch(root)
        await asyncio.sleep(asked["settle"] / 1000)
        began = time.perf_counter()
        leaving = []
        for _, lease_id in joined:
            leaving.append(asyncio.create_task(self._b.revoke(lease_id)))
            await events.read()
        await asyncio.gather(*leaving)
        drain = _millis(began)
        events.cancel()
        return {"storm": storm, "drain": drain}


def _root(name: str) -> bytes:
    return f"election/{name}/".encode()


async def _join(etcd: RawEtcd, name: str) -> tuple[bytes, int]:
    lease_id = await etcd.grant(_TTL)
    return await _enrol(etcd, name, lease_id), lease_id


async def _enrol(etcd: RawEtcd, name: str, lease_id: int) -> bytes:
    key = _root(name) + b"%x" % lease_id
    await etcd.enrol(_root(name), key, b"value", lease_id)
    return key


def _millis(since: float) -> float:
    return (time.perf_counter() - since) * 1000


async def main(endpoint: str) -> None:
    bare = Bare(RawEtcd(endpoint), RawEtcd(endpoint))
    await serve({name: getattr(bare, name) for name in ("own_lease", "session", "handover", "proclaim", "crowd")})


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
