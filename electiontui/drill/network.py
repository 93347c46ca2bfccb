"""A connection that can be broken: a TCP proxy between one candidate and one member.

::

    async with Proxy("127.0.0.1:2379") as proxy:
        client = Client(proxy.endpoint)
        proxy.black_hole()      # from now on nothing arrives and nothing is answered
        proxy.heal()

All switches work at once, on open connections and on new ones, from the event loop that entered the proxy.
"""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from types import TracebackType
from typing import Self

__all__ = ["Proxy"]

HOST = "127.0.0.1"
_CHUNK = 65536
_QUEUED = 64

_Late = asyncio.Queue[tuple[float, bytes]]


class _Link:
    """One client's connection."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.has_lost = False
        """Whether bytes were swallowed: what follows on them is lost, too, since the gap could go unnoticed."""


class Proxy:
    """Forwards connections to ``target``, a ``host:port``, until told otherwise."""

    # The mutable state: what happens to bytes now, and the connections with the task of each.

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._server: asyncio.Server | None = None
        self._links: dict[asyncio.Task[None] | None, _Link] = {}
        self._refuses = self._swallows = False
        self._delay = 0.0

    @property
    def endpoint(self) -> str:
        """``host:port`` for the client; the same as long as the proxy is entered."""
        assert self._server is not None
        return f"{HOST}:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """End every connection, and each new one at once."""
        self._refuses = True
        for link in self._links.values():
            link.over.set()

    def black_hole(self) -> None:
        """Accept connections and swallow what is sent; nothing is lost visibly, nothing is answered."""
        self._swallows = True

    def slow(self, seconds: float) -> None:
        """Deliver the answers from now on that much later, in order."""
        self._delay = seconds

    def heal(self) -> None:
        """Pass everything on again; connections that have lost bytes end, since they could only go on corrupted."""
        self._refuses = self._swallows = False
        self._delay = 0.0
        for link in self._links.values():
            if link.has_lost:
                link.over.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, HOST, 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        if tasks := [task for task in self._links if task is not None]:
            await asyncio.wait(tasks)

    async def _accepted(self, reader: StreamReader, writer: StreamWriter) -> None:
        task, link = asyncio.current_task(), _Link()
        self._links[task] = link
        try:
            if not self._refuses:
                await self._serve(reader, writer, link)
        finally:
            del self._links[task]
            writer.transport.abort()

    async def _serve(self, reader: StreamReader, writer: StreamWriter, link: _Link) -> None:
        if self._swallows:
            link.has_lost = True
            await link.over.wait()
            return
        try:
            answers, requests = await asyncio.open_connection(self._host, self._port)
        except OSError:
            return  # as the member refuses it
        tasks = [
            asyncio.create_task(self._pump(reader, requests, link, late=False)),
            asyncio.create_task(self._pump(answers, writer, link, late=True)),
            asyncio.create_task(link.over.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            requests.transport.abort()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(self, source: StreamReader, sink: StreamWriter, link: _Link, *, late: bool) -> None:
        """Read at once and write when it is due, so that a delay is a delay and no slower line."""
        queue = _Late(_QUEUED)
        reading = asyncio.create_task(self._read(source, queue, late=late))
        try:
            with suppress(OSError):
                await self._write(queue, sink, link)
        finally:
            reading.cancel()

    async def _read(self, source: StreamReader, queue: _Late, *, late: bool) -> None:
        loop, data = asyncio.get_running_loop(), b"nothing yet"
        while data:
            try:
                data = await source.read(_CHUNK)
            except OSError:
                data = b""
            await queue.put((loop.time() + (self._delay if late else 0.0), data))

    async def _write(self, queue: _Late, sink: StreamWriter, link: _Link) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, data = await queue.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            if self._swallows or link.has_lost:
                link.has_lost = True
            elif data:
                sink.write(data)
                await sink.drain()
            else:
                return
