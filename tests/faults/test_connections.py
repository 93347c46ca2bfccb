"""What a client holds open, and what it gives up: watches that nobody reads, names that change, and its own end."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from election_core import Client, Unavailable
from election_core.config import parse_endpoints
from election_core.errors import ElectionError
from election_core.etcd import store as store_module
from election_core.etcd.member import Member
from election_core.etcd.members import Members
from election_core.store import KeyRange, Put, Read
from electiontui.embedded import EmbeddedEtcd

from .clients import Moments, Raw, eventually, in_line, new_client, note, raw_store
from .proxy import Proxy
from .scripted import WATCH, ScriptedEtcd


async def test_a_watch_that_nobody_reads_outlives_every_patience(proxy: Proxy, etcd: EmbeddedEtcd, name: str) -> None:
    """A first read may take longer than a watch waits for a sign of life. Nothing is wrong with the member."""
    key = f"{name}/key".encode()
    async with raw_store(proxy.endpoint, timeout=0.5) as store, store.watch([KeyRange(key)]) as watch:
        # Longer than it takes to ask for a sign of life and to miss it.
        await asyncio.sleep(1 + 0.5 + 1 + 1)
        await Raw(store).do(Put(key, b"v", 0))
        seen = [response async for response in first_change(watch)]
        assert [each.key for each in seen[-1].revisions[0].events] == [key]
    assert proxy.accepted == 1


async def first_change(watch: Any) -> Any:
    async for response in watch:
        yield response
        if response.revisions:
            return


async def test_a_watch_that_is_read_again_after_a_while_finds_a_silent_member(proxy: Proxy, name: str) -> None:
    async with raw_store(proxy.endpoint, timeout=0.5) as store, store.watch([KeyRange(name.encode())]) as watch:
        await asyncio.sleep(1.5)
        proxy.stall()
        began = time.monotonic()
        with pytest.raises(Unavailable, match="silent for too long"):
            async for _ in watch:
                pass
        assert time.monotonic() - began < 1 + 0.5 + 2 * 1
        proxy.heal()


@pytest.mark.parametrize("ended", ["by the client", "by the server", "by an error"])
async def test_a_closed_client_holds_no_connection_whoever_holds_on_to_its_objects(
    etcd: EmbeddedEtcd, scripted: ScriptedEtcd, name: str, ended: str
) -> None:
    """Also where the ends of streams were kept, as causes of errors."""
    async with Proxy(scripted.endpoint) as proxy:
        client = new_client(proxy.endpoint)
        kept: list[object] = [client]
        leader = Moments(client.election(name, ttl=5).campaign("leader"))
        await leader.elected()
        waiter = client.election(name, ttl=5).campaign("waiter")
        session = await client.session(5).__aenter__()
        on_session = client.election(f"{name}-2").campaign("leader", session=session)
        await on_session.wait()
        observer, monitor = await client.election(name).observe(), await client.monitor().__aenter__()
        kept += [leader, waiter, session, on_session, observer, monitor]
        await in_line(client, name, 2)
        if ended == "by the server":
            scripted.end_streams()
            await eventually(lambda: is_so(scripted.calls[WATCH] >= 4), "the watches are opened again")
        elif ended == "by an error":
            kept.append(await failure_of(client, name))
            for listener in [each for member in members_of(client).all for each in member.listeners]:
                listener.give_up("was told so by a test")
            await eventually(lambda: is_so(scripted.calls[WATCH] >= 4), "the watches are opened again")
        assert proxy.open_connections >= 1
        await client.close()
        took = await eventually(lambda: is_so(proxy.open_connections == 0), "no connection is left", 3)
        note(f"streams ended {ended}", closed_after=took)
        assert kept


def members_of(client: Client) -> Members:
    store = client._runtime.store
    assert isinstance(store, store_module.EtcdStore)
    return store._members


async def is_so(condition: bool) -> bool:
    return condition


async def failure_of(client: Client, name: str) -> ElectionError:
    """The error of a call, with all that it refers to."""
    with pytest.raises(ElectionError) as caught:
        await client.election(name, prefix="").campaign("x" * 2_000_000).wait()
    return caught.value


class Names:
    """The system's look-ups of one name, as a test wants them."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.asked = 0
        self.threads: set[int] = set()
        self.answers = threading.Event()
        self.answers.set()
        self._real = socket.getaddrinfo

    def look_up(self, host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if host != "etcd.test":
            return self._real(host, port, *args, **options)
        self.asked += 1
        self.threads.add(threading.get_ident())
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


def at_name(etcd: EmbeddedEtcd) -> str:
    return f"etcd.test:{etcd.endpoint.rpartition(':')[2]}"


async def test_a_look_up_that_hangs_keeps_no_call_longer_than_its_timeout(names: Names, etcd: EmbeddedEtcd) -> None:
    names.answers.clear()
    async with new_client(at_name(etcd), timeout=1) as client:
        for _ in range(2):
            began = time.monotonic()
            results = await asyncio.gather(*(client.election("x").leader() for _ in range(10)), return_exceptions=True)
            assert time.monotonic() - began < 1.3
            assert all(isinstance(each, Unavailable) for each in results)
        assert names.asked == 1


async def test_known_addresses_serve_while_a_look_up_hangs(names: Names, etcd: EmbeddedEtcd) -> None:
    names.addresses = ["127.0.0.1", "127.0.0.2"]
    async with raw_store(at_name(etcd), timeout=2) as store:
        members = store._members
        await store.read(Read(KeyRange(b"x")))
        assert [member.endpoint.partition(" ")[2] for member in members.all] == ["(127.0.0.1)", "(127.0.0.2)"]
        names.answers.clear()
        for member in members.all:
            members.suspect(member)
        began = time.monotonic()
        await store.read(Read(KeyRange(b"x")))
        assert time.monotonic() - began < 1
        began = time.monotonic()
        await store.read(Read(KeyRange(b"x")))
        assert time.monotonic() - began < 0.3
        assert names.asked == 2


async def test_a_look_up_that_fails_forgets_no_address(names: Names, etcd: EmbeddedEtcd) -> None:
    names.addresses = ["127.0.0.1", "127.0.0.2"]
    async with raw_store(at_name(etcd)) as store:
        await store.read(Read(KeyRange(b"x")))
        known, names.addresses = store._members.all, []
        for member in known:
            store._members.suspect(member)
        await store.read(Read(KeyRange(b"x")))
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
            await asyncio.wait_for(store.read(Read(KeyRange(b"x"))), 0.5)
        with pytest.raises(Unavailable, match="no longer what its name stands for"):
            async for _ in watch:
                pass
        await eventually(lambda: is_so(proxy.open_connections == 0), "its connection is closed", 3)
        assert [each.endpoint.partition(" ")[2] for each in store._members.all] == ["(127.0.0.2)", "(127.0.0.3)"]


async def test_every_member_is_closed_whatever_one_of_them_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    members = Members(parse_endpoints("127.0.0.1:1,127.0.0.1:2,127.0.0.1:3"), None)
    closed: list[str] = []

    async def close(member: Member, *why: str) -> None:
        closed.append(member.endpoint)
        if len(closed) == 1:
            raise RuntimeError("of gRPC")

    monkeypatch.setattr(Member, "close", close)
    with pytest.raises(RuntimeError, match="of gRPC"):
        await members.close()
    assert closed == ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]


@pytest.mark.parametrize("waits", ["call", "watch"])
@pytest.mark.parametrize("itself", [False, True])
async def test_only_a_cancellation_of_now_is_passed_on(proxy: Proxy, name: str, waits: str, itself: bool) -> None:
    """A task that goes on after a cancellation of the past is told that the connection was closed.

    One that cancels itself right before it waits is cancelled, although that came before the wait, too.
    """
    store = raw_store(proxy.endpoint)
    async with store as opened, opened.watch([KeyRange(name.encode())]) as watch:
        proxy.stall()
        waiting = asyncio.Event()

        async def wait() -> None:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            if not itself:
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(0)
            waiting.set()
            await (anext(aiter(watch)) if waits == "watch" else opened.read(Read(KeyRange(name.encode()))))

        task = asyncio.create_task(wait())
        await waiting.wait()
        if not itself:
            await asyncio.sleep(0.05)
            await opened.close()
            with pytest.raises(Unavailable):
                await task
        else:
            with pytest.raises(asyncio.CancelledError):
                await task
        proxy.heal()
