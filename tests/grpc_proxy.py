"""etcd's own proxy, ``etcd grpc-proxy start``, in front of servers: to be used, broken and mended as a member is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from .servers import clean_environment, held_port, is_alive, wait_until

__all__ = ["GrpcProxy"]

HOST = "127.0.0.1"
_LISTENING = "0A"
_DIES_WITH_US = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""
"""Run before the proxy in its process. As a ``preexec_fn`` it would have Python fork, and a fork of a process in which
gRPC is busy crashes before it becomes another program: one child in three, and nobody is told."""


class GrpcProxy:
    """Runs as long as it is entered, on a port that the kernel has chosen and that stays its own.

    Args:
        binary: the etcd that has the proxy.
        endpoints: of the servers behind it.
        namespace: what it puts before every key.

    Attributes:
        endpoint: ``host:port`` for clients.
        pid: of its process.
    """

    # The mutable state: the process, and what keeps the port while there is none.

    def __init__(self, binary: Path, endpoints: Sequence[str], namespace: str = "") -> None:
        self._words = [str(binary), "grpc-proxy", "start", "--endpoints", ",".join(endpoints)]
        self._words += ["--namespace", namespace] if namespace else []
        self._process: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return f"<GrpcProxy {self.endpoint} pid {self.pid}>"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End it at once; it stays down until `restart`."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Stop its process: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """Start it again on its port, ended or not; returns when it listens."""
        self.kill()
        self._start()

    def __enter__(self) -> GrpcProxy:
        self._folder = tempfile.TemporaryDirectory(prefix="grpc-proxy-")
        self._hold = ExitStack()
        self.port = self._hold.enter_context(held_port())
        self.endpoint = f"{HOST}:{self.port}"
        self._start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.kill()
        self._hold.close()
        self._folder.cleanup()

    def _start(self) -> None:
        folder = Path(self._folder.name)
        words = [sys.executable, "-ISc", _DIES_WITH_US, str(os.getpid()), *self._words]
        words += ["--listen-addr", self.endpoint, "--advertise-client-url", self.endpoint]
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(words, cwd=folder, env=clean_environment(), stdout=log, stderr=log)
        try:
            wait_until(self._listens_or_ended, "the proxy listens", 20)
            assert is_alive(self.pid), f"the proxy has ended: {(folder / 'log').read_text()[-1000:]}"
        except BaseException:
            self.kill()
            raise

    def _listens_or_ended(self) -> bool:
        return not is_alive(self.pid) or listens(self.pid, self.port)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)


def listens(pid: int, port: int) -> bool:
    """Whether it is this very process that listens on the port."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {
        f"socket:[{row[9]}]" for row in rows if row[3] == _LISTENING and int(row[1].partition(":")[2], 16) == port
    }
    found = set()
    with suppress(FileNotFoundError):
        for each in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                found.add(str(each.readlink()))
    return bool(inodes & found)
