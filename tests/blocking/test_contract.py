"""The tests of the public contract, run on the objects for threads by `adapter`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import ModuleType

import pytest

from electiontui.embedded import EmbeddedEtcd

from ..contract import (
    test_public_callbacks,
    test_public_campaign,
    test_public_campaign_with,
    test_public_campaign_writes,
    test_public_client,
    test_public_client_end,
    test_public_closing,
    test_public_election,
    test_public_errors,
    test_public_hazards,
    test_public_monitor,
    test_public_observer,
    test_public_session,
)
from ..contract.key_space import etcd_store
from .adapter import ThreadsWorld

MODULES = (
    test_public_callbacks,
    test_public_campaign,
    test_public_campaign_with,
    test_public_campaign_writes,
    test_public_client,
    test_public_client_end,
    test_public_closing,
    test_public_election,
    test_public_errors,
    test_public_hazards,
    test_public_monitor,
    test_public_observer,
    test_public_session,
)

LEFT_OUT: dict[str, tuple[str, ...]] = {}


@pytest.fixture
async def world(etcd: EmbeddedEtcd, name: str) -> AsyncIterator[ThreadsWorld]:
    world = ThreadsWorld(etcd_store(etcd), name)
    yield world
    await world.close()


@pytest.fixture
async def etcd_world(world: ThreadsWorld) -> ThreadsWorld:
    return world


def contract_of(module: ModuleType) -> Iterator[tuple[str, object]]:
    stem = module.__name__.rpartition("_public_")[2]
    for name, value in vars(module).items():
        if name.startswith("test_"):
            yield f"test_{stem}_{name.removeprefix('test_')}", value


globals().update((name, test) for module in MODULES for name, test in contract_of(module))
