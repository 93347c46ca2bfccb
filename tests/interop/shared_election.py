"""One election with the three as candidates, and everybody's observers on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack

from election_core import Client

from .peers import (
    HERE,
    EtcdctlPeer,
    EtcdctlWatcher,
    NodePeer,
    OurPeer,
    OurWatcher,
    Peer,
    Watcher,
    Witness,
    etcdctl,
    running,
)


class SharedElection:
    """What a test does with it, each step waited for by what all observers report.

    Attributes:
        root: the keys' beginning, without the final slash, as etcdctl takes it.
        ours: the observer and the monitor of election_core.
    """

    def __init__(
        self,
        client: Client,
        name: str,
        peers: Sequence[Peer],
        watchers: Sequence[Watcher],
        ours: Sequence[OurWatcher],
        witness: Witness,
    ) -> None:
        self.client, self.name, self.root = client, name, f"election/{name}"
        self._peers = {peer.kind: peer for peer in peers}
        self.ours = ours
        self._watchers, self._witness = [*watchers, *ours], witness

    @property
    def we_lead(self) -> bool:
        """Whether election_core's candidate holds itself for the leader."""
        peer = self._peers["ours"]
        assert isinstance(peer, OurPeer)
        return peer.campaign.is_leader

    async def join(self, kind: str, value: str) -> None:
        """Have it stand in line; returns when its key is there."""
        await self._peers[kind].join(value)
        await self._witness.sees(value)

    async def line_up(self, candidates: Sequence[tuple[str, str]]) -> None:
        """Have them join in this order, the first one an empty election, and so it leads.

        Nobody joins before all observers know the first: out of a vacancy, Node's reports the last candidate that
        came with one message of its watch, leader or not.
        """
        (kind, value), *others = candidates
        await self.join(kind, value)
        await self.leads(kind, value)
        for kind, value in others:
            await self.join(kind, value)

    async def leads(self, kind: str, value: str) -> None:
        """Wait until it knows that it leads, and every observer says so, and nothing else before."""
        await self._peers[kind].elected()
        await self.agreed(value)

    async def leave(self, kind: str, value: str) -> None:
        """Have it resign; returns when its key is gone."""
        await self._peers[kind].leave()
        await self._witness.sees_gone(value)

    async def proclaim(self, kind: str, value: str) -> None:
        await self._peers[kind].proclaim(value)
        await self._witness.sees(value)

    async def agreed(self, value: str | None) -> None:
        """Wait for the next report of every observer that reports such; it must be this one."""
        asked = [watcher for watcher in self._watchers if value is not None or watcher.kind != "etcdctl"]
        found = await asyncio.gather(*(watcher.next_leader() for watcher in asked))
        assert {watcher.kind: report for watcher, report in zip(asked, found, strict=True)} == {
            watcher.kind: value for watcher in asked
        }


async def shared_election(stack: AsyncExitStack, node: str, endpoint: str, name: str) -> SharedElection:
    """Start everything; it ends with the stack."""
    root = f"election/{name}"
    client = await stack.enter_async_context(Client(endpoint))
    async with running(*etcdctl(endpoint, "get", root, "-w", "json")) as tool:
        revision = json.loads(await tool.line())["header"]["revision"]
    witness_words = etcdctl(endpoint, "watch", "--prefix", f"{root}/", f"--rev={revision}", "-w", "json")
    witness = Witness(await stack.enter_async_context(running(*witness_words)))
    node_peer = NodePeer(await stack.enter_async_context(running(node, str(HERE / "peer.js"), endpoint, name)))
    stack.push_async_callback(node_peer.close)
    await node_peer.do("observe")
    listening = await stack.enter_async_context(running(*etcdctl(endpoint, "elect", "-l", root)))
    election = client.election(name)
    observer = await stack.enter_async_context(election.observe())
    monitor = await stack.enter_async_context(client.monitor())
    return SharedElection(
        client,
        name,
        [EtcdctlPeer(endpoint, root, stack), node_peer, OurPeer(election)],
        [EtcdctlWatcher(listening), node_peer],
        [OurWatcher("observer", observer, name), OurWatcher("monitor", monitor, name)],
        witness,
    )
