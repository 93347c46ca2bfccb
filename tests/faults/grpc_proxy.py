"""etcd's own proxy, ``etcd grpc-proxy start``, as a process in front of a server."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
from pathlib import Path
from types import TracebackType

from election_core import Client, Unavailable

from ..servers import clean_environment

__all__ = ["GrpcProxy"]


class GrpcProxy:
    """``async with GrpcProxy(binary, etcd.endpoint) as proxy``; ready when entered.

    Attributes:
        endpoint: ``host:port`` for clients.
    """

    def __init__(self, binary: Path, target: str, *flags: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.endpoint = f"127.0.0.1:{free.getsockname()[1]}"
        self._command = [
            *(str(binary), "grpc-proxy", "start", "--endpoints", target, "--listen-addr", self.endpoint),
            *flags,
        ]

    async def __aenter__(self) -> GrpcProxy:
        self._process = self._start()
        async with asyncio.timeout(15), Client(self.endpoint, timeout=1) as client:
            while True:
                try:
                    await client.election("ready").leader()
                except Unavailable:
                    assert self._process.poll() is None, "the proxy has ended"
                else:
                    return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        await asyncio.to_thread(self._process.wait)

    def freeze(self) -> None:
        """Stop its process: connections stay open and nothing answers."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def _start(self) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        return subprocess.Popen(self._command, stdout=quiet, stderr=quiet, env=clean_environment())
