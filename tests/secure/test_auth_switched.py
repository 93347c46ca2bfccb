"""Authentication that is switched on and off under clients which hold elections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from election_core import AuthenticationFailed, Campaign, CampaignState, Client, PermissionDenied
from election_core.config import parse_endpoints
from election_core.etcd import EtcdStore, calls
from election_core.etcd.member import Member
from election_core.etcd.tokens import Metadata
from election_core.store import KeyRange, Read
from electiontui.embedded import EmbeddedEtcd

from ..faults.clients import eventually
from ..faults.proxy import Proxy
from ..servers import Etcdctl, binary_for

TTL = 5
ROOT = ("--user", "root:secret-root")


class Switched:
    """An etcd whose authentication is switched, and a proxy in front of it that can cut every stream."""

    def __init__(self, endpoint: str, proxy: Proxy) -> None:
        self._tool, self._proxy = Etcdctl(endpoint), proxy
        self._tool.run("user", "add", "root:secret-root")
        self._tool.run("user", "grant-role", "root", "root")
        self._tool.run("user", "add", "writer:secret-writer")
        self._tool.run("role", "add", "writer")
        self._tool.run("role", "grant-permission", "--prefix", "writer", "readwrite", "election/")
        self._tool.run("user", "grant-role", "writer", "writer")

    @property
    def endpoint(self) -> str:
        return self._proxy.endpoint

    def switch(self, on: bool) -> None:
        self._tool.run(*(("auth", "enable") if on else (*ROOT, "auth", "disable")))

    def cut(self) -> None:
        """End every stream: what follows are new ones."""
        self._proxy.reset()

    def client(self) -> Client:
        return Client(self.endpoint, username="writer", password="secret-writer")

    @asynccontextmanager
    async def store(self) -> AsyncIterator[EtcdStore]:
        """The adapter alone, for the same user."""
        endpoints = parse_endpoints(self.endpoint)
        store = EtcdStore(endpoints, username="writer", password="secret-writer", tls=None, timeout=5)
        try:
            yield store
        finally:
            await store.close()


@pytest.fixture(params=["3.4", "3.5"])
def etcd_alone(request: pytest.FixtureRequest) -> Iterator[EmbeddedEtcd]:
    binary = binary_for(request.param)
    if binary is None:
        pytest.skip(f"there is no etcd {request.param}")
    with EmbeddedEtcd(binary=binary) as etcd:
        yield etcd


@pytest.fixture
async def switched(etcd_alone: EmbeddedEtcd) -> AsyncIterator[Switched]:
    async with Proxy(etcd_alone.endpoint) as proxy:
        yield Switched(etcd_alone.endpoint, proxy)


@pytest.mark.parametrize("cut", [False, True], ids=["streams stay", "streams are cut"])
async def test_whoever_has_a_user_goes_on_whatever_is_switched(switched: Switched, name: str, cut: bool) -> None:
    """H72: it costs no leadership, no place in line, no watch."""
    async with switched.client() as one, switched.client() as other, one.session(TTL) as session:
        leader = await one.election(name, ttl=TTL).campaign("node-a").wait()
        on_session = await one.election(f"{name}-2").campaign("node-a", session=session).wait()
        waiter = other.election(name, ttl=TTL).campaign("node-b")
        observer = await other.election(name).observe()
        async with other.monitor() as monitor:
            for number, on in enumerate((True, False, True)):
                switched.switch(on)
                if cut:
                    switched.cut()
                # Longer than a lease lives unless it is renewed, and than a place in line is not read.
                await asyncio.sleep(TTL + 1)
                for campaign in (leader, on_session):
                    await campaign.proclaim(f"node-a:{number}")
                    assert campaign.is_leader
                assert waiter.state is CampaignState.WAITING
                await eventually(lambda: is_so(observer.leader() == leader.value.decode()), "it is observed")
                assert monitor.connected
            await on_session.resign()
            await leader.resign()
            await elected(waiter)


async def test_it_costs_one_call_that_is_repeated(switched: Switched, monkeypatch: pytest.MonkeyPatch) -> None:
    """H72"""
    asked: list[str] = []

    async def counted(member: Member, pick: calls.Pick, request: Any, deadline: float, metadata: Metadata) -> Any:
        asked.append(type(request).__name__)
        return await attempt(member, pick, request, deadline, metadata)

    attempt = calls.attempt
    monkeypatch.setattr(calls, "attempt", counted)
    async with switched.store() as store:

        async def costs() -> list[str]:
            asked.clear()
            await store.read(Read(KeyRange(b"election/any")))
            return list(asked)

        assert await costs() == ["AuthenticateRequest", "RangeRequest"]
        assert await costs() == ["RangeRequest"]
        for on in (True, False, True):
            switched.switch(on)
            assert await costs() == ["RangeRequest", "AuthenticateRequest", "RangeRequest"]
            assert await costs() == ["RangeRequest"]


async def is_so(condition: bool) -> bool:
    return condition


async def elected(campaign: Campaign) -> None:
    async with asyncio.timeout(5):
        await campaign.wait()


async def test_a_client_without_a_user_is_told_what_it_needs(switched: Switched, name: str) -> None:
    """H72"""
    async with Client(switched.endpoint) as client:
        leader = await client.election(name, ttl=TTL).campaign("node-a").wait()
        switched.switch(True)
        for ask in (client.election(name).leader(), client.monitor().__aenter__()):
            with pytest.raises(AuthenticationFailed, match="wants a user; give username and password"):
                await ask
        switched.cut()
        await eventually(lambda: is_so(leader.state.is_terminal), "the campaign ends", TTL)
        assert isinstance(leader.error, AuthenticationFailed)
        assert "give username and password" in str(leader.error)
        switched.switch(False)


async def test_a_user_without_the_right_is_told_so_as_before(switched: Switched) -> None:
    switched.switch(True)
    async with switched.client() as client:
        with pytest.raises(PermissionDenied):
            await client.monitor("").__aenter__()
