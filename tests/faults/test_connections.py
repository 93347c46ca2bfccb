"""What a client holds open, and what it gives up: watches that nobody reads, and its own end."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest

from election_core import Client, Unavailable
from election_core.config import parse_endpoints
from election_core.errors import ElectionError
from election_core.etcd import store as store_module
from election_core.etcd.member import Member
from election_core.etcd.members import Members
from election_core.etcd.watch import EtcdWatch
from election_core.store import KeyRange, Put, Read, WatchStream
from electiontui.embedded import EmbeddedEtcd

from .clients import Moments, Raw, eventually, holds, in_line, new_client, note, raw_store
from .proxy import Proxy
from .scripted import WATCH, ScriptedEtcd

PATIENCE = 2.0
"""Seconds that a watch waits for a sign of life: a machine that is busy may be silent for a part of one, too."""


async def test_a_watch_that_nobody_reads_outlives_every_patience(proxy: Proxy, etcd: EmbeddedEtcd, name: str) -> None:
    """A first read may take longer than a watch waits for a sign of life. Nothing is wrong with the member."""
    key = f"{name}/key".encode()
    async with raw_store(proxy.endpoint, timeout=PATIENCE) as store, store.watch([KeyRange(key)]) as watch:
        # Longer than it takes to ask for a sign of life and to miss it.
        await asyncio.sleep(1 + PATIENCE + 1 + 1)
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
    async with raw_store(proxy.endpoint, timeout=PATIENCE) as store, store.watch([KeyRange(name.encode())]) as watch:
        await asyncio.sleep(1.5)
        proxy.stall()
        began = time.monotonic()
        with pytest.raises(Unavailable, match="silent for too long"):
            async for _ in watch:
                pass
        assert time.monotonic() - began < 1 + PATIENCE + 3 * 1
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
        took = await eventually(lambda: is_so(proxy.open_connections == 0), "no connection is left", 10)
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


async def test_a_client_that_is_closed_leaves_nothing_running(
    etcd: EmbeddedEtcd, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither for what is not read, nor for what is."""
    monkeypatch.setattr("election_core.etcd.watch._ROOM", 30_000)
    before = asyncio.all_tasks()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(raw_store(etcd.endpoint))
        keys = [KeyRange.prefix(name.encode())]
        shared = await stack.enter_async_context(store.watch(keys))
        wide = await stack.enter_async_context(store.watch(keys, wide=True))
        assert isinstance(shared, EtcdWatch)
        assert isinstance(wide, EtcdWatch)
        for _ in range(5):
            await Raw(store).do(Put(f"{name}/a".encode(), bytes(10_000), 0))
        await holds(lambda: wide._size <= 50_000, 0.1)
        await store.close()
        ours = [each for each in asyncio.all_tasks() - before if "election_core" in repr(each)]
        assert not ours
        for watch in (shared, wide):
            with pytest.raises(Unavailable):
                await read_all(watch)


async def read_all(watch: WatchStream) -> None:
    """Read until it ends, which it must."""
    async with asyncio.timeout(10):
        async for _ in watch:
            pass


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
