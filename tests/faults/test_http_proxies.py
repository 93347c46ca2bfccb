"""HTTP proxies in the environment: who is asked for what, and who is blamed when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from election_core import Unavailable
from electiontui.embedded import EmbeddedEtcd

from .clients import new_client

VARIABLES = ("grpc_proxy", "https_proxy", "http_proxy", "no_grpc_proxy", "no_proxy")


class HttpProxy:
    """Connects every name to one etcd, or refuses to.

    Attributes:
        asked: the request lines it was sent.
        target: ``host:port`` of the etcd; empty to refuse.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.target = ""

    async def __aenter__(self) -> HttpProxy:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.endpoint = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(request.decode().splitlines()[0])
            if self.target:
                await self._tunnel(reader, writer)
            else:
                writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
                await writer.drain()
        finally:
            writer.close()

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self.target.rpartition(":")
        there, back = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(reader, back))
                group.create_task(_pump(there, writer))
        finally:
            back.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    sink.close()


@pytest.fixture
async def http_proxy(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[HttpProxy]:
    """A proxy that nobody is told of yet, in an environment without any other."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    async with HttpProxy() as proxy:
        yield proxy


@pytest.mark.parametrize("variable", ["grpc_proxy", "https_proxy", "http_proxy"])
async def test_no_proxy_is_asked_for_what_stays_on_this_machine(
    http_proxy: HttpProxy, etcd: EmbeddedEtcd, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, f"http://{http_proxy.endpoint}")
    port = etcd.endpoint.rpartition(":")[2]
    for endpoint in (etcd.endpoint, f"localhost:{port}"):
        async with new_client(endpoint) as client:
            assert await client.election("x").leader() is None
    assert http_proxy.asked == []


@pytest.mark.parametrize("variable", ["grpc_proxy", "https_proxy", "http_proxy"])
async def test_a_proxy_that_refuses_is_named_without_its_password(
    http_proxy: HttpProxy, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, f"http://user:secret@{http_proxy.endpoint}")
    async with new_client("etcd.invalid:2379", timeout=1) as client:
        with pytest.raises(Unavailable) as caught:
            await client.election("x").leader()
        (status,) = await client.status()
    assert set(http_proxy.asked) == {"CONNECT etcd.invalid:2379 HTTP/1.1"}
    for said in (str(caught.value), status.error):
        assert f"through the HTTP proxy http://{http_proxy.endpoint} (from {variable}; " in said
        assert "the proxy does not connect to it" in said
        assert "secret" not in said


async def test_a_proxy_that_connects_is_no_hindrance(
    http_proxy: HttpProxy, etcd: EmbeddedEtcd, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("https_proxy", f"http://{http_proxy.endpoint}")
    http_proxy.target = etcd.endpoint
    async with new_client("etcd.invalid:2379") as client:
        campaign = await client.election(name).campaign("leader")
        assert await client.election(name).leader() == "leader"
        await campaign.resign()
    assert http_proxy.asked == ["CONNECT etcd.invalid:2379 HTTP/1.1"]


@pytest.mark.parametrize("variable", ["no_proxy", "no_grpc_proxy"])
@pytest.mark.parametrize("exceptions", ["etcd.invalid", ".invalid", "*"])
async def test_exceptions_are_honoured(
    http_proxy: HttpProxy, monkeypatch: pytest.MonkeyPatch, variable: str, exceptions: str
) -> None:
    monkeypatch.setenv("http_proxy", f"http://{http_proxy.endpoint}")
    monkeypatch.setenv(variable, exceptions)
    async with new_client("etcd.invalid:2379", timeout=1) as client:
        with pytest.raises(Unavailable) as caught:
            await client.election("x").leader()
    assert http_proxy.asked == []
    assert "proxy" not in str(caught.value)
