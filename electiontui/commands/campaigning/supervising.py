"""One term with CMD: from its start to the moment at which nothing of it is left."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping

from election_core import Campaign, ElectionError

from ..streams import say
from . import guardian
from .guarded import Ended, Guarded
from .plan import Plan
from .signals import Signals
from .terminal import Terminal

__all__ = ["Term", "until_there_is_time"]

_LOOKS_PER_TTL = 60
_LONGEST_LOOK = 0.5
"""Seconds after which it is seen at the latest that the lease was renewed."""


async def until_there_is_time(campaign: Campaign, grace: float, ttl: float) -> None:
    """Wait for the next renewal where too little is left of the lease: CMD is not started only to be ended.

    Raises:
        LeadershipLost: there is none.
    """
    while campaign.is_leader and campaign.lease_remaining <= grace:  # noqa: ASYNC110 - nobody tells of renewals
        await asyncio.sleep(ttl / 100)
    await campaign.wait()


class Term:
    """CMD while one campaign leads.

    Attributes:
        lost: done with a sentence once CMD must not go on.
    """

    # The mutable state: CMD once it is started.

    def __init__(self, campaign: Campaign, plan: Plan, signals: Signals, terminal: Terminal) -> None:
        self._campaign, self._plan, self._signals, self._terminal = campaign, plan, signals, terminal
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._guarded: Guarded | None = None

    async def run(self, environment: Mapping[str, str]) -> Ended:
        """Run CMD until it ends by itself, or is ended since leadership was lost."""
        campaign, plan = self._campaign, self._plan
        foreground = self._terminal.is_for_cmd()
        try:
            until = guardian.now() + campaign.lease_remaining
            guarded = Guarded.start(plan.command, environment, plan.grace, until, foreground=foreground)
        except OSError as exc:
            return Ended(126, True, f"cannot be started: {exc.strerror or exc}")
        self._guarded = guarded
        if foreground:
            self._terminal.keep_modes()
        self._signals.pass_to(guarded.signal)
        remove = campaign.on("error", self._failed)
        renewing = asyncio.create_task(self._pass_renewals_on(guarded))
        self.lost.add_done_callback(lambda _: self._signals.pass_to(None))
        try:
            started = self._terminal.was_given if foreground else None
            return await guarded.watch(started=started, stopped=self._stopped, ending=self._not_renewed)
        finally:
            remove()
            renewing.cancel()
            self._signals.pass_to(None)
            self._terminal.take_back(restore=True)

    async def _pass_renewals_on(self, guarded: Guarded) -> None:
        """Tell the guardian until when the lease lives; what it is not told does not prolong CMD's life."""
        every = min(_LONGEST_LOOK, self._plan.ttl / _LOOKS_PER_TTL)
        while not self.lost.done():
            asked_at = guardian.now()
            guarded.allow(asked_at + self._campaign.lease_remaining)
            await asyncio.sleep(every)

    def _failed(self, error: ElectionError) -> None:
        self._lose(str(error))
        if self._guarded is not None:
            self._guarded.stop()

    def _not_renewed(self) -> None:
        self._lose(f"The lease was not renewed in time, and CMD has {self._plan.grace:g} s to end.")

    def _lose(self, reason: str) -> None:
        if not self.lost.done():
            self.lost.set_result(reason)
            say(f"leadership is lost: {reason}")

    def _stopped(self, number: int) -> None:
        guarded = self._guarded
        if guarded is not None and self._terminal.stopped(guarded.group, number):
            guarded.signal(signal.SIGCONT)
