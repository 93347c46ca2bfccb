"""An etcd whose database is full takes no writes; leaving must go on nevertheless."""

from __future__ import annotations

from pathlib import Path

import pytest

from election_core import Client, ElectionError
from election_core.store import Delete, Guard, KeyRange, Put, Read, Txn
from electiontui.embedded import EmbeddedEtcd

from ..servers import binary_for
from .clients import Raw, raw_store

SMALL = ("--quota-backend-bytes", "65536")


@pytest.fixture(params=["3.4", "3.5"])
def binary(request: pytest.FixtureRequest) -> Path:
    found = binary_for(request.param)
    if found is None:
        pytest.skip(f"there is no etcd {request.param}")
    return found


@pytest.mark.parametrize("stands_on", ["a session", "its own lease"])
async def test_resigning_frees_the_line_although_the_database_is_full(binary: Path, stands_on: str, name: str) -> None:
    """H73: etcd 3.5.1 refuses even a transaction that only deletes."""
    async with (
        EmbeddedEtcd(binary=binary, flags=SMALL) as etcd,
        Client(etcd.endpoint) as client,
        client.session(60) as session,
        raw_store(etcd.endpoint) as store,
    ):
        election = client.election(name)
        leader = await election.campaign("leader", session=session if stands_on == "a session" else None).wait()
        other = await client.election(f"{name}-2").campaign("stays", session=session).wait()
        waiter = election.campaign("waiter")
        await waiter.proclaim("waiter")
        with pytest.raises(ElectionError, match="database is full"):
            await fill(Raw(store))
        await leader.resign()
        await waiter.wait()
        assert [each.value for each in await election.candidates()] == [b"waiter"]
        assert other.is_leader


async def test_an_older_handle_leaves_a_newer_key_alone_although_the_database_is_full(binary: Path) -> None:
    """H73, H11: what is deleted without a transaction is guarded, too."""
    async with EmbeddedEtcd(binary=binary, flags=SMALL) as etcd, raw_store(etcd.endpoint) as store:
        raw = Raw(store)
        older = await raw.do(Put(b"line/1", b"older", 0))
        await raw.do(Delete(b"line/1"))
        newer = await raw.do(Put(b"line/1", b"newer", 0))
        with pytest.raises(ElectionError, match="database is full"):
            await fill(raw)
        assert not (await store.txn(Txn(Guard(b"line/1", older), (Delete(b"line/1"),)))).succeeded
        assert [each.value for each in (await store.read(Read(KeyRange(b"line/1")))).candidates] == [b"newer"]
        assert (await store.txn(Txn(Guard(b"line/1", newer), (Delete(b"line/1"),)))).succeeded
        assert (await store.read(Read(KeyRange(b"line/1")))).candidates == ()


async def fill(raw: Raw) -> None:
    for number in range(10_000):
        await raw.do(Put(b"fill/%d" % number, b"x" * 20_000, 0))
