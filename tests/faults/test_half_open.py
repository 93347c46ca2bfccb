"""The server's side of a connection is gone and the client is not told, as when a load balancer or NAT forgets it.

A new connection would be served at once.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from election_core import Client, Unavailable

from .clients import Moments, eventually, holds, in_line, new_client, note, read_until, value_of
from .cluster import BOTH_WAYS, Cluster
from .proxy import Proxy


@pytest.mark.parametrize("moment", ["quiet", "right after a reply"])
async def test_calls_find_out_and_connect_anew(proxy: Proxy, name: str, moment: str) -> None:
    async with new_client(proxy.endpoint, timeout=2) as client:
        assert await client.election(name).leader() is None
        if moment == "quiet":
            await asyncio.sleep(0.5)
        proxy.half_open()

        async def answers() -> bool:
            try:
                return await client.election(name).leader() is None
            except Unavailable:
                return False

        took = await eventually(answers, "an answer on a new connection", 18)
        assert proxy.accepted > 1
        note("calls on a half-open connection", answered_after=took)


@pytest.mark.parametrize(("proxy", "ttl"), [("direct", 8), ("direct", 40), ("grpc-proxy", 8)], indirect=["proxy"])
async def test_a_leader_with_one_endpoint_keeps_its_term(proxy: Proxy, direct: Client, name: str, ttl: int) -> None:
    """One address in front of a cluster is common. Renewals must find out within the TTL that nobody listens."""
    async with new_client(proxy.endpoint, timeout=2) as client:
        leader = Moments(client.election(name, ttl=ttl).campaign("leader"))
        await leader.elected()
        proxy.half_open()
        await holds(lambda: leader.campaign.is_leader and not leader.has_failed, 1.5 * min(ttl, 20))
        assert proxy.accepted > 1
        note(f"leader on a half-open connection, ttl {ttl}", remaining=leader.campaign.lease_remaining)


async def test_a_leader_with_three_endpoints_keeps_its_term(cluster: Cluster, name: str) -> None:
    async with AsyncExitStack() as stack:
        proxies = [await stack.enter_async_context(Proxy(member.endpoint)) for member in cluster.members]
        client = await stack.enter_async_context(new_client(*(proxy.endpoint for proxy in proxies), timeout=2))
        leader = Moments(client.election(name, ttl=6).campaign("leader"))
        await leader.elected()
        for proxy in proxies:
            proxy.half_open()
        await holds(lambda: leader.campaign.is_leader and not leader.has_failed, 9)


@pytest.mark.parametrize("proxy", BOTH_WAYS, indirect=True)
async def test_a_waiter_and_an_observer_find_out(proxy: Proxy, direct: Client, name: str) -> None:
    leader = await direct.election(name).campaign("leader")
    async with new_client(proxy.endpoint, timeout=2) as client:
        waiter = Moments(client.election(name, ttl=60).campaign("waiter"))
        await in_line(direct, name, 2)
        async with client.election(name).observe() as observer:
            proxy.half_open()
            began = time.monotonic()
            await leader.resign()
            elected_at = await waiter.elected(18)
            seen = await read_until(observer, lambda each: value_of(each) == "waiter")
            assert [(value_of(each), each.gap) for each in seen] == [("waiter", False)]
            note("waiter on a half-open connection", elected_after=elected_at - began)
