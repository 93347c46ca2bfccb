"""A TCP proxy between one client and one server, to break the connection in every way that networks do.

::

    async with Proxy("127.0.0.1:2379") as proxy:
        client = Client(proxy.endpoint)
        proxy.black_hole()      # from now on nothing arrives and nothing is answered
        proxy.heal()

All switches work at once, on open connections and on new ones, from the event loop that entered the proxy.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Literal, Self

__all__ = ["Direction", "Proxy"]

Direction = Literal["requests", "replies", "both"]

HOST = "127.0.0.1"
_CHUNK = 65536


class Proxy:
    """Forwards connections to ``target`` until told otherwise.

    Attributes:
        target: ``host:port`` of the server; it may be changed, for new connections.
        accepted: how many connections were accepted so far.
    """

    # The mutable state: what happens to bytes now, the connections, and what is looked for in replies.

    def __init__(self, target: str) -> None:
        self.target = target
        self.accepted = 0
        self._holder: socket.socket | None = None
        self._listener: _Listener | None = None
        self._connections: set[_Connection] = set()
        self._trigger: tuple[bytes, Callable[[], None]] | None = None
        self._delays = {"requests": 0.0, "replies": 0.0}
        self._swallowed: set[str] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()

    def __repr__(self) -> str:
        return f"<Proxy {self.endpoint} to {self.target}, {len(self._connections)} connections>"

    @property
    def endpoint(self) -> str:
        """``host:port`` for the client; the same as long as the proxy is entered."""
        assert self._holder is not None
        return f"{HOST}:{self._holder.getsockname()[1]}"

    @property
    def open_connections(self) -> int:
        """How many connections clients hold open."""
        return len(self._connections)

    def cut(self) -> None:
        """Reset every connection and refuse new ones."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self.reset()

    def reset(self) -> None:
        """Reset every connection; new ones are served."""
        for connection in tuple(self._connections):
            connection.reset()

    def black_hole(self, direction: Direction = "both") -> None:
        """Accept connections and swallow what is sent; nothing is lost visibly, nothing is answered."""
        self._swallowed |= set(_directions(direction))

    def stall(self) -> None:
        """Hold back what is sent both ways; `heal` delivers it, late, as TCP does after a partition."""
        self._flowing.clear()

    def delay(self, seconds: float, direction: Direction = "replies") -> None:
        """Deliver what is sent from now on that much later, in order."""
        for each in _directions(direction):
            self._delays[each] = seconds

    def half_open(self) -> None:
        """Close the server's side of the open connections and tell the client nothing; new ones are served."""
        for connection in tuple(self._connections):
            connection.abandon()

    def after_reply(self, marker: bytes, action: Callable[[], None]) -> None:
        """Call ``action`` once, right after a reply that holds ``marker`` was passed on."""
        self._trigger = (marker, action)

    def heal(self) -> None:
        """Pass everything on again. Connections that have lost bytes are reset: they could only go on corrupted."""
        self._delays = dict.fromkeys(self._delays, 0.0)
        self._swallowed.clear()
        self._trigger = None
        for connection in tuple(self._connections):
            if connection.has_lost:
                connection.reset()
        self._flowing.set()
        self._listen()

    inspects = False
    """Whether a client's first bytes are waited for and shown to `admits` before the server is connected."""

    def admits(self, first: bytes) -> bool:
        """Whether a connection that begins with these bytes may go on."""
        return True

    async def __aenter__(self) -> Self:
        # The holder never listens. It keeps the port, so that a cut proxy refuses and nobody else takes it.
        self._holder = _bound(0)
        self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        open_ones = tuple(self._connections)
        self.cut()
        for connection in open_ones:
            await connection.ended()
        assert self._holder is not None
        self._holder.close()

    def _listen(self) -> None:
        if self._listener is not None or self._holder is None:
            return
        listening = _bound(self._holder.getsockname()[1])
        listening.listen(128)
        self._listener = _Listener(listening, self._accepted)

    def _accepted(self, client: socket.socket) -> None:
        self.accepted += 1
        self._connections.add(_Connection(self, client))

    def _passed(self, reply: bytes) -> None:
        if self._trigger is not None and self._trigger[0] in reply:
            (_, action), self._trigger = self._trigger, None
            action()


