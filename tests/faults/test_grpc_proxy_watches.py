"""Watches through etcd's grpc-proxy: it answers no request for progress, and gives ids of its own, in its own order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress

import pytest

from election_core import Client
from election_core.store import Delete, KeyRange, Put
from electiontui.embedded import EmbeddedEtcd

from ..grpc_proxy import GrpcProxy
from ..servers import EACH_ETCD
from .clients import Moments, Raw, compact, eventually, holds, in_line, new_client, raw_store, read_until, value_of
from .test_restored import LoneEtcd, lone

__all__ = ["lone"]


@pytest.fixture(params=EACH_ETCD)
def server(request: pytest.FixtureRequest) -> EmbeddedEtcd:
    etcd: EmbeddedEtcd = request.getfixturevalue(request.param)
    return etcd


@pytest.fixture
def relay(server: EmbeddedEtcd) -> Iterator[GrpcProxy]:
    with GrpcProxy(server.binary, [server.endpoint]) as relay:
        yield relay


@pytest.fixture
def lone_relay(server: EmbeddedEtcd, lone: LoneEtcd) -> Iterator[GrpcProxy]:
    with GrpcProxy(server.binary, [lone.endpoint]) as relay:
        yield relay


async def test_quiet_watches_outlast_every_patience(server: EmbeddedEtcd, relay: GrpcProxy, name: str) -> None:
    """H57: they were taken for silent, each time once the client's patience was over."""
    patience = 2.0
    async with Client(server.endpoint) as direct, new_client(relay.endpoint, timeout=patience) as client:
        leader = await direct.election(name).campaign("leader")
        async with client.election(name).observe() as observer, client.monitor(f"election/{name}") as monitor:
            waiter = Moments(client.election(name).campaign("waiter"))
            await in_line(direct, name, 2)
            broken: list[object] = []
            for each in (observer, monitor):
                each.on("disconnected", broken.append)
            # Three times as long as it takes to ask, to wait for the answer and to give up.
            await holds(
                lambda: not broken and max(observer.staleness, monitor.staleness) < 2 + patience, 3 * (1 + patience)
            )
            await leader.resign()
            await waiter.elected(10)
            for each in (observer, monitor):
                seen = await read_until(each, lambda each: value_of(each) == "waiter", 10)
                assert not any(transition.gap for transition in seen)


async def test_it_is_known_for_what_it_is(server: EmbeddedEtcd, relay: GrpcProxy, name: str) -> None:
    """H57: by its first answer to a watch; so it is never asked for progress, which ends older ones."""
    for endpoint, is_relay in ((relay.endpoint, True), (server.endpoint, False)):
        async with raw_store(endpoint) as store:
            assert not (await store.status())[0].is_relay
            async with store.watch([KeyRange(name.encode())]):
                assert (await store.status())[0].is_relay == is_relay
                assert [each.is_relay for each in await store.status()] == [is_relay]


async def test_no_watch_is_given_the_events_of_another(relay: GrpcProxy, name: str) -> None:
    """H36: a hundred at once, some of which are left while they open, or right after."""
    async with raw_store(relay.endpoint) as store, AsyncExitStack() as stack:

        async def left(key: bytes, after: float) -> None:
            with suppress(TimeoutError):
                async with asyncio.timeout(after), store.watch([KeyRange(key)]):
                    pass

        async with asyncio.TaskGroup() as group:
            kept = {
                key: group.create_task(stack.enter_async_context(store.watch([KeyRange(key)])))
                for key in (f"{name}/{number}".encode() for number in range(50))
            }
            for number in range(50):
                group.create_task(left(f"{name}/left/{number}".encode(), number / 1_000))
        raw = Raw(store)
        for number in range(50):
            await raw.do(Put(f"{name}/left/{number}".encode(), b"", 0))
        for key in kept:
            await raw.do(Put(key, b"", 0))
        async with asyncio.timeout(10):
            for key, opened in kept.items():
                response = await anext(aiter(opened.result()))
                assert [event.key for each in response.revisions for event in each.events] == [key]


async def test_its_end_of_history_concerns_one_watch(server: EmbeddedEtcd, relay: GrpcProxy, name: str) -> None:
    """It ends the whole stream with it. Whoever missed nothing is told of no gap."""
    async with Client(server.endpoint) as direct, raw_store(relay.endpoint) as store:
        leader = await direct.election(name).campaign("leader")
        async with Client.over(store) as client, client.election(name).observe() as observer:
            first = await Raw(store).busy(5)
            await compact(server.endpoint, first)
            with pytest.raises(Exception, match="compacted"):
                async with store.watch([KeyRange(b"busy/key")], start_revision=first - 3) as watch:
                    await anext(aiter(watch))
            await leader.proclaim("again")
            (seen,) = await read_until(observer, lambda each: True, 15)
            assert (value_of(seen), seen.gap) == ("again", False)


async def test_an_etcd_that_is_wiped_behind_it_is_noticed(lone: LoneEtcd, lone_relay: GrpcProxy, name: str) -> None:
    """H54: the connection to the proxy stays, and its watches are silent."""
    async with new_client(lone_relay.endpoint, timeout=2) as client:
        async with raw_store(lone.endpoint) as store:
            await Raw(store).busy(20)
            leader = Moments(client.election(name, ttl=30).campaign("now"))
            await leader.elected()
        async with client.election(name).observe() as observer:
            await lone.set_back()
            (seen,) = await read_until(observer, lambda each: True, 10)
            assert (value_of(seen), seen.gap) == (None, True)
            await leader.failed(10)


@pytest.mark.parametrize("which", ["etcd", "proxy"])
async def test_what_is_frozen_is_noticed(lone: LoneEtcd, lone_relay: GrpcProxy, name: str, which: str) -> None:
    """H57: be it the proxy or etcd behind it; and everything goes on once it is back."""
    relay = lone_relay.endpoint
    async with new_client(relay, timeout=2) as client, client.election(name).observe() as observer:
        frozen: LoneEtcd | GrpcProxy = lone if which == "etcd" else lone_relay
        frozen.freeze()
        await eventually(lambda: is_so(not observer.connected), "it is disconnected", 15)
        frozen.thaw()
        await eventually(lambda: is_so(observer.connected), "it is connected")
        campaign = await client.election(name).campaign("leader")
        await read_until(observer, lambda each: value_of(each) == "leader")
        async with raw_store(relay) as store:
            await Raw(store).do(Delete(campaign.key))
        await read_until(observer, lambda each: value_of(each) is None)


async def is_so(condition: bool) -> bool:
    return condition
