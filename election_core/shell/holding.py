"""What a candidacy holds on to: a lease of its own, or the lease of a session that others use, too.

Both answer the same questions of the joining and the clean-up, each in its own way.
"""

from __future__ import annotations

from typing import Protocol

from ..core.model import Candidate
from ..errors import CampaignClosed, ElectionError, InvalidConfig
from .claims import Claim
from .lease import Lease
from .recipe import Recipe
from .runtime import Runtime

__all__ = ["Holding", "OwnLease", "SessionLease"]


class Holding(Protocol):
    """A lease, and what a candidacy may do with it."""

    @property
    def lease(self) -> Lease: ...

    async def wait_for_turn(self) -> None:
        """Until no other candidate is in the way. It must not be cancelled, and ends soon after `stop`."""

    async def make_ready(self) -> None:
        """Until a key may be written on the lease. It must not be cancelled, and is bounded by the store."""

    def replace(self, reason: ElectionError) -> bool:
        """Whether there is another lease now, in place of the one that ended before the key was written."""

    def stop(self, reason: ElectionError) -> None:
        """The candidacy has ended, and holds on to nothing but its clean-up."""

    async def remove(self, recipe: Recipe, key: bytes, own: Candidate | None) -> None:
        """Remove what was written: ``own``, or where it is not known, whatever stands at ``key``. Can be repeated."""

    def let_go(self) -> None:
        """Nothing is left that would have to be removed."""

    @property
    def may_be_left(self) -> bool:
        """Whether what was written may still stand. A lease that is not renewed takes its keys with it."""

    def check_separable(self) -> None:
        """The candidacy can be abandoned without any other.

        Raises:
            InvalidConfig: it cannot.
        """


class OwnLease:
    """A lease for one candidacy alone: granted for it, and revoked at its end, which deletes the key in one step."""

    # The mutable state: the lease, which is replaced should it end before the key is written.

    def __init__(self, runtime: Runtime, ttl: int, lease_id: int | None = None) -> None:
        self._runtime = runtime
        self.lease = Lease(runtime, ttl, lease_id)

    async def wait_for_turn(self) -> None:
        pass

    async def make_ready(self) -> None:
        await self.lease.grant()

    def replace(self, reason: ElectionError) -> bool:
        self.lease.end(reason)
        self.lease = Lease(self._runtime, self.lease.ttl)
        return True

    def stop(self, reason: ElectionError) -> None:
        self.lease.end(reason)

    async def remove(self, recipe: Recipe, key: bytes, own: Candidate | None) -> None:
        await self.lease.revoke(CampaignClosed("The campaign has ended; start a new one."))

    def let_go(self) -> None:
        pass

    @property
    def may_be_left(self) -> bool:
        return self.lease.may_be_left

    def check_separable(self) -> None:
        pass


class SessionLease:
    """A session's lease: the key is deleted at the end, guarded by its create revision, and the lease lives on."""

    def __init__(self, lease: Lease, claim: Claim) -> None:
        self.lease, self._claim = lease, claim

    async def wait_for_turn(self) -> None:
        await self._claim.turn.wait()

    async def make_ready(self) -> None:
        pass

    def replace(self, reason: ElectionError) -> bool:
        return False

    def stop(self, reason: ElectionError) -> None:
        self._claim.end()

    async def remove(self, recipe: Recipe, key: bytes, own: Candidate | None) -> None:
        own = own or await recipe.find(key, self.lease.lease_id)
        if own is not None:
            await recipe.withdraw(own)
        self._claim.release()

    def let_go(self) -> None:
        self._claim.release()

    @property
    def may_be_left(self) -> bool:
        return self.lease.is_alive

    def check_separable(self) -> None:
        raise InvalidConfig("A campaign on a session cannot be abandoned alone; abandon the session.")
