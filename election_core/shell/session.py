"""A session: one lease, granted, kept alive and revoked, that many campaigns can stand on."""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType

from ..errors import CampaignClosed, ElectionError, InvalidConfig
from .lease import Lease
from .runtime import Runtime

__all__ = ["Session", "standing_lease"]

_log = logging.getLogger("election_core.session")


class Session:
    """A lease that is kept alive from ``async with`` until its end; made by ``client.session(ttl)``.

    Leaving it resigns the campaigns on it, whose bodies are ended first, and revokes the lease.
    """

    # The mutable state is the lease's, and whether it was entered.

    def __init__(self, runtime: Runtime, ttl: int) -> None:
        self._runtime = runtime
        self._lease = Lease(runtime, ttl)
        self._entered = False

    def __repr__(self) -> str:
        return f"<Session {self._lease!r}>"

    @property
    def lease_id(self) -> int:
        """Id of the lease, chosen at random."""
        return self._lease.lease_id

    @property
    def ttl(self) -> int:
        """Seconds that the lease lives without renewal: as asked for, and as granted once entered."""
        return self._lease.ttl

    @property
    def remaining(self) -> float:
        """Seconds for which the lease certainly lives, were it not renewed again; 0 once it has ended."""
        return self._lease.remaining

    @property
    def is_alive(self) -> bool:
        """Whether the lease certainly lives at this moment."""
        return self._lease.is_alive

    def abandon(self) -> None:
        """Stop renewing without revoking, as a crash would: the keys stay until the lease runs out."""
        self._lease.end(CampaignClosed(f"The session with lease {self.lease_id:x} was abandoned."))

    async def revoke(self) -> None:
        """End the lease and with it all its keys; it can be repeated. The campaigns on it are lost.

        Cancelling it leaves open whether the lease has ended; it is renewed no more in any case.

        Raises:
            Unavailable: no member answered in time; the lease runs out by itself within its TTL.
        """
        await self._lease.revoke(CampaignClosed(f"The session with lease {self.lease_id:x} was closed."))

    async def close(self) -> None:
        """Resign the campaigns on it, then `revoke`. A failure is logged and not raised. Cancelling it stops none."""
        with self._runtime.leaving(self):
            await asyncio.shield(self._runtime.tasks.start(self._close(), f"revoke {self.lease_id:x}"))

    async def _close(self) -> None:
        try:
            on_it = [each for each in self._runtime.campaigns if each.lease_id == self.lease_id]
            await asyncio.gather(*(each.close(closed_with=self) for each in on_it))
            async with self._runtime.exit.turn():
                await self.revoke()
        except ElectionError as exc:
            _log.warning("lease %x was not revoked, it runs out within %d s: %s", self.lease_id, self.ttl, exc)
        finally:
            self._runtime.sessions.discard(self)

    async def __aenter__(self) -> Session:
        self._runtime.check_open()
        if self._entered:
            raise CampaignClosed("The session was entered before; make another one.")
        self._entered = True
        opening = self._runtime.tasks.start(self._grant(), f"grant {self.lease_id:x}")
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
        await self.close()

    async def _grant(self) -> None:
        async with self._runtime.entrance.turn():
            await self._lease.grant()

    async def _undo(self, opening: asyncio.Task[None]) -> None:
        await asyncio.wait({opening})
        await self.close()


def standing_lease(session: Session) -> Lease:
    """The lease of a session that can be campaigned on.

    Raises:
        InvalidConfig: it was never entered.
        CampaignClosed: it has ended.
    """
    if not session._entered:
        raise InvalidConfig("The session was not entered; campaign inside `async with client.session() as session`.")
    lease = session._lease
    if lease.ended is not None:
        raise CampaignClosed("The session has ended; make another one.") from lease.ended
    return lease
