"""The proxy of drills breaks connections as it says, or drills would prove nothing."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import pytest

from electiontui.drill.network import Proxy

from .faults.test_proxy import Echo, Line


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    async with Echo.running() as echo:
        yield echo


@pytest.fixture
async def proxy(echo: Echo) -> AsyncIterator[Proxy]:
    before = asyncio.all_tasks()
    async with Proxy(echo.endpoint) as proxy:
        yield proxy
    # The server behind it sees the end of its connections a moment later.
    if left := asyncio.all_tasks() - before - {asyncio.current_task()}:
        _, pending = await asyncio.wait(left, timeout=5)
        assert not pending


async def opened(proxy: Proxy) -> Line:
    return Line(*await asyncio.open_connection("127.0.0.1", int(proxy.endpoint.rpartition(":")[2])))


async def ends(line: Line) -> bool:
    """Whether the other side ends the connection, in whatever way."""
    try:
        return await line.ask(b"more") == b""
    except OSError:
        return True


async def test_it_passes_everything_on_and_the_end_too(proxy: Proxy, echo: Echo) -> None:
    line = await opened(proxy)
    assert [await line.ask(b"one"), await line.ask(b"two")] == [b"one", b"two"]
    line.close()
    async with asyncio.timeout(5):
        await echo.ended.wait()


async def test_a_cut_ends_connections_until_it_is_healed(proxy: Proxy, echo: Echo) -> None:
    old, endpoint = await opened(proxy), proxy.endpoint
    assert await old.ask(b"one") == b"one"
    proxy.cut()
    new = await opened(proxy)
    assert await ends(old)
    assert await ends(new)
    async with asyncio.timeout(5):
        await echo.ended.wait()
    proxy.heal()
    assert proxy.endpoint == endpoint
    again = await opened(proxy)
    assert await again.ask(b"two") == b"two"
    assert echo.received == [b"one", b"two"]
    for line in (old, new, again):
        line.close()


async def test_a_black_hole_swallows_and_what_has_lost_bytes_ends_when_it_is_healed(proxy: Proxy, echo: Echo) -> None:
    quiet, old = await opened(proxy), await opened(proxy)
    assert [await quiet.ask(b"zero"), await old.ask(b"one")] == [b"zero", b"one"]
    proxy.black_hole()
    new = await opened(proxy)
    assert await old.is_silent(b"two")
    assert await new.is_silent(b"three")
    proxy.heal()
    assert await ends(old)
    assert await ends(new)
    assert await quiet.ask(b"four") == b"four"
    assert echo.received == [b"zero", b"one", b"four"]
    for line in (quiet, old, new):
        line.close()


async def test_answers_are_late_and_in_order(proxy: Proxy) -> None:
    line = await opened(proxy)
    proxy.slow(2)
    began = time.monotonic()
    assert await line.ask(b"one") == b"one"
    assert 2 <= time.monotonic() - began < 5
    proxy.heal()
    began = time.monotonic()
    assert await line.ask(b"two") == b"two"
    assert time.monotonic() - began < 2
    line.close()


async def test_a_server_that_refuses_is_a_connection_that_ends(echo: Echo) -> None:
    # A port that is bound and not listened on refuses, and goes to no other test.
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        async with Proxy(f"127.0.0.1:{holder.getsockname()[1]}") as proxy:
            line = await opened(proxy)
            assert await ends(line)
            line.close()
