"""History is compacted between two pages of a read."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest

from election_core.core.model import Snapshot
from election_core.etcd import EtcdStore
from election_core.etcd import store as etcd_store
from election_core.shell import reading
from election_core.store import KeyRange, Put, Read
from electiontui.embedded import EmbeddedEtcd

from .clients import Raw, compact, new_client, raw_store

ELECTIONS = 40


@pytest.fixture
async def raw(etcd: EmbeddedEtcd) -> AsyncIterator[Raw]:
    async with raw_store(etcd.endpoint) as store:
        yield Raw(store)


async def fill(raw: Raw, name: str) -> None:
    lease_id = secrets.randbits(62) + 1
    await raw.store.grant(lease_id, 600)
    await raw.do(*(Put(f"{name}/{i}/{lease_id:x}".encode(), b"v", lease_id) for i in range(ELECTIONS)))


def compacted_after(
    etcd: EmbeddedEtcd, raw: Raw, monkeypatch: pytest.MonkeyPatch, reads: int, of: type[EtcdStore] = EtcdStore
) -> list[Read]:
    """From now on, history is compacted right after each of the first so many reads."""
    asked: list[Read] = []
    read = of._page

    async def reading_then_compacting(self: EtcdStore, query: Read) -> Snapshot:
        asked.append(query)
        snapshot = await read(self, query)
        if len(asked) <= reads:
            await compact(etcd.endpoint, await raw.busy(2))
        return snapshot

    monkeypatch.setattr(of, "_page", reading_then_compacting)
    return asked


@pytest.mark.parametrize("compactions", [1, 3, 100])
async def test_a_read_begins_again_where_history_is_compacted_between_pages(
    etcd: EmbeddedEtcd, raw: Raw, name: str, monkeypatch: pytest.MonkeyPatch, compactions: int
) -> None:
    """By larger pages, and by one message at last, long before the timeout."""
    await fill(raw, name)
    monkeypatch.setattr(etcd_store, "_PAGES", (10, 20, 0))
    asked = compacted_after(etcd, raw, monkeypatch, compactions)
    async with raw_store(etcd.endpoint) as store:
        snapshot = await store.read(Read(KeyRange.prefix(f"{name}/".encode())))
        assert len(snapshot.candidates) == ELECTIONS
        assert len(asked) <= 2 * 2 + 1


@pytest.mark.parametrize("compactions", [1, 4, 100])
async def test_a_monitor_begins_although_history_is_compacted_between_its_reads(
    etcd: EmbeddedEtcd, raw: Raw, name: str, monkeypatch: pytest.MonkeyPatch, compactions: int
) -> None:
    await fill(raw, name)
    monkeypatch.setattr(reading, "KEY_PAGES", (10, 20, 1_000))
    asked = compacted_after(etcd, raw, monkeypatch, compactions)
    async with new_client(etcd.endpoint) as client, client.monitor(f"{name}/") as monitor:
        assert len(monitor.elections) == ELECTIONS
        assert {state.queue[0].value for state in monitor.elections.values()} == {b"v"}
        assert len(asked) <= 3 * 2 + 1


async def test_a_cluster_that_compacts_ten_times_a_second_can_be_read(
    etcd: EmbeddedEtcd, raw: Raw, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H59: by pages that take longer than that, at first."""
    monkeypatch.setattr(reading, "KEY_PAGES", (5, 50, 500))
    for i in range(50):
        await fill(raw, f"{name}/{i}")

    async def compacting() -> None:
        while True:
            await compact(etcd.endpoint, await raw.busy(2))
            await asyncio.sleep(0.1)

    busy = asyncio.create_task(compacting())
    try:
        async with new_client(etcd.endpoint) as client, client.monitor(f"{name}/") as monitor:
            assert len(monitor.elections) == 50 * ELECTIONS
    finally:
        busy.cancel()
