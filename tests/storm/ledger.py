"""Guarded writes to a resource outside of the election, by aetcd's own client."""

from __future__ import annotations

import asyncio
from typing import Any

import aetcd

from .log import ENTRIES, RESOURCE, Log, now

__all__ = ["Ledger", "Pen"]

PATIENCE = 1.0
_OPTIONS = {
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.min_reconnect_backoff_ms": 500,
    "grpc.max_reconnect_backoff_ms": 500,
    "grpc.use_local_subchannel_pool": 1,
}


class Pen:
    """The guard of one term, its fencing token, and how often it was used."""

    def __init__(self, guard: list[object], token: int) -> None:
        self.guard, self.token, self.seq = guard, token, 0


class Ledger:
    """Writes to the members in turn; one that fails is left for the next."""

    def __init__(self, log: Log, who: str, endpoints: list[str]) -> None:
        self._log, self._who = log, who
        self._clients = [_client(endpoint) for endpoint in endpoints]
        self._preferred = 0

    async def write(self, pen: Pen, number: int, *, is_over: bool) -> None:
        """Write once, bounded in time, and say what came of it; ``is_over``: the campaign has ended, as it knows."""
        pen.seq += 1
        entry = ENTRIES + f"{pen.token}/{pen.seq}".encode()
        sent, outcome = now(), "unknown"
        try:
            async with asyncio.timeout(PATIENCE):
                outcome = "accepted" if await self._put(pen.guard, entry) else "refused"
        except (TimeoutError, aetcd.ClientError) as exc:
            outcome = f"unknown: {type(exc).__name__}"
            self._preferred = (self._preferred + 1) % len(self._clients)
        facts: dict[str, Any] = {"token": pen.token, "seq": pen.seq, "outcome": outcome.partition(":")[0]}
        self._log.write("write", sent, done=now(), n=number, over=is_over, **facts)

    async def _put(self, guard: list[object], entry: bytes) -> bool:
        client = self._clients[self._preferred]
        puts = [client.transactions.put(key, self._who.encode()) for key in (entry, RESOURCE)]
        succeeded, _ = await client.transaction(compare=guard, success=puts, failure=[])
        return bool(succeeded)


def _client(endpoint: str) -> aetcd.Client:
    host, _, port = endpoint.rpartition(":")
    return aetcd.Client(host, int(port), timeout=PATIENCE, options=_OPTIONS)
