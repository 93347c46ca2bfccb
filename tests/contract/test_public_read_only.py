"""A client that can only look."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from election_core import Client, InvalidConfig
from election_core.read_only import ReadOnlyStore
from election_core.store import Delete, Guard, Put, Store, Txn
from election_core.testing import MemoryStore

from .world import World, soon


class Nothing:
    """A store on which whatever is called fails the test."""

    timeout = 5.0

    def __getattr__(self, name: str) -> Any:
        pytest.fail(f"{name} got through")


def looking(world: World) -> Client:
    store = world.raw.store
    if isinstance(store, MemoryStore):
        return Client.over(ReadOnlyStore(store.another()))
    return Client(store.endpoints, read_only=True)


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.txn(Txn(Guard(b"a", 0), (Put(b"a", b"", 1),))),
        lambda store: store.txn(Txn(Guard(b"a", 1), (Delete(b"a"),))),
        lambda store: store.grant(1, 60),
        lambda store: store.revoke(1),
        lambda store: store.renewals().__aenter__(),
    ],
)
async def test_what_would_write_is_refused_before_anything_is_sent(write: Any) -> None:
    with pytest.raises(InvalidConfig, match="read-only"):
        await write(ReadOnlyStore(cast(Store, Nothing())))


def test_it_decides_about_everything_that_a_store_does() -> None:
    public = {name for name in vars(Store) if not name.startswith("_")}
    assert public <= vars(ReadOnlyStore).keys()


async def test_it_looks_as_any_other_client_does(world: World) -> None:
    leader = await world.leading("a")
    async with looking(world) as client, client.monitor() as monitor:
        assert await client.election(world.name).leader() == "a"
        (candidate,) = await client.election(world.name).candidates()
        assert candidate.key == leader.key
        assert await client.keys_on(candidate.lease_id) == [leader.key]
        assert (await client.lease(candidate.lease_id)) is not None
        assert world.name in monitor.elections
        await leader.resign()
        transition = await soon(anext(monitor))
        assert transition.kind == "vacated"


async def test_no_public_way_writes(world: World) -> None:
    leader = await world.leading("a")
    async with looking(world) as client:
        election = client.election(world.name)
        (candidate,) = await election.candidates()
        ways: list[Any] = [
            lambda: election.campaign("b").wait(),
            lambda: election.lead("b", lambda campaign: asyncio.sleep(0)),
            lambda: election.evict(candidate),
            lambda: election.evict(candidate, revoke=True),
            lambda: client.session().__aenter__(),
        ]
        for way in ways:
            with pytest.raises(InvalidConfig, match="read-only"):
                await soon(way())
        campaign = await election.resume(candidate.lease_id)
        with pytest.raises(InvalidConfig, match="read-only"):
            await soon(campaign.wait())
    assert leader.is_leader
    assert await world.values() == [b"a"]
