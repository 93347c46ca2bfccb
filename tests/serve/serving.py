"""A server of dashboards in this process, and what a visitor of it sees."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
from aiohttp import web

from electiontui.commands.settings import Settings
from electiontui.serve.gate import LOOPBACK
from electiontui.serve.server import DashboardServer

TOKEN = "the-token-of-the-tests"
_PATIENCE = 40.0
CONTROL = re.compile(rb"\x1b\[[^a-zA-Z]*[a-zA-Z]|\x1b[^\[]")


class Serving(NamedTuple):
    """A server that listens on a free port."""

    server: DashboardServer
    settings: Settings
    place: str
    """Host and port."""

    @property
    def origin(self) -> str:
        return f"http://{self.place}"

    @property
    def page(self) -> str:
        return f"{self.origin}/{TOKEN}/"

    def pids(self) -> list[int]:
        """The visitors' processes."""
        return [each._process.pid for each in self.server.visitors if each._process is not None]


@asynccontextmanager
async def serving(
    endpoint: str, prefix: str = "election/", *, most: int = 4, read_only: bool = True, **more: Any
) -> AsyncIterator[Serving]:
    """Serve the dashboards of an etcd."""
    settings = Settings((endpoint,), (prefix,), read_only=read_only, **more)
    server = DashboardServer(settings, TOKEN, LOOPBACK, most)
    runner = web.AppRunner(await server.make_app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield Serving(server, settings, f"127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()


class Visit:
    """A websocket as the page opens it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._drawn = b""

    async def type(self, keys: str) -> None:
        await self.socket.send_json(["stdin", keys])

    async def until(self, shown: str) -> None:
        """Wait until a text is drawn, after what was waited for before."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while shown.encode() not in self._plain():
                    message = await self.socket.receive()
                    assert message.type is aiohttp.WSMsgType.BINARY, message
                    self._drawn += message.data
        except TimeoutError:
            pytest.fail(f"{shown!r} was not drawn, but {self._plain()[-3000:]!r}")
        self._drawn = b""

    async def until_closed(self) -> None:
        async for _ in self.socket:
            pass

    def _plain(self) -> bytes:
        return CONTROL.sub(b"", self._drawn)


@asynccontextmanager
async def visit(to: Serving, size: str = "?width=140&height=40") -> AsyncIterator[Visit]:
    """Visit it as its page does."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{to.page}ws{size}", headers={"Origin": to.origin}, max_msg_size=0) as socket,
    ):
        yield Visit(socket)


def told_to(pid: int, what: str = "environ") -> list[bytes]:
    """A process's environment, or its command line as ``cmdline``."""
    return Path(f"/proc/{pid}/{what}").read_bytes().split(b"\0")
