"""The stores that the contract is checked on: in memory, and each supported etcd through the real adapter.

Those are etcds of the contract's own: it counts revisions, and on servers that other tests use leases that those have
left run out at any moment.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from election_core.store import Store
from election_core.testing import MemoryStore
from electiontui.embedded import EmbeddedEtcd

from ..servers import EACH_ETCD, needed_binary
from .key_space import KeySpace, etcd_store
from .world import World


@pytest.fixture(scope="session")
def etcd() -> Iterator[EmbeddedEtcd]:
    """One etcd 3.5 for the contract."""
    with EmbeddedEtcd(binary=needed_binary("3.5")) as server:
        yield server


@pytest.fixture(scope="session")
def etcd_34() -> Iterator[EmbeddedEtcd]:
    """One etcd 3.4 for the contract."""
    with EmbeddedEtcd(binary=needed_binary("3.4")) as server:
        yield server


@pytest.fixture(params=["memory", *EACH_ETCD])
def store(request: pytest.FixtureRequest) -> Store:
    """The test runs on each store; where an etcd is missing it is skipped, and fails in CI."""
    if request.param == "memory":
        return MemoryStore()
    return etcd_store(request.getfixturevalue(request.param))


@pytest.fixture
async def space(store: Store, prefix: str) -> AsyncIterator[KeySpace]:
    space = KeySpace(store, prefix)
    yield space
    await space.close()


@pytest.fixture
async def etcd_space(etcd_each: EmbeddedEtcd, prefix: str) -> AsyncIterator[KeySpace]:
    """For what only a server does."""
    space = KeySpace(etcd_store(etcd_each), prefix)
    yield space
    await space.close()


@pytest.fixture
async def world(store: Store, name: str) -> AsyncIterator[World]:
    """For the public contract, on each store."""
    world = World(store, name)
    yield world
    await world.close()


@pytest.fixture
async def etcd_world(etcd_each: EmbeddedEtcd, name: str) -> AsyncIterator[World]:
    """The same for what only a server does."""
    world = World(etcd_store(etcd_each), name)
    yield world
    await world.close()
