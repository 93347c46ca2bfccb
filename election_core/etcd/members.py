"""The members of the cluster, and which of them to ask next."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from ..config import TLS, Endpoint, is_address
from ..errors import Unavailable, check_process
from .history import History
from .member import Member
from .resolver import Resolver

if TYPE_CHECKING:
    from .tls import Credentials

__all__ = ["Members"]


class Members:
    """All members, and the one to ask next. gRPC's own policies never leave a frozen member, so this is ours.

    Attributes:
        all: the members. A name that stands for several addresses gives one each, looked up when first used and
            again once every member has failed.
        history: what all their answers say of the revisions.
    """

    # The mutable state: the members, the index of the preferred one, how many have failed in a row, those that are
    # being left, and whether all is over.

    def __init__(self, endpoints: tuple[Endpoint, ...], tls: TLS | None) -> None:
        self._endpoints = endpoints
        self._credentials = _credentials_by_endpoint(endpoints, tls)
        self._names = Resolver((each for each in endpoints if not is_address(each.host)), self._readdress)
        self.all = tuple(Member(endpoint, self._credentials[endpoint]) for endpoint in endpoints)
        self.history = History(self._begin_anew)
        self._preferred = 0
        self._failures = 0
        self._leaving: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._pid = os.getpid()

    async def preferred(self, within: float) -> Member:
        """The member to ask, known within so many seconds.

        Raises:
            Unavailable: the connections were closed.
        """
        self.check_open()
        if self._names.is_waited_for:
            await self._names.wait(within)
            self.check_open()
        return self.all[self._preferred]

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
            self._preferred = (self._preferred + 1) % len(self.all)
            self._failures += 1
            if self._failures % len(self.all) == 0:
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
        closing = (*(member.close("was closed by its client") for member in self.all), *self._leaving)
        for outcome in await asyncio.gather(*closing, return_exceptions=True):
            if outcome is not None:
                raise outcome

    def _begin_anew(self) -> None:
        for listener in [each for member in self.all for each in member.listeners]:
            listener.begin_anew()

    def _readdress(self) -> None:
        """Take over the addresses that were found. A member that is still there keeps its connection."""
        if self._is_closed:
            return
        known = {member.endpoint: member for member in self.all}
        preferred = self.all[self._preferred].endpoint
        self.all = tuple(
            known.pop(member.endpoint, member) for endpoint in self._endpoints for member in self._members_of(endpoint)
        )
        names = [member.endpoint for member in self.all]
        self._preferred = names.index(preferred) if preferred in names else 0
        for gone in known.values():
            leaving = asyncio.ensure_future(gone.close("is no longer what its name stands for"))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    def _members_of(self, endpoint: Endpoint) -> list[Member]:
        addresses = self._names.addresses.get(endpoint, [])
        credentials = self._credentials[endpoint]
        if len(addresses) < 2:
            # gRPC looks a name up itself, and says what is wrong with it.
            return [Member(endpoint, credentials)]
        return [Member(endpoint, credentials, address) for address in addresses]


def _credentials_by_endpoint(endpoints: tuple[Endpoint, ...], tls: TLS | None) -> dict[Endpoint, Credentials | None]:
    """What each endpoint is connected with: its scheme decides, and without one whether there is any TLS."""
    encrypted = [each for each in endpoints if (tls is not None if each.encrypted is None else each.encrypted)]
    credentials = None
    if encrypted:
        from .tls import Credentials

        credentials = Credentials(tls or TLS())
    return {endpoint: credentials if endpoint in encrypted else None for endpoint in endpoints}
