"""What the parts of one client share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from .clock import Clock
from .errors import CampaignClosed
from .keeper import LeaseKeeper
from .lines import Lines
from .store import Store
from .tasks import BackgroundTasks

__all__ = ["Closable", "Runtime"]


class Closable(Protocol):
    """What a client closes on its way out."""

    async def close(self) -> None:
        """End it, within the store's timeout, and clean up. Raises nothing of its own."""


@dataclass(slots=True)
class Runtime:
    """The store below a client, its clock, its leases, tasks and lines, and what is open on it."""

    # The mutable state: what is open, and whether the client is being closed.

    store: Store
    clock: Clock
    keeper: LeaseKeeper
    tasks: BackgroundTasks
    lines: Lines
    campaigns: set[Closable] = field(default_factory=set)
    followers: set[Closable] = field(default_factory=set)
    sessions: set[Closable] = field(default_factory=set)
    closing: bool = False

    def check_open(self) -> None:
        """Nothing may be begun any more that the client would not end.

        Raises:
            CampaignClosed: the client is being closed, or was.
        """
        if self.closing:
            raise CampaignClosed("The client was closed; make another one.")
