"""What the parts of one client share."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from weakref import WeakSet

from ..clock import Clock
from ..errors import CampaignClosed, ElectionError, InvalidConfig, check_process
from ..store import Store
from .callbacks import Callbacks, not_waited_for
from .gate import Gate
from .keepalive import KeepAlive
from .rereads import Rereads
from .shared_watch import SharedWatches
from .tasks import BackgroundTasks

__all__ = ["Closable", "Runtime"]

_AT_A_TIME = 64
"""How many campaigns and sessions begin at a time, and how many end."""


class Closable(Protocol):
    """What a client closes on its way out."""

    async def close(self) -> None:
        """End it, within the store's timeout, and clean up. Raises nothing of its own."""


class Leaseholder(Closable, Protocol):
    """What stands on a lease."""

    @property
    def lease_id(self) -> int: ...


class OpenCampaign(Leaseholder, Protocol):
    """A campaign, which may have a body that runs."""

    async def close(self, *, closed_with: object = None) -> None:
        """End the body under way, unless it waits for the end of what it is ``closed_with``; then as `Closable`."""


class Runtime:
    """The store below a client, its clock, its leases, tasks and shared watches, and what is open on it.

    Attributes:
        entrance: through it come all that begin with a lease or a key.
        exit: through it they go. Nobody who leaves waits for who comes.
    """

    # The mutable state: what is open, who is told of each new campaign, whose callbacks may run, the event loop that it
    # belongs to, which tasks wait for the end of it, and whether the client is being closed.

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.tasks = BackgroundTasks()
        self.keepalive = KeepAlive(store, clock, self.tasks)
        self.shared_watches = SharedWatches(clock, self.tasks)
        self.entrance, self.exit = Gate(_AT_A_TIME), Gate(_AT_A_TIME)
        self.rereads = Rereads(store, clock, self.tasks)
        self.campaigns: set[OpenCampaign] = set()
        self.begun: list[Callable[[OpenCampaign], None]] = []
        self.subscriptions: set[Closable] = set()
        self.sessions: set[Leaseholder] = set()
        self.callbacks: WeakSet[Callbacks] = WeakSet()
        self.closing = False
        self._pid = os.getpid()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leaving: list[tuple[asyncio.Task[Any] | None, object]] = []

    def begin(self, campaign: OpenCampaign) -> None:
        """A campaign is open from now on."""
        self.campaigns.add(campaign)
        for tell in self.begun:
            tell(campaign)

    def callbacks_of(self, owner: str, *events: str) -> Callbacks:
        """The callbacks of one object; those that run are waited for when the client is closed."""
        callbacks = Callbacks(owner, *events)
        self.callbacks.add(callbacks)
        return callbacks

    def check_free(self, lease_id: int) -> None:
        """A lease that is to be taken up must not be one that somebody else on this client would revoke.

        Raises:
            ElectionError: it is.
        """
        if any(session.lease_id == lease_id for session in self.sessions):
            raise ElectionError(f"The lease {lease_id:x} is that of a session of this client; give session= instead.")
        if any(campaign.lease_id == lease_id for campaign in self.campaigns):
            raise ElectionError(
                f"A campaign of this client is on lease {lease_id:x}, or is being cleaned up; await its resign() first."
            )

    def check_open(self) -> None:
        """Nothing may be begun any more that the client would not end.

        Raises:
            CampaignClosed: the client is being closed, or was.
            InvalidConfig: it belongs to another event loop.
        """
        self.check_loop()
        if self.closing:
            raise CampaignClosed("The client was closed; make another one.")

    def check_process(self) -> None:
        """A client belongs to the process that made it.

        Raises:
            InvalidConfig: this is another one.
        """
        check_process(self._pid)

    def check_loop(self) -> None:
        """A client belongs to the event loop that first used it: its connections and tasks live there.

        Raises:
            InvalidConfig: this is another one, or another process.
        """
        self.check_process()
        loop = asyncio.get_running_loop()
        self._loop = self._loop or loop
        if loop is not self._loop:
            raise InvalidConfig(
                "The client belongs to another event loop; make one client in each. Every asyncio.run() is a new loop."
            )

    def why_cancelled(self) -> CampaignClosed:
        """What to say of a task that was cancelled by nobody who works with it."""
        if self.closing:
            return CampaignClosed("The client was closed while the campaign went on.")
        return CampaignClosed(
            "The campaign's task was cancelled, as when the event loop ends; close the client before, which resigns."
        )

    @contextmanager
    def leaving(self, what: object) -> Iterator[None]:
        """The current task, or the callback that it is part of, waits for the end of a session or of this runtime.

        So it cannot be waited for meanwhile: the two would wait for each other.
        """
        leaver = asyncio.current_task(), what
        self._leaving.append(leaver)
        try:
            with not_waited_for():
                yield
        finally:
            self._leaving.remove(leaver)

    def is_leaving(self, task: asyncio.Task[Any], what: object) -> bool:
        """Whether a task waits for the end of that."""
        return (task, what) in self._leaving