class _Listener:
    """Accepts connections as bare sockets, and stops at once: a closed asyncio.Server may accept one more."""

    def __init__(self, listening: socket.socket, accepted: Callable[[socket.socket], None]) -> None:
        self._socket, self._accepted = listening, accepted
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(listening, self._accept)

    def _accept(self) -> None:
        with suppress(BlockingIOError, ConnectionAbortedError):
            client, _ = self._socket.accept()
            client.setblocking(False)
            self._accepted(client)

    def close(self) -> None:
        self._loop.remove_reader(self._socket)
        self._socket.close()


class _Connection:
    """One client's connection and the one to the server that belongs to it."""

    # The mutable state: the sockets, the task that serves them, and in which directions bytes were swallowed.

    def __init__(self, proxy: Proxy, client: socket.socket) -> None:
        self._proxy, self._client = proxy, client
        self._server: socket.socket | None = None
        self._lost: set[str] = set()
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"proxy to {proxy.target}")
        self._task.add_done_callback(self._close)

    @property
    def has_lost(self) -> bool:
        return bool(self._lost)

    def reset(self) -> None:
        """End it with a reset on both sides."""
        for each in (self._client, self._server):
            if each is not None and each.fileno() >= 0:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._task.cancel()

    def abandon(self) -> None:
        """Close the server's side only."""
        self._lost |= {"requests", "replies"}
        if self._server is not None:
            with suppress(OSError):
                self._server.shutdown(socket.SHUT_RDWR)

    async def ended(self) -> None:
        await asyncio.wait({self._task})

    async def _run(self) -> None:
        try:
            if "requests" in self._proxy._swallowed:
                self._lost.add("requests")
                await asyncio.Event().wait()
            first = await asyncio.get_running_loop().sock_recv(self._client, _CHUNK) if self._proxy.inspects else b""
            if not self._proxy.admits(first):
                return
            self._server = await self._connect()
            await asyncio.get_running_loop().sock_sendall(self._server, first)
            await self._pump_both(self._server)
        except OSError:
            return  # the server refused the connection

    def _close(self, _: asyncio.Task[None]) -> None:
        # Once the task is done, the loop has let go of the sockets, even if it was cancelled twice or never ran.
        self._proxy._connections.discard(self)
        for each in (self._client, self._server):
            if each is not None:
                each.close()

    async def _connect(self) -> socket.socket:
        host, _, port = self._proxy.target.rpartition(":")
        server = socket.socket()
        server.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(server, (host, int(port)))
        except BaseException:
            server.close()
            raise
        for each in (server, self._client):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return server

    async def _pump_both(self, server: socket.socket) -> None:
        async with asyncio.TaskGroup() as group:
            pumps = [
                group.create_task(self._pump(self._client, server, "requests")),
                group.create_task(self._pump(server, self._client, "replies")),
            ]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()

    async def _pump(self, source: socket.socket, sink: socket.socket, direction: str) -> None:
        """Read at once and write when it is due, so that a delay is a delay and no slower line."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(source, queue, direction))
            await self._write(queue, sink, direction)

    async def _read(self, source: socket.socket, queue: asyncio.Queue[tuple[float, bytes]], direction: str) -> None:
        loop, data = asyncio.get_running_loop(), b"nothing yet"
        while data:
            try:
                data = await loop.sock_recv(source, _CHUNK)
            except OSError:
                data = b""
            queue.put_nowait((loop.time() + self._proxy._delays[direction], data))

    async def _write(self, queue: asyncio.Queue[tuple[float, bytes]], sink: socket.socket, direction: str) -> None:
        """Until the end of the other side, which is kept back like anything else."""
        loop, proxy = asyncio.get_running_loop(), self._proxy
        while True:
            due, data = await queue.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            await proxy._flowing.wait()
            # What follows on lost bytes is lost, too: a gap in between could go unnoticed.
            if direction in proxy._swallowed or direction in self._lost:
                self._lost.add(direction)
                continue
            if not data:
                return
            try:
                await loop.sock_sendall(sink, data)
            except OSError:
                return
            if direction == "replies":
                proxy._passed(data)


def _directions(direction: Direction) -> tuple[str, ...]:
    return ("requests", "replies") if direction == "both" else (direction,)


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.setblocking(False)
    bound.bind((HOST, port))
    return bound
