"""An etcd for one measure alone, and what it says of itself: its CPU time, its streams and their messages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from electiontui.embedded import EmbeddedEtcd
from tests.metrics import Counted, grpc_counters

from .process import cpu_seconds

__all__ = ["Server", "server"]


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

    def counters(self) -> Counted:
        """What it counts of the streams on it."""
        return grpc_counters(self.endpoint)

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
