"""An election: a name under a prefix, to campaign in, to ask and to observe."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

from .backoff import Backoff
from .campaign import Campaign
from .clock import sleep
from .core.campaign_state import CampaignState
from .core.flat import card, shown
from .core.log_fields import log_fields
from .core.model import Candidate
from .core.names import candidate_key, check_lease_id, check_ttl, check_value, election_root, value_as
from .errors import CandidateGone, ElectionError, InvalidConfig, LeadershipLost, Unavailable
from .observer import ElectionObserver
from .shell.holding import OwnLease, SessionLease
from .shell.recipe import Recipe
from .shell.runtime import Runtime
from .shell.session import Session, standing_lease

__all__ = ["Election"]

_log = logging.getLogger("election_core.campaign")

T = TypeVar("T")


class Election:
    """One election; made by `Client.election`. It holds nothing open and may be made as often as wanted.

    Attributes:
        name: its name below the prefix.
        prefix: what its keys begin with, ``<prefix>/<name>/…``.
        ttl: TTL in seconds that is asked for when a campaign gets a lease of its own.
        root: the bytes that all its candidates' keys begin with.
    """

    prefix: str = "election"

    def __init__(self, runtime: Runtime, name: str, *, ttl: int = 60, prefix: str = "election") -> None:
        self.root = election_root(prefix, name)
        self.ttl = check_ttl(ttl)
        self.name = name
        self.prefix = prefix
        self._runtime = runtime
        self._recipe = Recipe(runtime.store, name, self.root)

    def __repr__(self) -> str:
        return f"<Election {self.name!r}, keys below {self.root!r}>"

    def _repr_html_(self) -> str:
        return card(f"Election {self.name}", [("keys below", shown(self.root)), ("ttl", f"{self.ttl} s")])

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
            RuntimeError: no event loop is running.
        """
        raw = check_value(value, election=self.name)
        if session is not None and lease_id is not None:
            raise InvalidConfig("Give a session or a lease_id, not both: a session has a lease.", election=self.name)
        self._runtime.check_open()
        if lease_id is not None:
            self._runtime.check_free(check_lease_id(lease_id))
        if session is None:
            return Campaign(self._runtime, self._recipe, OwnLease(self._runtime, self.ttl, lease_id), raw)
        lease = standing_lease(session)
        claim = lease.claims.make(candidate_key(self.root, lease.lease_id))
        return Campaign(self._runtime, self._recipe, SessionLease(lease, claim), raw)

    async def resume(self, lease_id: int) -> Campaign:
        """Take up the candidacy of a lease after a restart, with its place in line and what it proclaims.

        Raises:
            LeadershipLost: its key is gone; campaign again.
            Unavailable: no member answered in time.
        """
        key = candidate_key(self.root, check_lease_id(lease_id))
        self._runtime.check_loop()
        found = await self._recipe.find(key, lease_id)
        if found is None:
            raise LeadershipLost(
                f"There is no candidate on lease {lease_id:x} to resume; campaign again.", election=self.name, key=key
            )
        return self.campaign(found.value, lease_id=lease_id)

    async def lead(self, value: str | bytes, work: Callable[[Campaign], Awaitable[T]]) -> T:
        """Campaign, run ``work(campaign)`` while leading, and return what it returns, having resigned.

        When leadership is lost the work is cancelled and awaited before anything else happens; then it campaigns
        again, after a pause that grows while terms are short. The work may be run any number of times. What it
        raises ends the leading, with a resignation. Cancelling it cancels the work, awaits it and resigns.

        Raises:
            InvalidConfig: the value can never be written.
            AuthenticationFailed: etcd refuses the user.
        """
        clock = self._runtime.clock
        backoff = Backoff(first=0.2, last=10.0)
        while True:
            elected_at: float | None = None
            campaign = self.campaign(value)
            try:
                async with campaign:
                    elected_at = clock.now()
                    return await work(campaign)
            except ElectionError as exc:
                if not _is_worth_another_try(campaign, exc, elected_at):
                    raise
                extra = log_fields(self.name, campaign.key)
                _log.info("election %r: campaigning again: %s", self.name, exc, extra=extra)
            if elected_at is not None and clock.now() - elected_at > self.ttl:
                backoff.reset()
            await sleep(clock, backoff.pause())

    @overload
    async def leader(self, encoding: str = "utf-8") -> str | None: ...

    @overload
    async def leader(self, encoding: None) -> bytes | None: ...

    async def leader(self, encoding: str | None = "utf-8") -> str | bytes | None:
        """What the leader proclaims, as of now, or ``None`` when nobody leads.

        Args:
            encoding: of the text; bytes that do not fit it are shown as ``\\\\xff``. ``None`` gives the bytes.

        Raises:
            Unavailable: no member answered in time.
        """
        self._runtime.check_loop()
        leader = await self._recipe.leader()
        return None if leader is None else value_as(leader.value, encoding)

    async def candidates(self) -> list[Candidate]:
        """Everybody in line as of one revision, the leader first.

        Raises:
            Unavailable: no member answered in time.
        """
        self._runtime.check_loop()
        return list((await self._recipe.candidates()).candidates)

    async def proclaim_for(self, candidate: Candidate, value: str | bytes) -> None:
        """Write a new value for a candidate, whose campaign may be in another process; its place and lease stay.

        Cancelling it leaves open whether the value was written.

        Raises:
            CandidateGone: it is not in line any more, so nothing was written.
            InvalidConfig: it is no candidate of this election, or the value can never be written.
            Unavailable: no member answered in time; it may have been written, and can be written again.
        """
        raw = check_value(value, election=self.name)
        self._runtime.check_loop()
        self._check_own(candidate)
        try:
            await self._recipe.proclaim(candidate, raw)
        except LeadershipLost as exc:
            raise self._gone("Nothing was proclaimed", candidate) from exc

    async def evict(self, candidate: Candidate, *, revoke: bool = False) -> None:
        """Take a candidate out of the line, whoever's it is: its owner is told at once, and may campaign again.

        Its key is deleted only while it has the create revision of this candidate, so that nobody who came later is
        touched. With ``revoke`` its lease is ended after that, and with the lease every other key on it, see
        `Client.keys_on`: a session's other candidacies, and what was put on the lease since somebody looked, for
        etcd ends leases outside of transactions, so that nothing can guard it.

        Cancelling it leaves open whether it was done.

        Raises:
            CandidateGone: it is not in line any more, and no lease was ended. Where an answer of etcd was lost,
                it was this call that deleted the key.
            InvalidConfig: it is no candidate of this election, or has no lease to revoke.
            Unavailable: no member answered in time. Its key may be deleted, which a repetition meets as
                `CandidateGone`; the message names the lease where only that was not seen to end.
        """
        self._runtime.check_loop()
        self._check_own(candidate)
        key, lease_id = candidate.key, candidate.lease_id
        if revoke and not lease_id:
            raise InvalidConfig("A key without a lease has none to revoke.", election=self.name, key=key)
        if not await self._recipe.withdraw(candidate):
            raise self._gone("Nobody else was evicted", candidate)
        if revoke:
            await self._revoke(candidate)

    def observe(self) -> ElectionObserver:
        """Watch the leadership: ``await election.observe()``, or ``async with election.observe() as observer``."""
        return ElectionObserver(self._runtime, self.name, self.root)

    def _check_own(self, candidate: Candidate) -> None:
        if not candidate.key.startswith(self.root):
            raise InvalidConfig(f"{candidate.key!r} is no key of this election.", election=self.name, key=candidate.key)

    async def _revoke(self, candidate: Candidate) -> None:
        try:
            await self._runtime.store.revoke(candidate.lease_id)
        except Unavailable as exc:
            raise Unavailable(
                f"The candidate is out of line, but whether lease {candidate.lease_id:x} has ended is not known; "
                f"look what is on it. {exc}",
                election=self.name,
                key=candidate.key,
            ) from exc

    def _gone(self, what: str, candidate: Candidate) -> CandidateGone:
        return CandidateGone(
            f"{what}: this candidate is not in line any more; look again who is.",
            election=self.name,
            key=candidate.key,
        )


def _is_worth_another_try(campaign: Campaign, exc: ElectionError, elected_at: float | None) -> bool:
    """Whether it was the leadership or etcd that failed, and not the work."""
    if isinstance(exc, LeadershipLost):
        return campaign.state is CampaignState.LOST
    return isinstance(exc, Unavailable) and elected_at is None
