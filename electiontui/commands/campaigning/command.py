"""``electiontui campaign``: campaign, lead or run CMD while leading, and campaign again after a loss."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, NoReturn

from election_core import (
    Campaign,
    CampaignState,
    Client,
    Election,
    ElectionError,
    InvalidConfig,
    LeadershipLost,
    Unavailable,
)

from ...text import safe
from .. import ERROR, OK
from ..evicting import refuse_read_only
from ..running import run_command
from ..settings import Settings
from ..streams import say
from .aftermath import run_on_lost
from .plan import LEADERSHIP_LOST, Plan, environment_of
from .signals import Signals
from .supervising import Term, until_there_is_time
from .telling import narrate_waiting, tell
from .terminal import Terminal

__all__ = ["campaign"]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_CLOSING = 0.5
"""Seconds that connections have to be closed in, once all is resigned."""


def campaign(settings: Settings, plan: Plan) -> int:
    """Do it; returns the exit code."""
    return run_command(_campaign(settings, plan))


async def _campaign(settings: Settings, plan: Plan) -> int:
    refuse_read_only(settings)
    if len(settings.prefixes) > 1:
        raise InvalidConfig("A campaign is in one election: give --prefix once.")
    client = settings.client()
    election = client.election(plan.name, ttl=plan.ttl, prefix=settings.prefixes[0])
    with Signals() as signals:
        supervisor = _Supervisor(settings, plan, election, signals)
        try:
            code = await supervisor.run()
        finally:
            await supervisor.leave(client)
        return supervisor.exit_code(code)


class _Supervisor:
    """Campaigns again and again until there is an exit code."""

    # The mutable state: the campaign that goes on, the pause before the next, whether etcd was ever reached, and
    # whether it could not be told of the end.

    def __init__(self, settings: Settings, plan: Plan, election: Election, signals: Signals) -> None:
        self._settings, self._plan, self._election, self._signals = settings, plan, election, signals
        self._terminal = Terminal()
        self._campaign: Campaign | None = None
        self._pause = _FIRST_PAUSE
        self._was_reached = False
        self._not_resigned = False

    async def run(self) -> int:
        """Until CMD ends by itself, a signal ends the campaign, or leadership is lost with ``--once``."""
        while True:
            code = await self._campaign_once()
            if code is not None:
                return code
            if await self._asked_within(random.uniform(0.5, 1.0) * self._pause):
                return self._interrupted()
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    async def leave(self, client: Client) -> None:
        """Resign and close, within the timeout of a call, whatever etcd does."""
        ends_at = asyncio.get_running_loop().time() + self._settings.timeout
        campaign = self._campaign
        if campaign is not None and campaign.state is CampaignState.FAILED:
            ends_at = 0.0
        elif campaign is not None and not await self._resign(campaign, ends_at):
            self._not_resigned = True
            return
        closing = asyncio.create_task(client.close())
        await asyncio.wait({closing}, timeout=max(_CLOSING, ends_at - asyncio.get_running_loop().time()))
        self._not_resigned = not closing.done()

    def exit_code(self, code: int) -> int:
        """The exit code; where etcd was not told of the end, what is still under way is cut off here."""
        if self._not_resigned:
            _exit(code if self._plan.command or code else ERROR)
        return code

    async def _campaign_once(self) -> int | None:
        """From joining the line to a loss or an end; ``None`` to campaign again."""
        plan = self._plan
        say(f"campaigning in {safe(plan.name)!r} as {safe(plan.value, 60)!r}")
        campaign = self._campaign = self._election.campaign(os.fsencode(plan.value))
        began = asyncio.get_running_loop().time()
        try:
            if not await self._until_asked(self._elected(campaign)):
                return self._interrupted()
            self._was_reached = True
            if plan.command:
                return await self._run_command(campaign)
            return await self._hold(campaign)
        except LeadershipLost as exc:
            self._was_reached = True
            say(f"not elected: {exc}")
        except Unavailable as exc:
            if not self._was_reached:
                raise
            say(f"{exc} Trying again.")
        finally:
            if asyncio.get_running_loop().time() - began > plan.ttl:
                self._pause = _FIRST_PAUSE
        return None

    async def _elected(self, campaign: Campaign) -> None:
        narrating = asyncio.create_task(narrate_waiting(campaign))
        try:
            await campaign.wait()
            if self._plan.command:
                await until_there_is_time(campaign, self._plan.grace, self._plan.ttl)
        finally:
            narrating.cancel()

    async def _hold(self, campaign: Campaign) -> int | None:
        """Lead until a signal comes or leadership is lost."""
        lost = asyncio.get_running_loop().create_future()
        remove = campaign.on("error", lambda error: None if lost.done() else lost.set_result(error))
        try:
            self._tell_elected(campaign)
            if not await self._until_asked(lost):
                await self._resign(campaign, asyncio.get_running_loop().time() + self._settings.timeout)
                return OK
        finally:
            remove()
        tell(self._plan, "lost", campaign)
        say(f"leadership is lost: {lost.result()}")
        return await self._after_a_loss(campaign)

    async def _run_command(self, campaign: Campaign) -> int | None:
        """Run CMD until it ends, or is dead since leadership was lost."""
        self._tell_elected(campaign)
        term = Term(campaign, self._plan, self._signals, self._terminal)
        running = asyncio.create_task(term.run(self._environment(campaign)))
        either: set[asyncio.Future[Any]] = {running, term.lost}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        afterwards = asyncio.create_task(self._run_on_lost(campaign) if term.lost.done() else _nothing())
        ended = await running
        await afterwards
        if ended.trouble:
            say(f"{safe(self._plan.command[0])}: {ended.trouble}.")
        if ended.by_itself or self._signals.said_farewell:
            return ended.code
        return await self._after_a_loss(campaign, was_told=True)

    async def _after_a_loss(self, campaign: Campaign, *, was_told: bool = False) -> int | None:
        if not was_told:
            await self._run_on_lost(campaign)
        if self._plan.once:
            return LEADERSHIP_LOST
        if self._signals.asked.done():
            return self._interrupted()
        # Where the lease was merely in danger it is given up, now that CMD is dead, so that another host may begin.
        await self._resign(campaign, asyncio.get_running_loop().time() + _FIRST_PAUSE, quietly=True)
        return None

    async def _run_on_lost(self, campaign: Campaign) -> None:
        if self._plan.on_lost is not None:
            await run_on_lost(self._plan.on_lost, self._environment(campaign), self._settings.timeout)

    def _tell_elected(self, campaign: Campaign) -> None:
        tell(self._plan, "elected", campaign)
        say(f"elected, token {campaign.fencing_token}, lease {campaign.lease_id:x}")

    def _environment(self, campaign: Campaign) -> dict[str, str]:
        return environment_of(
            self._plan,
            key=os.fsdecode(campaign.key),
            token=campaign.fencing_token,
            lease=campaign.lease_id,
        )

    async def _resign(self, campaign: Campaign, ends_at: float, *, quietly: bool = False) -> bool:
        """Whether nothing of it is left in etcd; if not, its lease is renewed no more and runs out."""
        resigning = asyncio.create_task(campaign.resign())
        await asyncio.wait({resigning}, timeout=max(0.0, ends_at - asyncio.get_running_loop().time()))
        error = resigning.exception() if resigning.done() else None
        if resigning.done() and error is None:
            return True
        if isinstance(error, BaseException) and not isinstance(error, ElectionError):
            raise error
        resigning.cancel()
        if not quietly:
            why = str(error) if error is not None else f"etcd did not answer within {self._settings.timeout:g} s."
            say(f"not resigned: {why} The lease {campaign.lease_id:x} runs out by itself, within {self._plan.ttl} s.")
        return False

    async def _until_asked(self, work: Coroutine[Any, Any, None] | asyncio.Future[Any]) -> bool:
        """Whether the work came to its end before a signal asked for ours; raises what it does."""
        task = asyncio.ensure_future(work)
        await asyncio.wait({task, self._signals.asked}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
            return False
        task.result()
        return True

    async def _asked_within(self, seconds: float) -> bool:
        await asyncio.wait({self._signals.asked}, timeout=seconds)
        return self._signals.asked.done()

    def _interrupted(self) -> int:
        return 128 + self._signals.asked.result()


async def _nothing() -> None:
    pass


def _exit(code: int) -> NoReturn:
    """End the process although something of it waits for etcd."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)
