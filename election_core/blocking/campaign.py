"""A campaign for threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self

from ..campaign import Campaign as AsyncCampaign
from ..core.campaign_state import CampaignState
from ..core.model import Candidate
from ..errors import ElectionError
from ..store import LeaseInfo
from .background import Background
from .body import Body, BodyRaised
from .dispatcher import Callback
from .lost import Lost
from .open import Open

__all__ = ["Campaign"]


class Campaign:
    """One candidacy in one election; made by `Election.campaign`, it starts by itself.

    ::

        with election.campaign("host-a") as leadership:     # entered once elected
            while not leadership.lost.is_set():             # a thread cannot be cancelled: ask
                work(leadership.fencing_token)              # resigned at the end

    If leadership was lost the way out raises `LeadershipLost`, unless the body raised something itself, which then
    goes on with a note of the loss.

    Attributes:
        lost: set as soon as the body under this campaign must stop: leadership is lost, the campaign has failed, or
            another thread closes the session or the client. It is set in time even when nothing else runs.
    """

    # The mutable state is that of the campaign in the loop, and the body that a thread runs under this one.

    def __init__(self, open_: Open, inner: AsyncCampaign, lost: Lost) -> None:
        self._open, self._inner = open_, inner
        self._body: Body | None = None
        self.lost: threading.Event = lost

    def __repr__(self) -> str:
        return f"<blocking {self._inner!r}>"

    def _repr_html_(self) -> str:
        return self._background.ask(self._now._repr_html_)

    @property
    def _now(self) -> AsyncCampaign:
        """The campaign in the loop, of which whatever changes in one step is read from any thread."""
        self._background.check()
        return self._inner

    @property
    def _background(self) -> Background:
        return self._open.background

    @property
    def state(self) -> CampaignState:
        """What it does right now; `is_leader` is what decides."""
        return self._now.state

    @property
    def error(self) -> ElectionError | None:
        """What ended it, or ``None`` while it goes on; after ``resign()`` or ``abandon()`` a `CampaignClosed`."""
        return self._now.error

    @property
    def is_leader(self) -> bool:
        """Whether it leads for certain at this moment, computed from the clock when asked, without any other thread."""
        return self._now.is_leader

    def healthy(self) -> bool:
        """Whether it waits or leads and etcd has confirmed its lease lately, for probes; without any other thread."""
        return self._now.healthy()

    @property
    def key(self) -> bytes:
        """The candidate's key."""
        return self._now.key

    @property
    def lease_id(self) -> int:
        """The lease that the key is attached to; give it to `Election.campaign` after a restart."""
        return self._now.lease_id

    @property
    def lease_remaining(self) -> float:
        """Seconds for which the lease certainly lives if no renewal comes through; 0 before and after its life."""
        return self._now.lease_remaining

    @property
    def value(self) -> bytes:
        """What it proclaims: as etcd has it, as far as known."""
        return self._now.value

    @property
    def ahead(self) -> Candidate | None:
        """The candidate that this one waits for, or ``None`` while it does not wait."""
        return self._background.ask(lambda: self._inner.ahead)

    def waiting_on(self) -> tuple[Candidate, LeaseInfo | None] | None:
        """Whom it waits for, with that candidate's lease as etcd sees it, or ``None`` while it does not wait.

        Raises:
            Unavailable: no member answered in time.
        """
        return self._background.run(self._inner.waiting_on)

    @property
    def fencing_token(self) -> int:
        """The key's create revision, which grows from leader to leader; it is kept after the loss.

        Raises:
            NotLeader: it was never elected.
        """
        return self._now.fencing_token

    def guard(self) -> list[object]:
        """Comparisons for aetcd's ``transaction(compare=…)``: it fails from the moment another could be elected.

        Raises:
            NotLeader: it does not lead.
        """
        return self._now.guard()

    def on(self, event: Literal["elected", "error"], callback: Callback) -> Callable[[], None]:
        """Call ``callback()`` once elected, or ``callback(error)`` when it failed or leadership was lost.

        It is called in the client's thread for callbacks, one after the other, and may call any method here. What
        happened before is told, too. Returns a function that removes the callback.

        Raises:
            InvalidConfig: there is no such event, or the callback is no plain function.
        """
        return self._open.listen(self._inner, event, callback)

    def wait(self, timeout: float | None = None) -> Self:
        """Wait until it is elected; returns itself.

        Args:
            timeout: seconds to wait; ``None`` for as long as it takes.

        Raises:
            TimeoutError: it was not elected in time; the campaign goes on.
            LeadershipLost: its key or lease was lost, before or after it was elected.
            CampaignClosed: it was resigned or abandoned.
            Unavailable, AuthenticationFailed: it could not join the line.
        """
        self._background.run(self._inner.wait, timeout=timeout)
        return self

    def proclaim(self, value: str | bytes) -> None:
        """Write a new value: the leader's, or that of a candidate that waits. While it joins, it waits for that.

        Raises:
            InvalidConfig: the value can never be written.
            LeadershipLost: its key is gone, and so nothing was written.
            CampaignClosed: it has ended before.
            Unavailable: no member answered in time; the value may have been written, and can be written again.
        """
        self._background.run(lambda: self._inner.proclaim(value))

    def resign(self) -> None:
        """Leave the line or the leadership, and leave neither its key nor a lease of its own behind.

        From the call on it does not lead. Resigning again after a failure tries again; otherwise it does nothing.
        KeyboardInterrupt does not stop the clean-up.

        Raises:
            Unavailable: no member answered in time; the lease is renewed no more and runs out by itself.
            CampaignClosed: the client ended first; what is left runs out by itself, too.
        """
        self._background.run(self._inner.resign)

    def abandon(self) -> None:
        """Stop renewing the lease without revoking it, as a crash would. The key stays until the lease runs out.

        Raises:
            InvalidConfig: the lease is a session's; its other campaigns would go with it, see `Session.abandon`.
        """
        self._background.ask(self._inner.abandon)

    def close(self) -> None:
        """Tell a body that another thread runs under it, wait for its end at most the client's timeout, and `resign`.

        A failure is logged and not raised.
        """
        self._open.let_go(lambda campaign: campaign is self._inner)
        self._background.run(self._inner.close)

    def __enter__(self) -> Self:
        self._body = self._open.enter(self._inner, self.lost.set)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        body, self._body = self._body, None
        if body is None:
            return
        try:
            self._open.leave(body, exc)
        except (BodyRaised, ElectionError):
            if exc is None:
                raise
            error = self._inner.error
            if self.lost.is_set() and error is not None and type(error) is not type(exc):
                exc.add_note(f"Meanwhile: {error}")
