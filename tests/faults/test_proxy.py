"""The proxy breaks connections as it says, or the other tests would prove nothing."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .proxy import Proxy


@dataclass
class Echo:
    """A server that answers everything with itself, and knows what it received."""

    received: list[bytes] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    endpoint: str = ""

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator[Echo]:
        echo = cls()
        async with await asyncio.start_server(echo.serve, "127.0.0.1", 0) as server:
            echo.endpoint = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield echo

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(100):
                self.received.append(data)
                self.heard.set()
                writer.write(data)
        except ConnectionResetError:
            pass
        finally:
            self.ended.set()
            writer.close()


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    async with Echo.running() as echo:
        yield echo


@pytest.fixture
async def proxy(echo: Echo) -> AsyncIterator[Proxy]:
    async with Proxy(echo.endpoint) as proxy:
        yield proxy


class Line:
    """A client's connection through the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, proxy: Proxy) -> Line:
        return cls(*await asyncio.open_connection("127.0.0.1", int(proxy.endpoint.rpartition(":")[2])))

    async def ask(self, text: bytes, within: float = 5) -> bytes:
        self._writer.write(text)
        async with asyncio.timeout(within):
            return await self._reader.read(100)

    async def is_silent(self, text: bytes) -> bool:
        """Whether nothing comes back for a while, not even an end."""
        try:
            return not await self.ask(text, within=0.3) and False
        except TimeoutError:
            return True

    def close(self) -> None:
        self._writer.close()


async def test_it_passes_everything_on(proxy: Proxy) -> None:
    line = await Line.open(proxy)
    assert await line.ask(b"one") == b"one"
    assert await line.ask(b"two") == b"two"
    assert (proxy.accepted, proxy.open_connections) == (1, 1)
    line.close()


async def test_a_cut_resets_and_refuses_until_it_is_healed(proxy: Proxy, echo: Echo) -> None:
    line, endpoint = await Line.open(proxy), proxy.endpoint
    assert await line.ask(b"one") == b"one"
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        await line.ask(b"two")
    async with asyncio.timeout(5):
        await echo.ended.wait()
    with pytest.raises(ConnectionRefusedError):
        await Line.open(proxy)
    proxy.heal()
    assert proxy.endpoint == endpoint
    again = await Line.open(proxy)
    assert await again.ask(b"three") == b"three"
    line.close()
    again.close()


async def test_a_black_hole_accepts_and_answers_nothing(proxy: Proxy, echo: Echo) -> None:
    old = await Line.open(proxy)
    assert await old.ask(b"one") == b"one"
    proxy.black_hole()
    assert await old.is_silent(b"two")
    new = await Line.open(proxy)
    assert await new.is_silent(b"three")
    assert echo.received == [b"one"]
    proxy.heal()
    for line in (old, new):
        with pytest.raises(ConnectionResetError):
            await line.ask(b"four")
        line.close()


async def test_a_black_hole_may_be_one_way(proxy: Proxy, echo: Echo) -> None:
    line = await Line.open(proxy)
    proxy.black_hole("replies")
    assert await line.is_silent(b"one")
    async with asyncio.timeout(5):
        await echo.heard.wait()
    assert echo.received == [b"one"]
    line.close()


async def test_a_stall_holds_everything_back(proxy: Proxy, echo: Echo) -> None:
    line = await Line.open(proxy)
    assert await line.ask(b"one") == b"one"
    proxy.stall()
    assert await line.is_silent(b"two")
    assert echo.received == [b"one"]
    proxy.heal()
    assert await line.ask(b"") == b"two"
    line.close()


@pytest.mark.parametrize("direction", ["requests", "replies"])
async def test_a_delay_is_a_delay_and_no_slower_line(proxy: Proxy, direction: str) -> None:
    line = await Line.open(proxy)
    proxy.delay(0.3, direction)  # type: ignore[arg-type]
    began = time.monotonic()
    assert await line.ask(b"one") == b"one"
    assert 0.3 <= time.monotonic() - began < 2
    line.close()


async def test_half_open_ends_the_servers_side_alone(proxy: Proxy, echo: Echo) -> None:
    line = await Line.open(proxy)
    assert await line.ask(b"one") == b"one"
    proxy.half_open()
    async with asyncio.timeout(5):
        await echo.ended.wait()
    assert await line.is_silent(b"two")
    new = await Line.open(proxy)
    assert await new.ask(b"three") == b"three"
    line.close()
    new.close()


async def test_it_acts_right_after_a_reply(proxy: Proxy) -> None:
    line = await Line.open(proxy)
    proxy.after_reply(b"cre", proxy.cut)
    assert await line.ask(b"one") == b"one"
    assert await line.ask(b"created") == b"created"
    with pytest.raises(ConnectionResetError):
        await line.ask(b"two")
    line.close()


async def test_a_server_that_refuses_is_a_connection_that_ends(proxy: Proxy) -> None:
    with socket.socket() as mute:  # it never listens, and keeps the port from everybody who would
        mute.bind(("127.0.0.1", 0))
        proxy.target = f"127.0.0.1:{mute.getsockname()[1]}"
        line = await Line.open(proxy)
        assert await line.ask(b"") == b""
        line.close()


@pytest.mark.parametrize("turns", range(8))
async def test_a_connection_that_is_reset_again_while_it_ends_keeps_no_socket(echo: Echo, turns: int) -> None:
    before = _open_files()
    async with Proxy(echo.endpoint) as proxy:
        line = await Line.open(proxy)
        assert await line.ask(b"x") == b"x"
        proxy.reset()
        for _ in range(turns):
            await asyncio.sleep(0)
        proxy.reset()
        async with asyncio.timeout(5):
            await echo.ended.wait()
        line.close()
    assert _open_files() == before


def _open_files() -> set[str]:
    """The sockets of this process."""
    links = (os.readlink(each) for each in Path("/proc/self/fd").iterdir() if each.is_symlink())
    return {each for each in links if each.startswith("socket:")}
