"""An etcd for one measure alone, and what it says of itself: its CPU time, its streams and their messages."""

from __future__ import annotations

import re
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from electiontui.embedded import EmbeddedEtcd

from .process import cpu_seconds

__all__ = ["Server", "server"]

_COUNTER = re.compile(r'^grpc_server_(\w+)_total\{.*grpc_method="(\w+)".*\} (\S+)$', re.MULTILINE)


class Server:
    """A running etcd.

    Attributes:
        endpoint: ``host:port``.
        pid: of its process.
        binary: the program.
    """

    def __init__(self, etcd: EmbeddedEtcd) -> None:
        self.endpoint, self.pid, self.binary = etcd.endpoint, etcd.members[0].pid, etcd.binary

    @property
    def cpu(self) -> float:
        """CPU seconds used until now."""
        return cpu_seconds(self.pid)

    def counters(self) -> dict[tuple[str, str], float]:
        """gRPC's counters by what is counted (``started``, ``handled``, ``msg_received``, …) and by method."""
        with urllib.request.urlopen(f"http://{self.endpoint}/metrics", timeout=10) as reply:
            text = reply.read().decode()
        found: dict[tuple[str, str], float] = {}
        for what, method, value in _COUNTER.findall(text):
            found[what, method] = found.get((what, method), 0.0) + float(value)
        return found

    def idle(self, seconds: float) -> float:
        """Percent of a core that it uses."""
        before, began = self.cpu, time.monotonic()
        time.sleep(seconds)
        return (self.cpu - before) / (time.monotonic() - began) * 100


@contextmanager
def server(binary: Path) -> Iterator[Server]:
    """A new one: leases that a killed process has left elsewhere cost it nothing."""
    with EmbeddedEtcd(binary=binary) as etcd:
        yield Server(etcd)
