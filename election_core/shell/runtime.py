"""What the parts of one client share."""

from __future__ import annotations

from typing import Protocol

from ..clock import Clock
from ..errors import CampaignClosed, ElectionError
from ..store import Store
from .keepalive import KeepAlive
from .shared_watch import SharedWatches
from .tasks import BackgroundTasks

__all__ = ["Closable", "Runtime"]


class Closable(Protocol):
    """What a client closes on its way out."""

    async def close(self) -> None:
        """End it, within the store's timeout, and clean up. Raises nothing of its own."""


class Leaseholder(Closable, Protocol):
    """What stands on a lease."""

    @property
    def lease_id(self) -> int: ...


class Runtime:
    """The store below a client, its clock, its leases, tasks and lines, and what is open on it."""

    # The mutable state: what is open, and whether the client is being closed.

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.tasks = BackgroundTasks()
        self.keepalive = KeepAlive(store, clock, self.tasks)
        self.shared_watches = SharedWatches(clock, self.tasks)
        self.campaigns: set[Leaseholder] = set()
        self.subscriptions: set[Closable] = set()
        self.sessions: set[Closable] = set()
        self.closing = False

    def check_free(self, lease_id: int) -> None:
        """A lease that is to be taken up must not be one that a campaign of this client will revoke.

        Raises:
            ElectionError: it is.
        """
        if any(campaign.lease_id == lease_id for campaign in self.campaigns):
            raise ElectionError(
                f"A campaign of this client is on lease {lease_id:x}, or is being cleaned up; await its resign() first."
            )

    def check_open(self) -> None:
        """Nothing may be begun any more that the client would not end.

        Raises:
            CampaignClosed: the client is being closed, or was.
        """
        if self.closing:
            raise CampaignClosed("The client was closed; make another one.")
