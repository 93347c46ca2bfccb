"""An election for threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import TypeVar, overload

from ..campaign import Campaign as AsyncCampaign
from ..core.model import Candidate
from ..election import Election as AsyncElection
from .body import Body, BodyRaised
from .campaign import Campaign
from .lost import Lost
from .open import Open
from .session import Session
from .subscription import ElectionObserver

__all__ = ["Election"]

T = TypeVar("T")


class Election:
    """One election; made by `Client.election`. It holds nothing open and may be made as often as wanted.

    Attributes:
        name: its name below the prefix.
        prefix: what its keys begin with, ``<prefix>/<name>/…``.
        ttl: TTL in seconds that is asked for when a campaign gets a lease of its own.
        root: the bytes that all its candidates' keys begin with.
    """

    prefix: str = AsyncElection.prefix

    def __init__(self, open_: Open, inner: AsyncElection) -> None:
        self._open, self._inner = open_, inner
        self.name, self.prefix, self.ttl, self.root = inner.name, inner.prefix, inner.ttl, inner.root

    def __repr__(self) -> str:
        return f"<blocking {self._inner!r}>"

    def _repr_html_(self) -> str:
        return self._inner._repr_html_()

    def campaign(self, value: str | bytes, *, session: Session | None = None, lease_id: int | None = None) -> Campaign:
        """Start to campaign; returns at once, while the campaign goes on in the background.

        Args:
            value: what to proclaim, text (written as UTF-8) or bytes; often an address.
            session: the lease to stand on, shared with other elections; a lease of its own without.
            lease_id: take up the candidacy of this lease after a restart, with its place in line. Where the lease
                is gone already, a new candidacy begins on a new lease of the same id.

        Raises:
            InvalidConfig: the value can never be written, both a session and a lease are given, or the session was
                never entered.
            CampaignClosed: the session has ended, or the client was closed.
            ElectionError: the session campaigns in this election already, or another campaign or a session of this
                client is on this lease.
        """
        on = None if session is None else session._inner

        async def start() -> Campaign:
            return self._wrap(self._inner.campaign(value, session=on, lease_id=lease_id))

        return self._open.background.run(start, undo=_close)

    def resume(self, lease_id: int) -> Campaign:
        """Take up the candidacy of a lease after a restart, with its place in line and what it proclaims.

        Raises:
            LeadershipLost: its key is gone; campaign again.
            Unavailable: no member answered in time.
        """

        async def start() -> Campaign:
            return self._wrap(await self._inner.resume(lease_id))

        return self._open.background.run(start, undo=_close)

    def lead(self, value: str | bytes, work: Callable[[Campaign], T]) -> T:
        """Campaign, run ``work(campaign)`` in this thread while leading, and return what it returns, having resigned.

        When leadership is lost ``campaign.lost`` is set, and nothing else happens before the work has returned; then
        it campaigns again, after a pause that grows while terms are short. So what it returns counts only if it led
        until then. The work may be run any number of times. What it raises ends the leading, with a resignation.

        Raises:
            InvalidConfig: the value can never be written.
            AuthenticationFailed: etcd refuses the user.
        """
        terms: SimpleQueue[tuple[Campaign, Body] | None] = SimpleQueue()
        leading = _Leading(self._open, terms)
        results: list[T] = []
        try:
            self._open.background.ask(lambda: leading.start(self._inner, value, self._wrap))
            while (term := terms.get()) is not None:
                campaign, body = term
                raised: BaseException | None = None
                try:
                    results = [work(campaign)]
                except BaseException as exc:  # noqa: BLE001 - it is raised again below, after the resignation
                    raised = exc
                self._open.background.tell(partial(body.end, raised))
            self._open.background.run(leading.ended)
            return results[0]
        except BodyRaised as exc:
            raise exc.cause from None
        except BaseException:
            leading.give_up()
            raise

    @overload
    def leader(self, encoding: str = "utf-8") -> str | None: ...

    @overload
    def leader(self, encoding: None) -> bytes | None: ...

    def leader(self, encoding: str | None = "utf-8") -> str | bytes | None:
        """What the leader proclaims, as of now, or ``None`` when nobody leads.

        Args:
            encoding: of the text; bytes that do not fit it are shown as ``\\\\xff``. ``None`` gives the bytes.

        Raises:
            Unavailable: no member answered in time.
        """
        return self._open.background.run(lambda: self._inner.leader(encoding))

    def candidates(self) -> list[Candidate]:
        """Everybody in line as of one revision, the leader first.

        Raises:
            Unavailable: no member answered in time.
        """
        return self._open.background.run(self._inner.candidates)

    def proclaim_for(self, candidate: Candidate, value: str | bytes) -> None:
        """Write a new value for a candidate, whose campaign may be in another process; its place and lease stay.

        Raises:
            CandidateGone: it is not in line any more, so nothing was written.
            InvalidConfig: it is no candidate of this election, or the value can never be written.
            Unavailable: no member answered in time; it may have been written, and can be written again.
        """
        self._open.background.run(lambda: self._inner.proclaim_for(candidate, value))

    def evict(self, candidate: Candidate, *, revoke: bool = False) -> None:
        """Take a candidate out of the line, whoever's it is: its owner is told at once, and may campaign again.

        Its key is deleted only while it has the create revision of this candidate, so that nobody who came later is
        touched. With ``revoke`` its lease is ended after that, and with the lease every other key on it, see
        `Client.keys_on`: a session's other candidacies, and what was put on the lease since somebody looked, for
        etcd ends leases outside of transactions, so that nothing can guard it.

        Raises:
            CandidateGone: it is not in line any more, and no lease was ended. Where an answer of etcd was lost,
                it was this call that deleted the key.
            InvalidConfig: it is no candidate of this election, or has no lease to revoke.
            Unavailable: no member answered in time. Its key may be deleted, which a repetition meets as
                `CandidateGone`; the message names the lease where only that was not seen to end.
        """
        self._open.background.run(lambda: self._inner.evict(candidate, revoke=revoke))

    def observe(self) -> ElectionObserver:
        """Watch the leadership: ``with election.observe() as observer``."""
        return self._open.background.ask(lambda: ElectionObserver(self._open, self._inner.observe()))

    def _wrap(self, inner: AsyncCampaign) -> Campaign:
        lost = Lost(inner, self._open.background)
        inner.on("error", lambda _: lost.set())
        return Campaign(self._open, inner, lost)


class _Leading:
    """Leading in the loop, whose terms are worked through by a thread."""

    # The mutable state is the task and the term's body, which belong to the loop.

    def __init__(self, open_: Open, terms: SimpleQueue[tuple[Campaign, Body] | None]) -> None:
        self._open, self._terms = open_, terms
        self._thread = threading.current_thread()
        self._task: asyncio.Task[None] | None = None
        self._body: Body | None = None

    def start(self, election: AsyncElection, value: str | bytes, wrap: Callable[[AsyncCampaign], Campaign]) -> None:
        async def work(inner: AsyncCampaign) -> None:
            campaign = wrap(inner)
            body = self._body = Body(inner, campaign.lost.set, self._thread)
            body.entered.set_result(None)
            task = asyncio.current_task()
            assert task is not None
            self._open.add(body, task)
            self._terms.put((campaign, body))
            await body.stand()

        self._task = asyncio.get_running_loop().create_task(election.lead(value, work), name="leading for a thread")
        self._task.add_done_callback(lambda _: self._terms.put(None))

    async def ended(self) -> None:
        """Wait for the end of it. Cancelling it only ends the waiting."""
        assert self._task is not None
        await asyncio.shield(self._task)

    def give_up(self) -> None:
        """End it and wait for that, at most the client's timeout."""
        self._open.background.tell(self._cancel)
        with suppress(Exception):
            self._open.background.run(self.ended, timeout=self._open.timeout)

    def _cancel(self) -> None:
        if self._body is not None:
            self._body.end()
        if self._task is not None:
            self._task.cancel()


async def _close(campaign: Campaign) -> None:
    await campaign._inner.close()
