"""H74: a child that comes out of a fork finds its parent's client: it is told so at once, and nothing is sent.

What a fork does to gRPC's threads and locks is gRPC's affair, and goes wrong now and then; so these do not fork, and
have another process id instead.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from election_core import Client, InvalidConfig
from electiontui.embedded import EmbeddedEtcd


@pytest.fixture
async def client(etcd: EmbeddedEtcd) -> AsyncIterator[Client]:
    async with Client(etcd.endpoint) as client:
        await client.status()
        yield client


async def _campaign(client: Client, name: str) -> None:
    await client.election(name).campaign("child").wait()


async def _monitor(client: Client, name: str) -> None:
    async with client.monitor():
        pass


USES: dict[str, Callable[[Client, str], Awaitable[object]]] = {
    "ask": lambda client, name: client.election(name).leader(),
    "status": lambda client, name: client.status(),
    "campaign": _campaign,
    "monitor": _monitor,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
async def test_a_child_is_told_what_to_do(
    client: Client, name: str, use: Callable[[Client, str], Awaitable[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client.election(name).campaign("parent") as campaign:
        parent = os.getpid()
        with monkeypatch.context() as child:
            child.setattr(os, "getpid", lambda: parent + 1)
            with pytest.raises(InvalidConfig, match=r"made before a fork.*spawn or forkserver"):
                await use(client, name)
            # What a child unwinds, it inherited; its parent goes on.
            with pytest.raises(InvalidConfig, match="made before a fork"):
                await campaign.proclaim("child")
            with pytest.raises(InvalidConfig, match="made before a fork"):
                assert campaign.is_leader
        assert campaign.is_leader
        assert await client.election(name).leader() == "parent"
