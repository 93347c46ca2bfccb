"""Clients for threads: over a store in memory, whose keys a test can write raw, and of a real etcd."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from election_core.blocking import Campaign, Client
from election_core.store import Delete, Guard, KeyRange, Read, Txn
from election_core.testing import MemoryStore
from electiontui.embedded import EmbeddedEtcd

PATIENCE = 10.0
"""Seconds within which everything that a test waits for must have happened."""


class Place:
    """A store in memory, the client over it, and what lies in the store."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.client = Client.over(self.store)

    def keys(self) -> list[bytes]:
        async def read() -> list[bytes]:
            return [each.key for each in (await self.store.read(Read(KeyRange.prefix(b"")))).candidates]

        return self.client._open.background.run(read)

    def take_away(self, campaign: Campaign) -> None:
        """Delete a leader's key, as an operator would."""
        key, token = campaign.key, campaign.fencing_token
        done = self.client._open.background.run(lambda: self.store.txn(Txn(Guard(key, token), (Delete(key),))))
        assert done.succeeded


@pytest.fixture
def place() -> Iterator[Place]:
    before = set(threading.enumerate())
    place = Place()
    with place.client:
        yield place
    for thread in set(threading.enumerate()) - before:
        thread.join(PATIENCE)
        assert not thread.is_alive(), thread
    del place
    gc.collect()


@pytest.fixture
def client(etcd: EmbeddedEtcd) -> Iterator[Client]:
    """A client of a real etcd."""
    with Client(etcd.endpoint) as client:
        yield client
