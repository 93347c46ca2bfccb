"""The leases of the leaders on the screen: their TTLs, and which of them were not renewed in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from time import monotonic
from typing import NamedTuple

from election_core import Client, ElectionError, LeaseInfo, Transition

from ..rows import lease_to_spare

__all__ = ["LeaderLeases"]

_LOOKUPS = 4
"""How many lookups may be under way at a time."""
_AGAIN = 8
"""How many leases are asked for once more in a second, at most."""
_REMEMBERED = 20_000
_LOOKS, _ENDINGS = 1_000, 2_000
"""What the newest looks have shown, and how the newest terms have ended; more is on no screen."""


class _Look(NamedTuple):
    asked_at: float
    info: LeaseInfo

    @property
    def lasts_until(self) -> float:
        """By the monotonic clock; the lease does not end before by itself, for the server rounds down."""
        return self.asked_at + self.info.remaining


class LeaderLeases:
    """A cache of ``lease id → granted TTL``, filled in the background for as long as somebody looks.

    A lease is looked at again when less than a third of it would be left if nobody had renewed it, which is about
    once per TTL.

    Attributes:
        ttls: granted TTLs in seconds by lease id; a lease that is gone is not in it.
        dying: the leases that were not renewed in time, of those that are looked at.
    """

    # The mutable state: the attributes, when each lease that is looked at is due to be looked at again, which lookups
    # were asked for and are not answered yet, what the newest have shown, and how terms have ended.

    def __init__(self, client: Client, on_news: Callable[[int], None]) -> None:
        """``on_news(lease_id)`` is called when a lease's TTL is found, and when it begins or ends to be dying."""
        self.ttls: dict[int, int] = {}
        self.dying: set[int] = set()
        self._client = client
        self._on_news = on_news
        self._due: dict[int, float] = {}
        self._pending: set[int] = set()
        self._wanted: asyncio.Queue[int] = asyncio.Queue()
        self._looks: dict[int, _Look] = {}
        self._endings: dict[tuple[str, int], str] = {}

    def want(self, lease_ids: Iterable[int]) -> None:
        """These are on the screen, and no others; call it once per second."""
        now, shown = monotonic(), {lease_id for lease_id in lease_ids if lease_id}
        for lease_id in self._due.keys() - shown:
            self._forget(lease_id)
        idle = shown - self._pending
        again = sorted((self._due.get(lease_id, now), lease_id) for lease_id in idle & self.ttls.keys())
        for lease_id in (*idle - self.ttls.keys(), *(lease_id for due, lease_id in again[:_AGAIN] if due <= now)):
            self._pending.add(lease_id)
            self._wanted.put_nowait(lease_id)

    def doom(self, lease_id: int) -> tuple[float, float] | None:
        """For how many seconds a dying lease was not renewed, and how many are left of it."""
        look = self._looks.get(lease_id)
        if look is None or lease_id not in self.dying:
            return None
        left = max(look.lasts_until - monotonic(), 0.0)
        return look.info.granted_ttl - left, left

    def note_end(self, transition: Transition) -> None:
        """A leader has gone just now: remember why, where its lease tells."""
        before = transition.before
        look = self._looks.get(before.lease_id) if before is not None else None
        if look is None or transition.kind == "proclaimed":
            return
        if monotonic() < look.lasts_until:
            ending = "before its lease ran out"
        elif lease_to_spare(look.info) <= 0:
            ending = "its lease ran out"
        else:
            return
        self._endings[transition.election, transition.revision] = ending
        if len(self._endings) > _ENDINGS:
            del self._endings[next(iter(self._endings))]

    def how_ended(self, transition: Transition) -> str | None:
        """In words, how the term ended that this transition has ended, if that is known."""
        return self._endings.get((transition.election, transition.revision))

    async def run(self) -> None:
        """Answer what is wanted until cancelled, which loses nothing but the lookups under way."""
        async with asyncio.TaskGroup() as lookups:
            for _ in range(_LOOKUPS):
                lookups.create_task(self._look_up())

    async def _look_up(self) -> None:
        while True:
            lease_id = await self._wanted.get()
            asked_at = monotonic()
            try:
                info = await self._client.lease(lease_id)
            except ElectionError:
                # Wanted again at the next repaint; the header already says that etcd does not answer.
                continue
            finally:
                self._pending.discard(lease_id)
            if info is None:
                self.ttls.pop(lease_id, None)
                self._forget(lease_id)
            else:
                self._note(lease_id, _Look(asked_at, info))

    def _note(self, lease_id: int, look: _Look) -> None:
        info = look.info
        self._looks.pop(lease_id, None)
        self._looks[lease_id] = look
        if len(self._looks) > _LOOKS:
            del self._looks[next(iter(self._looks))]
        is_new, was_dying = lease_id not in self.ttls, lease_id in self.dying
        if is_new and len(self.ttls) >= _REMEMBERED:
            self.ttls.clear()
        self.ttls[lease_id] = info.granted_ttl
        spare = lease_to_spare(info)
        self._due[lease_id] = monotonic() + max(spare, 1.0)
        (self.dying.add if spare <= 0 else self.dying.discard)(lease_id)
        if is_new or was_dying is not (spare <= 0):
            self._on_news(lease_id)

    def _forget(self, lease_id: int) -> None:
        self._due.pop(lease_id, None)
        if lease_id in self.dying:
            self.dying.discard(lease_id)
            self._on_news(lease_id)
