"""A lease from its grant to its one end: kept alive, and its end told to whoever stands on it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

from ..core.lease_clock import LeaseClock
from ..errors import CampaignClosed, ElectionError, LeadershipLost
from .claims import Claims
from .keepalive import KeptLease
from .runtime import Runtime
from .tasks import report

__all__ = ["Lease"]

_log = logging.getLogger("election_core.session")

Listener = Callable[[ElectionError], None]


class Lease:
    """One lease.

    Attributes:
        lease_id: id of the lease, chosen at random unless it is given.
        ttl: seconds that it lives without renewal: as asked for, and as granted once that has happened.
        claims: which candidates stand on it.
    """

    # The mutable state: its clock once it is granted, why and when it ended, and who wants to know.

    def __init__(self, runtime: Runtime, ttl: int, lease_id: int | None = None) -> None:
        self._runtime = runtime
        self.ttl = ttl
        self.lease_id = _random_id() if lease_id is None else lease_id
        self.claims = Claims()
        self._kept: KeptLease | None = None
        self._ended: ElectionError | None = None
        self._ended_at = 0.0
        self._listeners: list[Listener] = []

    def __repr__(self) -> str:
        state = "not granted" if self._kept is None else "ended" if self._ended else f"{self.remaining:.1f} s left"
        return f"lease {self.lease_id:x}, ttl {self.ttl} s, {state}"

    @property
    def remaining(self) -> float:
        """Seconds for which it certainly lives, were it not renewed again; 0 once it has ended."""
        if self._kept is None or self._ended is not None:
            return 0.0
        return self._kept.clock.remaining(self._runtime.clock.now())

    @property
    def is_alive(self) -> bool:
        return self.remaining > 0

    @property
    def is_confirmed(self) -> bool:
        """Whether it lives and not two renewals in a row had no answer."""
        return self.is_alive and self._kept is not None and self._kept.clock.is_confirmed(self._runtime.clock.now())

    @property
    def ended(self) -> ElectionError | None:
        """Why it has ended, or ``None``."""
        return self._ended

    @property
    def may_be_left(self) -> bool:
        """Whether etcd may still have it: one that is not renewed any more is gone after its TTL at the latest."""
        return self._ended is None or self._runtime.clock.now() < self._ended_at + self.ttl

    async def grant(self) -> None:
        """Have it granted and keep it alive; etcd may have it already.

        Cancelling it leaves open whether it was granted; `revoke` ends it in either case.

        Raises:
            Unavailable: no member answered in time.
            LeadershipLost: it ended before its granting was known.
            CampaignClosed: it has ended already.
        """
        if self._ended is not None:
            raise CampaignClosed("The session has ended; make another one.") from self._ended
        sent_at = self._runtime.clock.now()
        granted = await self._runtime.store.grant(self.lease_id, self.ttl)
        self.ttl = granted.granted_ttl
        clock = LeaseClock(granted.granted_ttl, remaining=granted.remaining, sent_at=sent_at)
        self._kept = KeptLease(self.lease_id, clock, self._lost, sent_at)
        if self._ended is None:
            self._runtime.keepalive.keep(self._kept)
        _log.debug("lease %x granted for %d s", self.lease_id, self.ttl)

    def on_end(self, listener: Listener) -> Callable[[], None]:
        """Call back once, with the reason, when it ends or must be taken for dead; returns what undoes that."""
        self._listeners.append(listener)

        def remove() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return remove

    def end(self, reason: ElectionError) -> None:
        """Renew it no more, without revoking it. Whoever stands on it is told ``reason``."""
        if self._kept is not None:
            self._runtime.keepalive.forget(self._kept)
        self._end(reason)

    async def revoke(self, reason: ElectionError) -> None:
        """End it, and with it all its keys; it can be repeated.

        Cancelling it leaves open whether it has ended in etcd; it is renewed no more in any case.

        Raises:
            Unavailable: no member answered in time; it runs out by itself within its TTL.
        """
        self.end(reason)
        await self._runtime.store.revoke(self.lease_id)

    def _lost(self, reason: str) -> None:
        self._end(LeadershipLost(f"The lease {self.lease_id:x} is lost: {reason}. Stop the work, then campaign again."))

    def _end(self, reason: ElectionError) -> None:
        if self._ended is not None:
            return
        self._ended, self._ended_at = reason, self._runtime.clock.now()
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            try:
                listener(reason)
            except Exception as exc:  # noqa: BLE001 - a defect of one candidacy must not leave the others untold
                report(f"A defect of election_core, please report it: the end of {self!r} was not told", exc)


def _random_id() -> int:
    """A lease id, from 1 to 2**63 - 1, that nobody else has chosen."""
    return int.from_bytes(os.urandom(8), "big") >> 1 or 1
