"""A session: one lease, granted, kept alive and revoked, that one or many campaigns stand on."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from types import TracebackType

from ..core.lease_clock import LeaseClock
from ..errors import CampaignClosed, ElectionError, LeadershipLost
from .keepalive import KeptLease
from .runtime import Runtime

__all__ = ["Session"]

_log = logging.getLogger("election_core.session")


class Session:
    """A lease that is kept alive from ``async with`` until its end; made by ``client.session(ttl)``.

    Leaving it revokes the lease, which removes the keys of all campaigns on it; they end first.

    Attributes:
        lease_id: id of the lease, chosen at random.
        ttl: seconds that the lease lives without renewal: as asked for, and as granted once entered.
    """

    # The mutable state: the clock of the lease once it is granted, why it ended, and who wants to know.

    def __init__(self, runtime: Runtime, ttl: int, lease_id: int | None = None) -> None:
        self._runtime = runtime
        self.ttl = ttl
        self.lease_id = _random_id() if lease_id is None else lease_id
        self._kept: KeptLease | None = None
        self._ended: ElectionError | None = None
        self._listeners: list[Callable[[ElectionError], None]] = []
        self._keys: set[bytes] = set()

    def __repr__(self) -> str:
        state = "not granted" if self._kept is None else "ended" if self._ended else f"{self.remaining:.1f} s left"
        return f"<Session lease {self.lease_id:x}, ttl {self.ttl} s, {state}>"

    @property
    def remaining(self) -> float:
        """Seconds for which the lease certainly lives, were it not renewed again; 0 once it has ended."""
        if self._kept is None or self._ended is not None:
            return 0.0
        return self._kept.clock.remaining(self._runtime.clock.now())

    @property
    def is_alive(self) -> bool:
        return self.remaining > 0

    async def open(self) -> None:
        """Have the lease granted and keep it alive; the lease may be there already.

        Cancelling it leaves open whether it was granted; `revoke` ends it in either case.

        Raises:
            Unavailable: no member answered in time.
            LeadershipLost: the lease ended before its granting was known.
            CampaignClosed: the session has ended already.
        """
        if self._ended is not None:
            raise CampaignClosed("The session has ended; make another one.") from self._ended
        sent_at = self._runtime.clock.now()
        lease = await self._runtime.store.grant(self.lease_id, self.ttl)
        self.ttl = lease.granted_ttl
        clock = LeaseClock(lease.granted_ttl, remaining=lease.remaining, sent_at=sent_at)
        self._kept = KeptLease(self.lease_id, clock, self._lost)
        if self._ended is None:
            self._runtime.keepalive.keep(self._kept)
        _log.debug("lease %x granted for %d s", self.lease_id, self.ttl)

    def on_end(self, listener: Callable[[ElectionError], None]) -> None:
        """Call back once, with the reason, when the lease ends or must be taken for dead."""
        self._listeners.append(listener)

    def ignore_end(self, listener: Callable[[ElectionError], None]) -> None:
        """Call this listener no more."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def claim(self, key: bytes) -> None:
        """Take a key for one campaign.

        Raises:
            CampaignClosed: the session has ended.
            ElectionError: another campaign has it: one lease makes one candidate per election.
        """
        if self._ended is not None:
            raise CampaignClosed("The session has ended; make another one.", key=key) from self._ended
        if key in self._keys:
            raise ElectionError(
                "A campaign with this session and election is under way; resign it, or use another session.", key=key
            )
        self._keys.add(key)

    def release(self, key: bytes) -> None:
        """The campaign with this key has ended and cleaned up."""
        self._keys.discard(key)

    def stop(self, reason: ElectionError) -> None:
        """Renew no more, without revoking. Whoever stands on the lease is told ``reason``."""
        if self._ended is not None:
            return
        self._ended = reason
        if self._kept is not None:
            self._runtime.keepalive.forget(self._kept)
        for listener in tuple(self._listeners):
            listener(reason)

    def abandon(self) -> None:
        """Stop renewing without revoking, as a crash would: the keys stay until the lease runs out."""
        self.stop(CampaignClosed(f"The session with lease {self.lease_id:x} was abandoned."))

    async def revoke(self) -> None:
        """End the lease and with it all its keys; it can be repeated.

        Cancelling it leaves open whether the lease has ended; it is renewed no more in any case.

        Raises:
            Unavailable: no member answered in time; the lease runs out by itself within its TTL.
        """
        self.stop(CampaignClosed(f"The session with lease {self.lease_id:x} was closed."))
        await self._runtime.store.revoke(self.lease_id)

    def _lost(self, reason: str) -> None:
        self.stop(LeadershipLost(f"The lease {self.lease_id:x} is lost: {reason}. Stop the work, then campaign again."))

    async def __aenter__(self) -> Session:
        self._runtime.check_open()
        opening = self._runtime.tasks.start(self.open(), f"grant {self.lease_id:x}")
        self._runtime.sessions.add(self)
        try:
            await asyncio.shield(opening)
        except BaseException:
            # Whether it was granted is not known yet, so the clean-up waits for that in the background.
            self._runtime.tasks.start(self._undo(opening), f"revoke {self.lease_id:x}")
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.shield(self._runtime.tasks.start(self.close(), f"revoke {self.lease_id:x}"))

    async def _undo(self, opening: asyncio.Task[None]) -> None:
        await asyncio.wait({opening})
        await self.close()

    async def close(self) -> None:
        """`revoke`, with a failure logged and not raised."""
        try:
            await self.revoke()
        except ElectionError as exc:
            _log.warning("lease %x was not revoked, it runs out within %d s: %s", self.lease_id, self.ttl, exc)
        finally:
            self._runtime.sessions.discard(self)


def _random_id() -> int:
    """A lease id, from 1 to 2**63 - 1, that nobody else has chosen."""
    return int.from_bytes(os.urandom(8), "big") >> 1 or 1
