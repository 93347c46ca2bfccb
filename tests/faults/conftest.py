"""The cluster that the fault tests break; it is whole again before each of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest

from election_core import Client
from electiontui.embedded import EmbeddedEtcd

from ..grpc_proxy import GrpcProxy
from ..servers import needed_binary
from .cluster import Cluster, ProxiedCluster, start_cluster
from .proxy import Proxy
from .scripted import ScriptedEtcd


@pytest.fixture(scope="session")
def _three_members() -> Iterator[EmbeddedEtcd]:
    with start_cluster() as etcd:
        yield etcd


@pytest.fixture(scope="session")
def _two_proxies(_three_members: EmbeddedEtcd) -> Iterator[list[GrpcProxy]]:
    with ExitStack() as stack:
        proxies = [GrpcProxy(needed_binary("3.5"), _three_members.endpoints) for _ in range(2)]
        yield [stack.enter_context(proxy) for proxy in proxies]


@pytest.fixture
async def cluster(request: pytest.FixtureRequest, _three_members: EmbeddedEtcd) -> AsyncIterator[Cluster]:
    """Three members, all running, or two of etcd's own proxies in front of them where the test asks for
    those; whatever the test breaks is mended."""
    cluster = Cluster(_three_members)
    if getattr(request, "param", "") == "grpc-proxy":
        await cluster.heal()
        cluster = ProxiedCluster(_three_members, request.getfixturevalue("_two_proxies"))
    await cluster.heal()
    yield cluster
    for member in cluster.members:
        member.thaw()


@pytest.fixture
async def proxy(request: pytest.FixtureRequest, etcd: EmbeddedEtcd) -> AsyncIterator[Proxy]:
    """A proxy to the single etcd of the session, or to etcd's own proxy in front of it where the test asks for that."""
    through = request.getfixturevalue("grpc_proxy") if getattr(request, "param", "") == "grpc-proxy" else etcd
    async with Proxy(through.endpoint) as proxy:
        yield proxy


@pytest.fixture
async def scripted(etcd: EmbeddedEtcd) -> AsyncIterator[ScriptedEtcd]:
    """A scripted server in front of the single etcd of the session."""
    async with ScriptedEtcd(etcd.endpoint) as scripted:
        yield scripted


@pytest.fixture
async def direct(etcd: EmbeddedEtcd) -> AsyncIterator[Client]:
    """A client of the single etcd with nothing in between."""
    async with Client(etcd.endpoint) as client:
        yield client


@pytest.fixture(autouse=True)
async def _no_task_left() -> AsyncIterator[None]:
    """Nothing of a test goes on after it."""
    before = asyncio.all_tasks()
    yield
    left = {task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()}
    if left:
        _, left = await asyncio.wait(left, timeout=2)  # gRPC is told by its own threads that a call was cancelled
    assert not left, f"tasks left behind: {left}"
