"""Names of members: what is looked up, by whom, and that nobody is in the hands of a name service."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest

from election_core import Unavailable
from election_core.config import parse_endpoints
from election_core.etcd.members import Members
from election_core.store import KeyRange, Read
from electiontui.embedded import EmbeddedEtcd

from .clients import Moments, eventually, new_client, raw_store
from .proxy import Proxy

_KEY = Read(KeyRange(b"x"))


class Names:
    """The system's look-ups of one name that no name service knows, as a test wants them."""

    def __init__(self) -> None:
        self.addresses: list[str] = ["127.0.0.1"]
        self.asked = 0
        self.answers = threading.Event()
        self.answers.set()
        self._real = socket.getaddrinfo

    def look_up(self, host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if host != "etcd.test":
            return self._real(host, port, *args, **options)
        self.asked += 1
        assert self.answers.wait(20)
        if not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in self.addresses]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    names = Names()
    monkeypatch.setattr(socket, "getaddrinfo", names.look_up)
    yield names
    names.answers.set()
    # A process has one look-up of a name at a time: one that is left would answer the next test with these addresses.
    for thread in threading.enumerate():
        if thread.name == "looking up etcd.test":
            thread.join(20)
            assert not thread.is_alive()


def at_name(endpoint: str) -> str:
    return f"etcd.test:{endpoint.rpartition(':')[2]}"


def addresses_of(members: Members) -> list[str | None]:
    return [member.address for member in members.all]


async def reaches(condition: Any, what: str) -> None:
    async def holds() -> bool:
        return bool(condition())

    await eventually(holds, what, 5)


async def test_a_name_is_looked_up_here_alone(names: Names, etcd: EmbeddedEtcd) -> None:
    """gRPC is given an address: it would wait for a name service without an end."""
    async with new_client(at_name(etcd.endpoint)) as client:
        assert await client.election("x").leader() is None
        (status,) = await client.status()
        assert (status.endpoint, status.reachable) == (at_name(etcd.endpoint), True)


async def test_a_look_up_that_hangs_keeps_no_call_longer_than_its_timeout(names: Names, etcd: EmbeddedEtcd) -> None:
    names.answers.clear()
    async with new_client(at_name(etcd.endpoint), timeout=1) as client:
        for _ in range(2):
            began = time.monotonic()
            results = await asyncio.gather(*(client.election("x").leader() for _ in range(10)), return_exceptions=True)
            assert time.monotonic() - began < 1.9
            for each in results:
                assert isinstance(each, Unavailable)
                assert each.message.startswith(f"The name of {at_name(etcd.endpoint)} has not been looked up in time;")
        names.answers.set()
        assert await client.election("x").leader() is None
        assert names.asked == 1


async def test_a_name_that_is_found_late_is_waited_for(names: Names, etcd: EmbeddedEtcd) -> None:
    names.addresses = []
    async with new_client(at_name(etcd.endpoint), timeout=10) as client:
        call = asyncio.create_task(client.election("x").leader())
        await reaches(lambda: names.asked >= 3, "the name is looked up again and again")
        names.addresses = ["127.0.0.1"]
        assert await call is None


async def test_a_name_that_is_not_found_is_named_with_the_reason(names: Names) -> None:
    names.addresses = []
    async with new_client("etcd.test:2379", timeout=2) as client:
        with pytest.raises(Unavailable) as caught:
            await client.election("x").leader()
        said = "The name of etcd.test:2379 could not be looked up (Name or service not known);"
        assert caught.value.message == f"{said} check the endpoint and the name service."
        assert caught.value.endpoint == "etcd.test:2379"
        (status,) = await client.status()
        assert (status.endpoint, status.reachable, status.error) == ("etcd.test:2379", False, caught.value.message)


@pytest.mark.parametrize("first", ["the name", "the address"])
async def test_nobody_waits_for_a_name_while_another_member_is_known(
    names: Names, etcd: EmbeddedEtcd, first: str
) -> None:
    names.answers.clear()
    endpoints = ["etcd.test:9", etcd.endpoint] if first == "the name" else [etcd.endpoint, "etcd.test:9"]
    async with new_client(",".join(endpoints), timeout=4) as client:
        began = time.monotonic()
        assert await client.election("x").leader() is None
        assert time.monotonic() - began < 3
        began = time.monotonic()
        reachable = {each.endpoint: each.reachable for each in await client.status()}
        assert reachable == {"etcd.test:9": False, etcd.endpoint: True}
        assert time.monotonic() - began < 7


async def test_a_process_looks_a_name_up_once_at_a_time(names: Names, etcd: EmbeddedEtcd) -> None:
    """A thread that hangs cannot be ended, so there is one for each name, however many clients and members it has."""
    names.answers.clear()
    several = ",".join(f"etcd.test:{port}" for port in (1, 2, 3))
    before = threading.active_count()
    for _ in range(20):
        async with new_client(several, timeout=0.05) as client:
            with pytest.raises(Unavailable):
                await client.election("x").leader()
    assert names.asked == 1
    assert threading.active_count() <= before + 1
    async with new_client(at_name(etcd.endpoint)) as client:
        call = asyncio.create_task(client.election("x").leader())
        await asyncio.sleep(0)
        names.answers.set()
        assert await call is None


async def test_known_addresses_serve_while_a_look_up_hangs(names: Names, etcd: EmbeddedEtcd) -> None:
    names.addresses = ["127.0.0.1", "127.0.0.2"]
    async with raw_store(at_name(etcd.endpoint), timeout=8) as store:
        members = store._members
        await store.read(_KEY)
        shown = [member.endpoint.partition(" ")[2] for member in members.all]
        assert shown == ["(127.0.0.1)", "(127.0.0.2)"]
        names.answers.clear()
        for member in members.all:
            members.suspect(member)
        for _ in range(2):
            began = time.monotonic()
            await store.read(_KEY)
            assert time.monotonic() - began < 3
        await reaches(lambda: names.asked == 2, "it is looked up again")


