"""Everything of one client goes on for many TTLs behind etcd's own proxy, which speaks otherwise than etcd does.

It sends the renewals of a lease when it likes and answers whoever waits for one by then, so answers come in another
order than they were asked for; and it answers no request for a sign of life of a watch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from election_core import Client, ElectionError

from ..grpc_proxy import GrpcProxy, listens
from ..servers import EACH_GRPC_PROXY, Etcdctl

TTL = 6
SIZES = (2, 3, 5, 8)
SECONDS = 27.0
"""Enough for four TTLs and for several patiences of a watch."""
WAYS = [pytest.param(each.values[0], id=each.id) for each in EACH_GRPC_PROXY]


@dataclass
class Seen:
    """What happened to what was held through one proxy.

    Attributes:
        lost: by the number of leases that the client had, what became of those that were lost.
        breaks: what an observer and a monitor, with nothing to read, were told of their connection.
        leaders: who leads in the end, of those that should; read through the proxy.
    """

    lost: dict[int, list[str]] = field(default_factory=dict)
    breaks: dict[str, list[str]] = field(default_factory=dict)
    leaders: list[str | None] = field(default_factory=list)


@pytest.fixture(scope="module")
def seen(request: pytest.FixtureRequest) -> Mapping[str, Seen]:
    """By fixture of a proxy. All are held at the same time, since it takes long."""
    proxies: dict[str, GrpcProxy] = {str(way.values[0]): request.getfixturevalue(str(way.values[0])) for way in WAYS}
    return asyncio.run(_hold(proxies))


async def _hold(proxies: Mapping[str, GrpcProxy]) -> dict[str, Seen]:
    found: dict[str, Seen] = {}
    async with AsyncExitStack() as stack:
        for way, proxy in proxies.items():
            found[way] = Seen()
            for size in SIZES:
                client = await stack.enter_async_context(Client(proxy.endpoint))
                await _lead(client, way, size, found[way])
            await _listen(await stack.enter_async_context(Client(proxy.endpoint)), way, stack, found[way])
        await asyncio.sleep(SECONDS)
        for way, proxy in proxies.items():
            client = await stack.enter_async_context(Client(proxy.endpoint))
            names = [_name(way, size, each) for size in SIZES for each in range(size)]
            found[way].leaders = [await client.election(name).leader() for name in names]
    return found


async def _lead(client: Client, way: str, size: int, seen: Seen) -> None:
    """So many elections, with a lease each."""
    lost = seen.lost[size] = []
    campaigns = [client.election(_name(way, size, each), ttl=TTL).campaign(str(each)) for each in range(size)]
    for campaign in campaigns:

        def error(error: ElectionError) -> None:
            lost.append(str(error))

        campaign.on("error", error)
    await asyncio.gather(*(campaign.wait() for campaign in campaigns))


async def _listen(client: Client, way: str, stack: AsyncExitStack, seen: Seen) -> None:
    observer = await stack.enter_async_context(client.election(f"quiet-{way}").observe())
    monitor = await stack.enter_async_context(client.monitor(f"quiet-{way}/"))
    for kind, subscription in (("observer", observer), ("monitor", monitor)):
        breaks = seen.breaks[kind] = []
        subscription.on("disconnected", lambda *why, breaks=breaks: breaks.append(str(why)))


def _name(way: str, size: int, number: int) -> str:
    return f"held-{way}-{size}-{number}"


@pytest.mark.timeout(SECONDS + 60)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("way", WAYS)
def test_all_leases_of_one_client_live(seen: Mapping[str, Seen], way: str, size: int) -> None:
    """Go's client keeps all of them."""
    assert seen[way].lost[size] == []


@pytest.mark.timeout(SECONDS + 60)
@pytest.mark.parametrize("way", WAYS)
def test_all_of_them_lead_in_the_end(seen: Mapping[str, Seen], way: str) -> None:
    assert seen[way].leaders == [str(each) for size in SIZES for each in range(size)]


@pytest.mark.timeout(SECONDS + 60)
@pytest.mark.parametrize("kind", ["observer", "monitor"])
@pytest.mark.parametrize("way", WAYS)
def test_a_quiet_watch_stands(seen: Mapping[str, Seen], way: str, kind: str) -> None:
    """That a request for a sign of life is not answered says nothing of the member."""
    assert seen[way].breaks[kind] == []


async def test_what_is_written_through_a_namespace_is_below_it(
    grpc_proxy: GrpcProxy, grpc_proxy_with_namespace: GrpcProxy, etcdctl: Etcdctl, name: str
) -> None:
    """So the tests are not served by etcd itself, and each has the proxy that it asked for."""
    for proxy, namespace in ((grpc_proxy, ""), (grpc_proxy_with_namespace, "behind/")):
        assert listens(proxy.pid, proxy.port)
        async with Client(proxy.endpoint) as client, client.election(name).campaign("here") as campaign:
            key = etcdctl.run("get", "--prefix", f"{namespace}election/{name}/", "--keys-only").strip()
            assert key == namespace + campaign.key.decode()
