"""An etcd whose database is full takes no writes; leaving must go on nevertheless."""

from __future__ import annotations

import pytest

from election_core import Client, ElectionError
from election_core.store import Put
from electiontui.embedded import EmbeddedEtcd

from ..servers import binary_for
from .clients import Raw, raw_store


@pytest.mark.parametrize("series", ["3.4", "3.5"])
@pytest.mark.parametrize("stands_on", ["a session", "its own lease"])
async def test_resigning_frees_the_line_although_the_database_is_full(series: str, stands_on: str, name: str) -> None:
    """etcd 3.5.1 refuses even a transaction that only deletes."""
    binary = binary_for(series)
    if binary is None:
        pytest.skip(f"there is no etcd {series}")
    async with (
        EmbeddedEtcd(binary=binary, flags=("--quota-backend-bytes", "65536")) as etcd,
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


async def fill(raw: Raw) -> None:
    for number in range(10_000):
        await raw.do(Put(b"fill/%d" % number, b"x" * 20_000, 0))