async def test_a_look_up_that_fails_forgets_no_address(names: Names, etcd: EmbeddedEtcd) -> None:
    names.addresses = ["127.0.0.1", "127.0.0.2"]
    async with raw_store(at_name(etcd.endpoint)) as store:
        await store.read(_KEY)
        known, names.addresses = store._members.all, []
        for member in known:
            store._members.suspect(member)
        await store.read(_KEY)
        await reaches(lambda: store._members._names.problems, "it is looked up again")
        assert (names.asked, store._members.all) == (2, known)


async def test_a_member_that_its_name_no_longer_stands_for_is_left(names: Names, proxy: Proxy, name: str) -> None:
    """Its streams go on elsewhere, and its connection is closed."""
    names.addresses = ["127.0.0.1", "127.0.0.2"]
    port = proxy.endpoint.rpartition(":")[2]
    async with raw_store(f"etcd.test:{port}") as store, store.watch([KeyRange(name.encode())]) as watch:
        assert (proxy.open_connections, watch.endpoint) == (1, f"etcd.test:{port} (127.0.0.1)")
        names.addresses = ["127.0.0.2", "127.0.0.3"]
        for member in store._members.all:
            store._members.suspect(member)
        with suppress(Unavailable, TimeoutError):
            await asyncio.wait_for(store.read(_KEY), 0.5)
        with pytest.raises(Unavailable, match="no longer what its name stands for"):
            async for _ in watch:
                pass
        await reaches(lambda: proxy.open_connections == 0, "its connection is closed")
        assert addresses_of(store._members) == ["127.0.0.2", "127.0.0.3"]


async def test_an_address_that_gets_another_beside_it_keeps_its_streams(names: Names, proxy: Proxy, name: str) -> None:
    """What it is called from then on says which of them it is."""
    async with raw_store(at_name(proxy.endpoint)) as store, store.watch([KeyRange(name.encode())]) as watch:
        (member,) = store._members.all
        names.addresses = ["127.0.0.2", "127.0.0.1"]
        store._members.suspect(member)
        await store.read(_KEY)
        await reaches(lambda: len(store._members.all) == 2, "the second is known")
        assert store._members.all[1] is member
        assert watch.endpoint == f"{at_name(proxy.endpoint)} (127.0.0.1)"
        assert proxy.open_connections == 1


async def test_an_address_that_has_changed_is_found(names: Names, etcd: EmbeddedEtcd) -> None:
    """As that of a container that was started again."""
    names.addresses = ["127.0.0.9"]
    async with raw_store(at_name(etcd.endpoint), timeout=5) as store:
        with suppress(TimeoutError):
            await asyncio.wait_for(store.read(_KEY), 0.01)
        await reaches(lambda: addresses_of(store._members) == ["127.0.0.9"], "the old address is known")
        names.addresses = ["127.0.0.1"]
        store._members.suspect(store._members.all[0])
        await store.read(_KEY)
        assert addresses_of(store._members) == ["127.0.0.1"]


async def test_members_that_restart_one_by_one_cost_no_leadership_while_look_ups_hang(
    names: Names, etcd: EmbeddedEtcd, name: str
) -> None:
    async with AsyncExitStack() as stack:
        proxies = [await stack.enter_async_context(Proxy(etcd.endpoint)) for _ in range(3)]
        client = await stack.enter_async_context(new_client(",".join(at_name(each.endpoint) for each in proxies)))
        leader = Moments(client.election(name, ttl=5).campaign("leader"))
        await leader.elected()
        names.answers.clear()
        for _ in range(2):
            for each in proxies:
                each.cut()
                began = time.monotonic()
                current = await client.election(name, ttl=5).leader()
                assert current is not None
                assert time.monotonic() - began < 2
                each.heal()
        assert leader.campaign.is_leader
        assert not leader.has_failed


_IN_A_CHILD = """
import asyncio, os, socket, sys, threading
from election_core import Client

real, hangs = socket.getaddrinfo, threading.Event()
socket.getaddrinfo = lambda *args, **options: hangs.wait()

async def leader(timeout):
    async with Client(sys.argv[1], timeout=timeout) as client:
        return await client.election("x").leader()

try:
    asyncio.run(leader(0.2))
except Exception as exc:
    assert "looked up" in str(exc), exc
child = os.fork()
if child == 0:
    socket.getaddrinfo = real
    os._exit(0 if asyncio.run(leader(10)) is None else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_look_up_that_hangs_in_a_parent_is_none_of_its_child(etcd: EmbeddedEtcd) -> None:
    endpoint = f"localhost:{etcd.endpoint.rpartition(':')[2]}"
    done = subprocess.run([sys.executable, "-c", _IN_A_CHILD, endpoint], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_name_behind_an_http_proxy_is_looked_up_by_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:3128")
    members = Members(parse_endpoints("etcd.test:2379,127.0.0.1:2379"), None)
    assert addresses_of(members) == ["etcd.test", "127.0.0.1"]


async def test_a_client_that_is_closed_is_not_kept_by_a_look_up_that_hangs(names: Names) -> None:
    names.answers.clear()
    members = Members(parse_endpoints("etcd.test:1"), None)
    with pytest.raises(Unavailable):
        await members.preferred(0.01)
    await members.close()
    kept = weakref.ref(members)
    del members
    gc.collect()
    assert kept() is None
