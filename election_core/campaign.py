"""A campaign: one candidacy, from joining the line to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Literal

from .core.campaign_state import FAILURES, CampaignState
from .core.model import Candidate
from .core.names import check_value
from .errors import CampaignClosed, ElectionError, NotLeader
from .shell.body import Body
from .shell.callbacks import Callback
from .shell.candidacy import Candidacy, Hooks
from .shell.holding import Holding
from .shell.recipe import Recipe
from .shell.runtime import Runtime
from .store import Guard, LeaseInfo

__all__ = ["Campaign"]


class Campaign:
    """One candidacy in one election; made by `Election.campaign`, it starts by itself.

    It has one terminal state: after ``resign()``, loss or failure it is never elected.

    ::

        async with election.campaign("host-a") as campaign:   # entered once elected
            await work(campaign.fencing_token)                # cancelled if leadership is lost; resigned at the end

    Leaving the body by an exception resigns, too. If leadership was lost the way out raises `LeadershipLost`, after
    the body has ended, so work never goes on while the next leader begins, unless it blocks the event loop. Where the
    session or the client is closed by another task the body is cancelled first, and `CampaignClosed` is raised.
    """

    # The mutable state is the candidacy's, and the body that runs under this campaign.

    def __init__(self, runtime: Runtime, recipe: Recipe, holding: Holding, value: bytes) -> None:
        self._runtime, self._recipe = runtime, recipe
        self._body: Body | None = None
        self._proclaiming = asyncio.Lock()
        self._callbacks = runtime.callbacks_of(f"The campaign in {recipe.name!r}", "elected", "error")
        hooks = Hooks(
            elected=lambda: self._callbacks.emit("elected"),
            failed=self._failed,
            clean=lambda: runtime.campaigns.discard(self),
        )
        self._candidacy = Candidacy(runtime, recipe, holding, value, hooks)
        runtime.begin(self)

    def __repr__(self) -> str:
        return f"<Campaign in {self._recipe.name!r} as {self.value[:40]!r}, {self.state}, key {self.key!r}>"

    def _repr_html_(self) -> str:
        return self._candidacy.card()

    @property
    def state(self) -> CampaignState:
        """What it does right now; `is_leader` is what decides."""
        return self._candidacy.state

    @property
    def error(self) -> ElectionError | None:
        """What ended it, or ``None`` while it goes on; after ``resign()`` or ``abandon()`` a `CampaignClosed`."""
        return self._candidacy.error

    @property
    def is_leader(self) -> bool:
        """Whether it leads for certain at this moment, computed from the clock when asked.

        Raises:
            InvalidConfig: this process came out of a fork; the one that campaigned may lead.
        """
        self._runtime.check_process()
        return self.state is CampaignState.LEADING and self.lease_remaining > 0

    def healthy(self) -> bool:
        """For probes: whether it waits or leads, and etcd has confirmed its lease within two thirds of the TTL."""
        self._runtime.check_process()
        return self._candidacy.is_healthy

    @property
    def key(self) -> bytes:
        """The candidate's key."""
        return self._candidacy.key

    @property
    def lease_id(self) -> int:
        """The lease that the key is attached to; give it to `Election.campaign` after a restart."""
        return self._candidacy.lease_id

    @property
    def lease_remaining(self) -> float:
        """Seconds for which the lease certainly lives if no renewal comes through; 0 before and after its life."""
        return self._candidacy.lease_remaining

    @property
    def value(self) -> bytes:
        """What it proclaims: as etcd has it, as far as known."""
        return self._candidacy.value

    @property
    def ahead(self) -> Candidate | None:
        """The candidate that this one waits for, or ``None`` while it does not wait."""
        return self._candidacy.ahead if self.state is CampaignState.WAITING else None

    async def waiting_on(self) -> tuple[Candidate, LeaseInfo | None] | None:
        """Whom it waits for, with that candidate's lease as etcd sees it, or ``None`` while it does not wait.

        The lease is ``None`` where the candidate's key has none: then it never expires, and somebody has to see to
        it. A hand-over after a crash takes what remains of the lease, and longer while etcd has no raft leader.

        Raises:
            Unavailable: no member answered in time.
        """
        ahead = self.ahead
        if ahead is None:
            return None
        return ahead, await self._runtime.store.lease(ahead.lease_id) if ahead.lease_id else None

    @property
    def fencing_token(self) -> int:
        """The key's create revision, which grows from leader to leader; it is kept after the loss.

        Raises:
            NotLeader: it was never elected.
        """
        place = self._candidacy.place
        if place is None or not place.leads:
            raise self._not_leader("has no fencing token")
        return place.own.create_revision

    def guard(self) -> list[object]:
        """Comparisons for aetcd's ``transaction(compare=…)``: it fails from the moment another could be elected.

        Raises:
            NotLeader: it does not lead.
        """
        if not self.is_leader:
            raise self._not_leader("guards nothing")
        return [self._runtime.store.guard(Guard(self.key, self.fencing_token))]

    def on(self, event: Literal["elected", "error"], callback: Callback) -> Callable[[], None]:
        """Call ``callback()`` once elected, or ``callback(error)`` when it failed or leadership was lost.

        A plain function is called at once, a coroutine function in a task; what happened before, on the spot. Neither
        is called because of ``resign()`` or ``abandon()``. Returns a function that removes the callback.

        Raises:
            InvalidConfig: there is no such event, or the callback cannot be called.
        """
        self._candidacy.check_lease()
        remove = self._callbacks.on(event, callback)
        if event == "elected" and self.state is CampaignState.LEADING:
            self._callbacks.call(event, callback)
        elif event == "error" and self.state in FAILURES:
            self._callbacks.call(event, callback, self._candidacy.error)
        return remove

    async def wait(self) -> Campaign:
        """Wait until it is elected; returns itself. Cancelling it ends the waiting, not the campaign;
        cancelling ``await campaign`` itself withdraws the campaign.

        Raises:
            LeadershipLost: its key or lease was lost, before or after it was elected.
            CampaignClosed: it was resigned or abandoned.
            Unavailable, AuthenticationFailed: it could not join the line.
        """
        await self._candidacy.settled.wait()
        self._candidacy.check_lease()
        if self.error is not None:
            raise self.error.fresh()
        return self

    def __await__(self) -> Generator[object, None, Campaign]:
        """As `wait`, but cancelling it withdraws it: within the client's timeout, or else in the background.

        A task that is cancelled before its first step never gets here, such as that of ``wait_for(campaign, 0)``:
        `resign` the campaign then.
        """
        return self._wait_or_withdraw().__await__()

    async def proclaim(self, value: str | bytes) -> None:
        """Write a new value: the leader's, or that of a candidate that waits. While it joins, it waits for that.

        Cancelling it leaves open whether the value was written.

        Raises:
            InvalidConfig: the value can never be written.
            LeadershipLost: its key is gone, and so nothing was written.
            CampaignClosed: it has ended before.
            Unavailable: no member answered in time; the value may have been written, and can be written again.
        """
        raw = check_value(value, election=self._recipe.name)
        self._raise_if_over()
        async with self._proclaiming:
            await self._candidacy.joined()
            self._raise_if_over()
            await self._candidacy.write(raw)

    async def resign(self) -> None:
        """Leave the line or the leadership, and leave neither its key nor a lease of its own behind.

        From the call on it does not lead. Resigning again after a failure tries again; otherwise it does nothing.
        Cancelling it does not stop the clean-up.

        Raises:
            Unavailable: no member answered in time; the lease is renewed no more and runs out by itself.
            CampaignClosed: the client or the event loop ended first; what is left runs out by itself, too.
        """
        if self.state is not CampaignState.ABANDONED:
            reason = CampaignClosed("The campaign was resigned; start a new one.", **self._candidacy.whose)
            self._candidacy.end(CampaignState.RESIGNED, reason)
            await self._candidacy.clean()

    def abandon(self) -> None:
        """Stop renewing the lease without revoking it, as a crash would. The key stays until the lease runs out.

        Raises:
            InvalidConfig: the lease is a session's; its other campaigns would go with it, see `Session.abandon`.
        """
        self._candidacy.check_separable()
        reason = CampaignClosed("The campaign was abandoned; start a new one.", **self._candidacy.whose)
        self._candidacy.end(CampaignState.ABANDONED, reason)
        self._runtime.campaigns.discard(self)

    async def close(self, *, closed_with: object = None) -> None:
        """End the body that another task runs under it, wait for that at most the client's timeout, and `resign`.

        A failure is logged and not raised. Cancelling it stops none of that.

        Args:
            closed_with: the session or client that is closed; a body that waits for the end of it is not waited for.
        """
        body = self._body
        if body is None or body.task is asyncio.current_task() or self._runtime.is_leaving(body.task, closed_with):
            await self._leave()
        else:
            work = self._end_body_and_leave(body)
            await asyncio.shield(self._runtime.tasks.start(work, f"closing a campaign in {self._recipe.name}"))

    async def _end_body_and_leave(self, body: Body) -> None:
        """Work ends before a successor can begin."""
        timeout = self._runtime.store.timeout
        body.interrupt()
        try:
            async with asyncio.timeout(timeout):
                await body.left.wait()
        except TimeoutError:
            self._candidacy.warn(f"the body goes on {timeout:g} s after its cancellation")
        await self._leave()

    async def _leave(self) -> None:
        try:
            await self.resign()
        except ElectionError as exc:
            self._candidacy.warn(f"not resigned, the lease runs out by itself: {exc}")

    async def _wait_or_withdraw(self) -> Campaign:
        try:
            return await self.wait()
        except asyncio.CancelledError:
            leaving = self._runtime.tasks.start(self._leave(), f"withdrawing from {self._recipe.name}")
            await asyncio.wait({leaving}, timeout=self._runtime.store.timeout)
            raise

    async def __aenter__(self) -> Campaign:
        await self._wait_or_withdraw()
        if self._body is not None:
            raise CampaignClosed("Another body runs under this campaign; start one more.", **self._candidacy.whose)
        self._body = Body()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._candidacy.check_lease()
        body, self._body = self._body, None
        interrupted = body is not None and await body.leave(kind)
        await self._leave()
        if interrupted and self.error is not None:
            raise self.error.fresh() from exc

    def _failed(self, error: ElectionError) -> None:
        if self._body is not None:
            self._body.interrupt()
        self._callbacks.emit("error", error)

    def _raise_if_over(self) -> None:
        self._candidacy.check_lease()
        if self.error is not None:
            raise CampaignClosed(f"The campaign has ended: {self.error}", **self._candidacy.whose) from self.error

    def _not_leader(self, what: str) -> NotLeader:
        return NotLeader(f"A campaign that is {self.state} {what}; await its wait() first.", **self._candidacy.whose)
