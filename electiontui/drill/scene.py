"""One round of a drill: its candidates and their connections, who watches, and what is cleared away afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from time import monotonic
from typing import NamedTuple

from election_core import Candidate, Client, Election, ElectionError, ElectionObserver, Transition, utc_now

from ..embedded import EmbeddedEtcd, EmbeddedMember, EtcdFailed
from .model import RAFT_LEADER, Drill, Member
from .network import Proxy
from .players import LocalPlayer, Player, ProcessPlayer, StepFailed, Where

__all__ = ["Cause", "Scene", "open_scene"]

_POLL = 0.02
"""Seconds; the line behind the leader changes without telling."""


class Turn(NamedTuple):
    """A change of the leadership, as the observer saw it."""

    at: float
    """By the monotonic clock, in seconds."""
    before: Candidate | None
    after: Candidate | None


class Cause(NamedTuple):
    """What was done to a leader."""

    verb: str
    began_at: float
    candidate: Candidate
    player: Player


def _nobody_looks(transition: Transition, line: tuple[Candidate, ...]) -> None:
    pass


class Scene:
    """What the steps of one round have to do with.

    Attributes:
        seen: called with each change of the election, and who is in line then.
    """

    # The mutable state: what was seen, what was done to the leader last, who has yet to learn that it leads no more,
    # and which members are out.

    def __init__(self, where: Where, client: Client, cluster: EmbeddedEtcd | None, left: list[str]) -> None:
        self.client, self._cluster, self._left_behind = client, cluster, left
        self.election: Election = client.election(where.name, prefix=where.prefix)
        self.players: dict[str, Player] = {}
        self.cause: Cause | None = None
        self.deposed: list[Cause] = []
        self.seen: Callable[[Transition, tuple[Candidate, ...]], object] = _nobody_looks
        self._turns: list[Turn] = []
        self._news = asyncio.Event()
        self._observer: ElectionObserver | None = None
        self._watching: asyncio.Task[None] | None = None
        self._frozen: set[EmbeddedMember] = set()
        self._killed: set[EmbeddedMember] = set()

    def ring(self) -> None:
        """Something is new."""
        self._news.set()

    @property
    def line(self) -> Sequence[Candidate]:
        """The candidates, the leader first, as the observer sees them."""
        return self._observer.candidates if self._observer is not None else ()

    @property
    def queue(self) -> list[str]:
        """The names of those in line; of somebody who takes no part, what it proclaims."""
        return [player.part.name if (player := self.owner(each)) else repr(each.value) for each in self.line]

    def owner(self, candidate: Candidate) -> Player | None:
        """Whose candidacy it is."""
        return next((player for player in self.players.values() if candidate.key in player.leases), None)

    def candidacy(self, player: Player) -> Candidate:
        """Where a player stands in line.

        Raises:
            StepFailed: nowhere.
        """
        for candidate in self.line:
            if candidate.key in player.leases:
                return candidate
        raise StepFailed(f"{player.part.name} is not in line.")

    def whom(self, names: Sequence[str]) -> list[Player]:
        """The players that a step means; all of them where it names none.

        Raises:
            StepFailed: there is nobody like that at the moment.
        """
        found: dict[str, Player] = {}
        for name in names or self.players:
            found.update((player.part.name, player) for player in self._meant(name))
        return list(found.values())

    def _meant(self, name: str) -> list[Player]:
        if name in self.players:
            return [self.players[name]]
        queue = self.queue
        if name == "idle":
            return [each for each in self.players.values() if not each.is_dead and each.part.name not in queue]
        place = ("leader", "heir").index(name)
        if place >= len(queue) or queue[place] not in self.players:
            raise StepFailed("Nobody leads." if place == 0 else "Nobody waits behind the leader.")
        return [self.players[queue[place]]]

    @property
    def changes(self) -> int:
        """How often the leadership has changed so far."""
        return len(self._turns)

    def times(self, before: Candidate, after: Candidate) -> tuple[float, float]:
        """When the observer saw a leader's last revision, and the first of one that came later."""
        left = [turn.at for turn in self._turns if before.is_same_candidate(turn.before) and turn.before != turn.after]
        led = [turn.at for turn in self._turns if after.is_same_candidate(turn.after)]
        return left[-1], led[0]

    @property
    def _is_noted(self) -> bool:
        """Whether the change that made the leader what it is has been noted, with its time."""
        leader = self.line[0] if self.line else None
        noted = self._turns[-1].after if self._turns else None
        return leader is noted is None or (leader is not None and leader.is_same_candidate(noted))

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until it holds; whether it does in time.

        Raises:
            StepFailed: nobody watches any more.
        """
        deadline = monotonic() + seconds
        while not (self._is_noted and condition()):
            if self._watching is not None and self._watching.done():
                raise StepFailed(f"The observer has ended: {self._watching.exception()}")
            left = deadline - monotonic()
            if left <= 0:
                return False
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, _POLL)):
                    await self._news.wait()
        return True

    async def member(self, wanted: Member) -> EmbeddedMember:
        """A member of the embedded cluster.

        Raises:
            StepFailed: nobody is raft leader.
        """
        assert self._cluster is not None
        if wanted != RAFT_LEADER:
            return self._cluster.members[int(wanted) - 1]
        for member, status in zip(self._cluster.members, await self.client.status(), strict=True):
            if status.is_raft_leader:
                return member
        raise StepFailed("No member is raft leader.")

    async def freeze_member(self, wanted: Member) -> None:
        member = await self.member(wanted)
        member.freeze()
        self._frozen.add(member)

    async def kill_member(self, wanted: Member) -> None:
        member = await self.member(wanted)
        member.kill()
        self._killed.add(member)

    def thaw_members(self) -> None:
        """Let all members that are frozen go on."""
        while self._frozen:
            self._frozen.pop().thaw()

    async def restart_members(self) -> None:
        """Start all members again that were killed, and wait until they are healthy."""
        if self._killed and self._cluster is not None:
            while self._killed:
                self._killed.pop().restart()
            await asyncio.to_thread(self._cluster.wait_healthy)

    @asynccontextmanager
    async def observed(self) -> AsyncIterator[None]:
        """Watch the election meanwhile."""
        async with self.election.observe() as self._observer:
            self._watching = asyncio.create_task(self._watch(self._observer), name="observer of the drill")
            try:
                yield
            finally:
                self._watching.cancel()
                await asyncio.gather(self._watching, return_exceptions=True)

    async def _watch(self, observer: ElectionObserver) -> None:
        async for transition in observer:
            at = monotonic() - (utc_now() - transition.observed_at).total_seconds()
            if transition.kind != "proclaimed":
                self._turns.append(Turn(at, transition.before, transition.after))
            self.seen(transition, tuple(self.line))
            self.ring()

    async def mend(self) -> None:
        """Undo whatever was broken, so that all can leave in order."""
        for player in self.players.values():
            player.heal()
            player.thaw()
        self.thaw_members()
        await self.restart_members()

    async def sweep(self) -> None:
        """End the leases, with their keys, of those who could not: who crashed, was killed, or left too slowly."""
        leases = [lease_id for player in self.players.values() for lease_id in player.leases.values()]
        await asyncio.gather(*(self._end(lease_id) for lease_id in leases))

    async def _end(self, lease_id: int) -> None:
        try:
            if await self.client.lease(lease_id) is not None:
                # Whoever takes the candidacy up again may end its lease.
                await self.election.campaign("swept", lease_id=lease_id).resign()
        except ElectionError as exc:
            self._left_behind.append(f"lease {lease_id:x} with its key, which runs out by itself: {exc}")


@asynccontextmanager
async def open_scene(drill: Drill, where: Where, cluster: EmbeddedEtcd | None, left: list[str]) -> AsyncIterator[Scene]:
    """Everybody on stage; afterwards all is mended, everybody leaves, and nothing stays in etcd.

    What could not be cleared away is added to ``left``.

    Raises:
        Unavailable: no member answered in time.
    """
    async with where.access.client() as client, AsyncExitStack() as proxies:
        scene = Scene(where, client, cluster, left)
        async with scene.observed():
            try:
                await _enter(scene, drill, where, proxies)
                yield scene
            finally:
                with suppress(EtcdFailed):
                    await scene.mend()
                # Together, since where etcd does not answer each takes as long as it may.
                await asyncio.gather(*(player.leave() for player in scene.players.values()))
                await scene.sweep()


async def _enter(scene: Scene, drill: Drill, where: Where, proxies: AsyncExitStack) -> None:
    for part in drill.parts:
        targets = scene.client.endpoints if part.name in drill.cut_parts() else ()
        ways = [await proxies.enter_async_context(Proxy(target)) for target in targets]
        player = (ProcessPlayer if part.process else LocalPlayer)(part, where, ways, scene.ring)
        await player.enter()
        scene.players[part.name] = player
