"""Granted TTLs of leaders' leases, looked up once per lease and only for what is on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from election_core import Client, ElectionError

__all__ = ["LeaseTtls"]

_LOOKUPS = 4
"""How many lookups may be under way at a time."""
_REMEMBERED = 20_000


class LeaseTtls:
    """A cache of ``lease id → granted TTL``, filled in the background.

    Attributes:
        found: TTLs in seconds by lease id; a lease that is gone is not in it.
    """

    # The mutable state: what was found, and which lookups were asked for and are not answered yet.

    def __init__(self, client: Client, on_found: Callable[[int], None]) -> None:
        """``on_found(lease_id)`` is called after each lookup that found a lease."""
        self.found: dict[int, int] = {}
        self._client = client
        self._on_found = on_found
        self._pending: set[int] = set()
        self._wanted: asyncio.Queue[int] = asyncio.Queue()

    def want(self, lease_ids: Iterable[int]) -> None:
        """Have these leases looked up, unless they are known or being looked up."""
        for lease_id in lease_ids:
            if lease_id and lease_id not in self.found and lease_id not in self._pending:
                self._pending.add(lease_id)
                self._wanted.put_nowait(lease_id)

    async def run(self) -> None:
        """Answer what is wanted until cancelled, which loses nothing but the lookups under way."""
        async with asyncio.TaskGroup() as lookups:
            for _ in range(_LOOKUPS):
                lookups.create_task(self._look_up())

    async def _look_up(self) -> None:
        while True:
            lease_id = await self._wanted.get()
            try:
                info = await self._client.lease(lease_id)
            except ElectionError:
                # Wanted again at the next repaint; the header already says that etcd does not answer.
                info = None
            self._pending.discard(lease_id)
            if info is not None:
                if len(self.found) >= _REMEMBERED:
                    self.found.clear()
                self.found[lease_id] = info.granted_ttl
                self._on_found(lease_id)
