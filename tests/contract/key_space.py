"""What the contract's tests do to a store all the time, and how they make a real one."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from typing import Any

from election_core.config import parse_endpoints
from election_core.core.model import Candidate, KeyEvent, Revision
from election_core.errors import ElectionError
from election_core.etcd import EtcdStore
from election_core.store import Delete, Guard, KeyRange, Op, Put, Read, Store, Txn, TxnResult, WatchStream
from election_core.testing import MemoryStore
from electiontui.embedded import EmbeddedEtcd

from ..gateway import ask


def etcd_store(server: EmbeddedEtcd) -> EtcdStore:
    """The real adapter on a server of the tests."""
    return EtcdStore(parse_endpoints(server.endpoint), username=None, password=None, tls=None, timeout=5.0)


class KeySpace:
    """A store with what the tests do to it all the time. Its leases are revoked when the test ends."""

    def __init__(self, store: Store, prefix: str) -> None:
        self.store = store
        self.prefix = prefix.encode()
        self._leases: list[int] = []

    @property
    def all(self) -> KeyRange:
        """Every key of the test."""
        return KeyRange.prefix(self.prefix)

    def key(self, name: str) -> bytes:
        return self.prefix + name.encode()

    def new_lease_id(self) -> int:
        self._leases.append(secrets.randbits(62) + 1)
        return self._leases[-1]

    async def lease(self, ttl: int = 60) -> int:
        """A lease just granted."""
        lease_id = self.new_lease_id()
        await self.store.grant(lease_id, ttl)
        return lease_id

    async def do(self, *ops: Op) -> TxnResult:
        """Operations in one transaction, on no condition."""
        return await self.store.txn(Txn(Guard(self.key("never-there"), 0), ops))

    async def names(self, **how: Any) -> list[str]:
        """The names of the test's keys, read in some way."""
        return names_of((await self.store.read(Read(self.all, **how))).candidates)

    async def put(self, name: str, value: bytes = b"v", lease_id: int = 0) -> int:
        """Write a key; the revision of it."""
        return (await self.do(Put(self.key(name), value, lease_id))).revision

    async def delete(self, *names: str) -> int:
        """Delete keys in one revision; the revision of it."""
        return (await self.do(*(Delete(self.key(name)) for name in names))).revision

    async def compact(self, revision: int) -> None:
        """Make the server forget the history up to and including a revision."""
        if isinstance(self.store, MemoryStore):
            self.store.compact(revision)
        else:
            await asyncio.to_thread(ask, self.store.endpoints[0], "kv/compaction", revision=revision)

    async def close(self) -> None:
        for lease_id in self._leases:
            try:
                await self.store.revoke(lease_id)
            except ElectionError:
                break  # the test has closed the store
        await self.store.close()


def names_of(found: Iterable[Candidate | KeyEvent]) -> list[str]:
    """The last part of each key."""
    return [each.key.decode().rpartition("/")[2] for each in found]


async def changes(watch: WatchStream, count: int) -> list[Revision]:
    """The next so many revisions that a watch sees, leaving out its signs of life."""
    seen: list[Revision] = []
    async with asyncio.timeout(15):
        async for response in watch:
            assert all(each.revision <= response.revision for each in response.revisions)
            seen += response.revisions
            if len(seen) >= count:
                break
    assert len(seen) == count
    return seen
