"""The members of the cluster, and which of them to ask next."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from ..config import TLS, Endpoint, is_address
from ..errors import Unavailable, check_process
from .history import History
from .member import Member, proxy_of
from .resolver import Resolver

if TYPE_CHECKING:
    from .tls import Credentials

__all__ = ["Members"]


class Members:
    """All members, and the one to ask next. gRPC's own policies never leave a frozen member, so this is ours.

    Attributes:
        all: the members. A name that stands for several addresses gives one each. It is looked up when first used,
            and again once every member has failed; until it is known it gives one that cannot be asked.
        history: what all their answers say of the revisions.
    """

    # The mutable state: the members, the index of the preferred one, how many have failed in a row, those that are
    # being left, and whether all is over.

    def __init__(self, endpoints: tuple[Endpoint, ...], tls: TLS | None) -> None:
        self._endpoints = endpoints
        self._credentials = _credentials_by_endpoint(endpoints, tls)
        self._named = frozenset(each.host for each in endpoints if _is_looked_up(each.host))
        self._names = Resolver((each.host for each in endpoints if each.host in self._named), self._readdress)
        self.all = tuple(member for endpoint in endpoints for member in self._members_of(endpoint, {}))
        self.history = History(self._begin_anew)
        self._preferred = 0
        self._failures = 0
        self._leaving: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._pid = os.getpid()

    async def preferred(self, within: float) -> Member:
        """The member to ask. Only where no address is known at all is there a wait for one, of so many seconds at most.

        Raises:
            Unavailable: no name was found, or the connections were closed.
        """
        self.check_open()
        self._names.look_up()
        if not self.all[self._preferred].is_known:
            await self._until_one_is_known(time.monotonic() + within)
        if not self.all[self._preferred].is_known:
            self._go_on()
        return self.all[self._preferred]

    async def everybody(self, within: float) -> tuple[Member, ...]:
        """All members, once the names that are not known were looked up, or so many seconds have passed."""
        deadline = time.monotonic() + within
        if not self._is_closed and not all(member.is_known for member in self.all):
            self._names.expire()
            self._names.look_up()
            while self._names.is_looking and (left := deadline - time.monotonic()) > 0:
                await self._names.wait(left)
        return self.all

    def check_open(self) -> None:
        """A closed channel would raise an error of gRPC's own, or keep a stream silent.

        Raises:
            Unavailable: the connections were closed.
            InvalidConfig: the client was made before a fork.
        """
        check_process(self._pid)
        if self._is_closed:
            raise Unavailable("The connections to etcd were closed; make a new client.")

    def suspect(self, member: Member, *, silent_since: float | None = None) -> None:
        """Go on to the next member if the preferred one is the one that failed.

        Args:
            member: the one that failed.
            silent_since: when it was asked for what it did not answer (``time.monotonic``); streams on which it has
                not been heard since are given up, too.
        """
        if self.all[self._preferred] is member:
            self._go_on()
            self._failures += 1
            known = sum(each.is_known for each in self.all)
            if known < len(self.all) or self._failures % known == 0:
                self._names.expire()
        if silent_since is not None:
            member.silent_since(silent_since)
        member.renew_credentials()

    def suspect_endpoint(self, endpoint: str, silent_for: float) -> None:
        """`suspect` the member of that name, as silent for some seconds."""
        for member in self.all:
            if member.endpoint == endpoint:
                self.suspect(member, silent_since=time.monotonic() - silent_for)

    async def close(self) -> None:
        """Close every connection, whatever one of them raises meanwhile."""
        self._is_closed = True
        self._names.close()
        closing = (*(member.close("was closed by its client") for member in self.all), *self._leaving)
        for outcome in await asyncio.gather(*closing, return_exceptions=True):
            if outcome is not None:
                raise outcome

    def _begin_anew(self) -> None:
        for listener in [each for member in self.all for each in member.listeners]:
            listener.begin_anew()

    def _go_on(self) -> None:
        """Prefer the next one that can be asked, if there is another."""
        after = (*range(self._preferred + 1, len(self.all)), *range(self._preferred))
        self._preferred = next((index for index in after if self.all[index].is_known), self._preferred)

    async def _until_one_is_known(self, deadline: float) -> None:
        while not any(member.is_known for member in self.all):
            left = deadline - time.monotonic()
            if left <= 0:
                first = self.all[0]
                raise Unavailable(first.problem, endpoint=first.endpoint)
            self._names.expire()
            self._names.look_up()
            await self._names.wait(left)
            self.check_open()

    def _readdress(self) -> None:
        """Take over what was found. A member that is still there keeps its connection."""
        if self._is_closed:
            return
        known = {(member.name, member.address): member for member in self.all}
        preferred = self.all[self._preferred]
        self.all = tuple(member for endpoint in self._endpoints for member in self._members_of(endpoint, known))
        self._preferred = self.all.index(preferred) if preferred in self.all else 0
        for gone in set(known.values()).difference(self.all):
            leaving = asyncio.ensure_future(gone.close("is no longer what its name stands for"))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    def _members_of(self, endpoint: Endpoint, known: dict[tuple[Endpoint, str | None], Member]) -> list[Member]:
        addresses: tuple[str | None, ...] = (endpoint.host,)
        if endpoint.host in self._named:
            addresses = self._names.addresses.get(endpoint.host) or (None,)
        members = []
        for address in addresses:
            member = known.get((endpoint, address)) or Member(endpoint, self._credentials[endpoint], address)
            member.endpoint = str(endpoint) if len(addresses) < 2 else f"{endpoint} ({address})"
            member.why_unknown = self._names.problems.get(endpoint.host, "")
            members.append(member)
        return members


def _is_looked_up(host: str) -> bool:
    """Whether it is a name whose address we need. An HTTP proxy looks names up itself."""
    return not is_address(host) and proxy_of(host) is None


def _credentials_by_endpoint(endpoints: tuple[Endpoint, ...], tls: TLS | None) -> dict[Endpoint, Credentials | None]:
    """What each endpoint is connected with: its scheme decides, and without one whether there is any TLS."""
    encrypted = [each for each in endpoints if (tls is not None if each.encrypted is None else each.encrypted)]
    credentials = None
    if encrypted:
        from .tls import Credentials

        credentials = Credentials(tls or TLS())
    return {endpoint: credentials if endpoint in encrypted else None for endpoint in endpoints}
