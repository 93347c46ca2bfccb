"""A cluster of real members to be broken, and one whose members can be partitioned from their peers."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from election_core import Client
from electiontui.embedded import EmbeddedEtcd

from ..grpc_proxy import GrpcProxy
from ..servers import binary_for, is_alive, needed_binary
from .proxy import Proxy

__all__ = ["BOTH_WAYS", "Cluster", "Member", "PartitionedCluster", "ProxiedCluster", "start_cluster"]

ELECTION_TIMEOUT = 1.0
"""etcd's default, in seconds. Three of them without a leader end a stream that asked for ``hasleader``."""
BOTH_WAYS = ("direct", "grpc-proxy")
"""Parameters of the fixtures `cluster` and `proxy`: with etcd behind them, or its own proxies in front of it."""


class Member(Protocol):
    """What a client connects to: a member, or a proxy in front of members."""

    @property
    def endpoint(self) -> str: ...

    @property
    def pid(self) -> int: ...

    def kill(self) -> None: ...

    def freeze(self) -> None: ...

    def thaw(self) -> None: ...

    def restart(self) -> None: ...


class Cluster:
    """What the tests do to a cluster all the time."""

    def __init__(self, etcd: EmbeddedEtcd) -> None:
        self.etcd = etcd

    @property
    def members(self) -> Sequence[Member]:
        return self.etcd.members

    def from_first(self, first: Member) -> tuple[str, ...]:
        """All endpoints, beginning with that of the member that a client should talk to."""
        return (first.endpoint, *(member.endpoint for member in self.members if member is not first))

    async def heal(self) -> None:
        """Thaw and restart whatever is not running, and wait until the cluster is whole."""
        for member in self.members:
            if is_alive(member.pid):
                member.thaw()
            else:
                member.restart()
        await asyncio.to_thread(self.etcd.wait_healthy)

    async def raft_leader(self) -> Member:
        """The member that leads the cluster now; there must be one within some seconds."""
        async with asyncio.timeout(15), Client(self.etcd.endpoints, timeout=2) as client:
            while True:
                for status, member in zip(await client.status(), self.members, strict=True):
                    if status.is_raft_leader:
                        return member
                await asyncio.sleep(0.05)

    async def follower(self) -> Member:
        """A member that follows the raft leader."""
        leader = await self.raft_leader()
        return next(member for member in self.members if member is not leader)

    async def member_of(self, role: str) -> Member:
        """The raft leader, or a follower."""
        return await (self.raft_leader() if role == "leader" else self.follower())

    def others(self, *members: Member) -> list[Member]:
        return [member for member in self.members if member not in members]


class ProxiedCluster(Cluster):
    """Proxies of etcd's own in front of a cluster: clients know nothing else, and they are what the tests break."""

    def __init__(self, etcd: EmbeddedEtcd, proxies: Sequence[GrpcProxy]) -> None:
        super().__init__(etcd)
        self._proxies = tuple(proxies)

    @property
    def members(self) -> Sequence[Member]:
        return self._proxies

    async def raft_leader(self) -> Member:
        """The first; none of them leads anything."""
        return self._proxies[0]


def start_cluster(binary: Path | None = None) -> EmbeddedEtcd:
    """Three members, not yet entered; of etcd 3.4, since a member of 3.5.1 that was killed may come back with other
    data than the rest (etcd-io/etcd#13766)."""
    return EmbeddedEtcd(nodes=3, binary=binary or needed_binary("3.4"))


_WRAPPER = """#!{python} -IS
# Has one member announce a proxy in place of its peer port, and tells the proxy where that is.
import os, sys
args = sys.argv[1:]
def value(flag): return args[args.index(flag) + 1]
index = int(value("--name").rpartition("-")[2])
proxies = {proxies!r}.split(",")
with open(os.path.join({folder!r}, f"{{index}}.new"), "w") as file:
    file.write(value("--listen-peer-urls").removeprefix("http://"))
os.replace(file.name, os.path.join({folder!r}, str(index)))
names = [part.partition("=")[0] for part in value("--initial-cluster").split(",")]
members = ",".join(f"{{name}}=http://{{proxy}}" for name, proxy in zip(names, proxies))
args[args.index("--initial-cluster") + 1] = members
args[args.index("--initial-advertise-peer-urls") + 1] = "http://" + proxies[index]
os.execv({binary!r}, [{binary!r}, *args])
"""


def _write_wrapper(folder: Path, proxies: list[str]) -> Path:
    wrapper, binary = folder / "etcd", str(binary_for("3.5"))
    python = os.path.realpath(sys.executable)
    wrapper.write_text(_WRAPPER.format(python=python, folder=str(folder), proxies=",".join(proxies), binary=binary))
    wrapper.chmod(0o755)
    return wrapper


class PartitionedCluster:
    """Three members that reach each other through proxies alone: ``async with PartitionedCluster() as cluster``.

    Members announce a proxy as their peer URL. A connection says in its first request which member it comes from
    (``X-Server-From``), so one member can be cut off in both directions while the others go on.
    """

    # The mutable state: the proxies of the peer ports, by member.

    def __init__(self) -> None:
        self._proxies: list[_PeerProxy] = []
        self._folder = tempfile.TemporaryDirectory(prefix="faults-peers-")

    async def __aenter__(self) -> PartitionedCluster:
        folder = Path(self._folder.name)
        for index in range(3):
            self._proxies.append(await _PeerProxy(folder / str(index)).__aenter__())
        wrapper = _write_wrapper(folder, [proxy.endpoint for proxy in self._proxies])
        self.etcd = await start_cluster(wrapper).__aenter__()
        self.cluster = Cluster(self.etcd)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.etcd.__aexit__(kind, exc, trace)
        for proxy in self._proxies:
            await proxy.__aexit__(kind, exc, trace)
        self._folder.cleanup()

    async def isolate(self, member: Member) -> None:
        """Cut a member off from its peers; clients still reach it."""
        index = next(index for index, each in enumerate(self.etcd.members) if each is member)
        async with Client(member.endpoint) as client:
            member_id = format((await client.status())[0].member_id, "x").encode()
        for each, proxy in enumerate(self._proxies):
            proxy.refuse(None if each == index else member_id)

    def heal(self) -> None:
        """Let all members reach each other again."""
        for proxy in self._proxies:
            proxy.refuse(b"")


class _PeerProxy(Proxy):
    """In front of one member's peer port."""

    # The mutable state: whose connections are refused; nobody's if it is empty, everybody's if it is ``None``.

    inspects = True

    def __init__(self, address: Path) -> None:
        super().__init__("")
        self._address = address
        self._refused: bytes | None = b""

    def refuse(self, member_id: bytes | None) -> None:
        self._refused = member_id
        self.reset()

    def admits(self, first: bytes) -> bool:
        self.target = self._address.read_text()
        if self._refused is None:
            return False
        return not self._refused or b"X-Server-From: " + self._refused not in first
