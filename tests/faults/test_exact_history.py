"""The monitor's and the observers' transitions are those of etcd's own history, whatever the network does.

A random workload writes candidates by raw requests; some elections begin and end while the connection is cut.
Afterwards the history is read from etcd, from its first revision on, and the transitions are computed from it by a
dozen lines that share nothing with the product.
Every run draws the same writes and faults; FAULT_SEED draws others, FAULT_ROUNDS makes it longer.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from election_core.core.model import Candidate, KeyPut, Revision, Transition
from election_core.etcd import EtcdStore
from election_core.shell.subscription import Subscription
from election_core.store import Delete, KeyRange, Op, Put
from electiontui.embedded import EmbeddedEtcd

from .clients import ROUNDS, Raw, compact, eventually, new_client, note, raw_store
from .proxy import Proxy

NAMES = ("a", "b", "c/d")
TIMEOUT = 2.0
"""Of the client. Its subscriptions begin before anything breaks, and that must not fail on a machine that is busy."""
Step = tuple[str, int, Candidate | None, Candidate | None]
"""Election, revision, leader before, leader after."""


@dataclass
class Workload:
    """Writes candidates of some elections: they join, proclaim, leave one by one, together, or with their lease."""

    raw: Raw
    prefix: str
    rng: random.Random

    def __post_init__(self) -> None:
        self.live: dict[str, int] = {}
        self.unseen: list[str] = []
        self.writes = 0
        self.last = 0

    @property
    def names(self) -> list[str]:
        """Every election so far."""
        return [*NAMES, *self.unseen]

    async def step(self) -> None:
        """One write, sometimes of several keys at one revision."""
        self.writes += 1
        choice = self.rng.random()
        if choice < 0.1 and self.live:
            lease_id = self.live[self.rng.choice(sorted(self.live))]
            await self.raw.store.revoke(lease_id)
            self.live = {key: lease for key, lease in self.live.items() if lease != lease_id}
            return
        ops = [await self._op() for _ in range(self.rng.choice((1, 1, 1, 2, 4)))]
        self.last = await self.raw.do(*{op.key: op for op in ops if not isinstance(op, str)}.values())

    async def come_and_go(self) -> int:
        """Begin and end an election of which nothing was heard before; the revision of its end."""
        name = f"unseen-{len(self.unseen)}"
        self.unseen.append(name)
        lease_id = secrets.randbits(62) + 1
        await self.raw.store.grant(lease_id, 600)
        key = f"{self.prefix}{name}/{lease_id:x}".encode()
        await self.raw.do(Put(key, b"unseen", lease_id))
        return await self.raw.do(Delete(key))

    async def _op(self) -> Put | Delete:
        if self.live and self.rng.random() < 0.5:
            key = self.rng.choice(sorted(self.live))
            if self.rng.random() < 0.7:
                del self.live[key]
                return Delete(key.encode())
            return Put(key.encode(), str(self.writes).encode(), self.live[key])
        lease_id = await self._lease()
        key = f"{self.prefix}{self.rng.choice(NAMES)}/{lease_id:x}"
        self.live[key] = lease_id
        return Put(key.encode(), str(self.writes).encode(), lease_id)

    async def _lease(self) -> int:
        if self.live and self.rng.random() < 0.4:
            return self.live[self.rng.choice(sorted(self.live))]
        lease_id = secrets.randbits(62) + 1
        await self.raw.store.grant(lease_id, 600)
        return lease_id

    async def end(self) -> None:
        """A last leader in each election, by which one can tell that all was seen; then its leases go."""
        if self.live:
            await self.raw.do(*(Delete(key.encode()) for key in sorted(self.live)))
        lease_id = await self._lease()
        ops: list[Op] = [Put(f"{self.prefix}{name}/{lease_id:x}".encode(), b"end", lease_id) for name in self.names]
        self.last = await self.raw.do(*ops)


async def history(store: EtcdStore, prefix: str, first: int, last: int) -> list[Revision]:
    """Everything etcd knows to have happened under a prefix."""
    revisions: list[Revision] = []
    async with asyncio.timeout(20), store.watch((KeyRange.prefix(prefix.encode()),), start_revision=first) as watch:
        async for response in watch:
            revisions += response.revisions
            if revisions and revisions[-1].revision >= last:
                return revisions
    raise AssertionError("the watch ended")


def transitions_of(revisions: list[Revision], prefix: str, names: Sequence[str]) -> list[Step]:
    """Who led when, by the definition: the live key with the lowest create revision, the key deciding a tie."""
    live: dict[bytes, Candidate] = {}
    steps: list[Step] = []

    def leader(name: str) -> Candidate | None:
        mine = [each for key, each in live.items() if key.startswith(f"{prefix}{name}/".encode())]
        return min(mine, key=lambda each: (each.create_revision, each.key), default=None)

    for revision in revisions:
        before = {name: leader(name) for name in names}
        for event in revision.events:
            if isinstance(event, KeyPut):
                live[event.key] = event.candidate
            else:
                live.pop(event.key, None)
        steps += [(n, revision.revision, before[n], leader(n)) for n in names if before[n] != leader(n)]
    return steps


def _by_revision(step: Step) -> tuple[int, str]:
    return step[1], step[0]


def steps_of(seen: list[Transition]) -> list[Step]:
    return [(each.election, each.revision, each.before, each.after) for each in seen]


async def break_the_network(proxy: Proxy, rng: random.Random, meanwhile: Callable[[], Awaitable[None]]) -> None:
    """One fault after the other, each for a random time, until cancelled. Something happens inside some of the cuts."""
    fault = "cut"
    while True:
        await asyncio.sleep(rng.uniform(0.0, 0.3))
        if fault == "delay":
            proxy.delay(rng.uniform(0.0, 0.2), "both")
        else:
            getattr(proxy, fault)()
        if fault == "cut":
            await meanwhile()
        fault = rng.choice(("cut", "reset", "black_hole", "stall", "half_open", "delay"))
        await asyncio.sleep(rng.uniform(0.0, 0.4))
        proxy.heal()


async def _is_recorded(recorded: list[Revision], revision: int) -> bool:
    return bool(recorded) and recorded[-1].revision >= revision


async def _all_seen(subscriptions: dict[str, Subscription], recorded: list[Revision], last: int) -> bool:
    return await _is_recorded(recorded, last) and min(each.revision for each in subscriptions.values()) >= last


async def read_all(subscription: Subscription, seen: list[Transition]) -> None:
    async for transition in subscription:
        seen.append(transition)


@pytest.mark.timeout(60 + 20 * ROUNDS)
@pytest.mark.parametrize("compacting", [False, True], ids=["whole-history", "compacted"])
async def test_transitions_are_those_of_etcds_history(
    etcd: EmbeddedEtcd, proxy: Proxy, prefix: str, compacting: bool
) -> None:
    seed = int(os.environ.get("FAULT_SEED", "1"))
    print(f"FAULT_SEED={seed}")
    rng = random.Random(seed)
    seen: dict[str, list[Transition]] = {"monitor": [], **{name: [] for name in NAMES}}
    async with AsyncExitStack() as stack:
        raw = Raw(await stack.enter_async_context(raw_store(etcd.endpoint)))
        client = await stack.enter_async_context(new_client(proxy.endpoint, timeout=TIMEOUT))
        subscriptions: dict[str, Subscription] = {"monitor": client.monitor(prefix)}
        subscriptions |= {name: client.election(name, prefix=prefix).observe() for name in NAMES}
        for each in subscriptions.values():
            await stack.enter_async_context(each)
        first = subscriptions["monitor"].revision + 1
        recorded: list[Revision] = []
        recording = asyncio.ensure_future(_record(raw.store, prefix, first, recorded))
        readers = [asyncio.ensure_future(read_all(each, seen[key])) for key, each in subscriptions.items()]
        workload = Workload(raw, prefix, rng)

        async def an_election_unseen() -> None:
            end = await workload.come_and_go()
            if compacting:
                await eventually(lambda: _is_recorded(recorded, end), "the end of the election was recorded")
                await compact(etcd.endpoint, end)

        breaking = asyncio.ensure_future(break_the_network(proxy, rng, an_election_unseen))
        end = asyncio.get_running_loop().time() + 5 * ROUNDS
        while asyncio.get_running_loop().time() < end:
            await workload.step()
            if compacting and rng.random() < 0.02 and recorded:
                await compact(etcd.endpoint, recorded[-1].revision)
            await asyncio.sleep(rng.choice((0, 0, 0.002, 0.02)))
        breaking.cancel()
        await asyncio.gather(breaking, return_exceptions=True)
        proxy.heal()
        await workload.end()
        await eventually(lambda: _all_seen(subscriptions, recorded, workload.last), "everything was seen")
        for each in subscriptions.values():
            await each.cancel()
        await asyncio.gather(*readers)
        recording.cancel()
        await asyncio.gather(recording, return_exceptions=True)
        if not compacting:
            assert facts(await history(raw.store, prefix, first, workload.last)) == facts(recorded)
    expected = transitions_of(recorded, prefix, workload.names)
    for key, transitions in seen.items():
        mine = expected if key == "monitor" else [step for step in expected if step[0] == key]
        gaps = sum(each.gap for each in transitions)
        figures = {"true": len(mine), "seen": len(transitions), "gaps": gaps, "unseen": len(workload.unseen)}
        note(key, seed=seed, writes=workload.writes, **figures)
        if compacting:
            check_honest(transitions, mine)
        else:
            assert [step[1] for step in steps_of(transitions)] == [step[1] for step in mine]
            assert sorted(steps_of(transitions), key=_by_revision) == sorted(mine, key=_by_revision)
            assert gaps == 0
    assert workload.unseen
    assert len(expected) > 20 * ROUNDS
    assert proxy.accepted > 2 * ROUNDS


def facts(revisions: list[Revision]) -> list[tuple[int, object]]:
    """The revisions without the times at which they were observed."""
    return [(each.revision, each.events) for each in revisions]


def check_honest(seen: list[Transition], expected: list[Step]) -> None:
    """What is told without a gap is true and follows on the last one; what is left out is owned up to."""
    position: dict[str, int] = {}
    for transition in seen:
        mine = [step for step in expected if step[0] == transition.election]
        at = position.get(transition.election, 0)
        step = (transition.election, transition.revision, transition.before, transition.after)
        if transition.gap:
            # Where it was read, the leader was the one that the history says.
            known = [each for each in mine if each[1] <= transition.revision]
            assert known
            assert known[-1][3] == transition.after
            assert transition.before == (mine[at - 1][3] if at else None)
            position[transition.election] = len(known)
        else:
            assert mine[at] == step
            position[transition.election] = at + 1
    for name in {step[0] for step in expected}:
        assert position.get(name, 0) == sum(step[0] == name for step in expected)


async def _record(store: EtcdStore, prefix: str, first: int, into: list[Revision]) -> None:
    """The history as it happens, over an unbroken connection, for what is compacted later."""
    async with store.watch((KeyRange.prefix(prefix.encode()),), start_revision=first) as watch:
        async for response in watch:
            into += response.revisions
