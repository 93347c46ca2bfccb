"""The members of the cluster: a channel each, made when first used, and which of them to ask."""

from __future__ import annotations

import asyncio
import os
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from aetcd import rpc

from ..config import TLS, Endpoint, is_address
from ..errors import Unavailable, check_process
from .history import History
from .resolver import Resolver

if TYPE_CHECKING:
    from .proxies import Proxy
    from .tls import Credentials
    from .watch_call import WatchCall

__all__ = ["Listener", "Member", "Members"]

_CHANNEL_OPTIONS = (
    # The 4 MB default ends a watch that catches up on a busy prefix.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Failover is ours: gRPC's own retries would hide a bad member from it.
    ("grpc.enable_retries", 0),
    # A member that comes back is found within seconds; gRPC's default waits up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # etcd ends connections that ping more often than every 5 s.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # Without it a connection whose other end is gone is kept for a minute.
    ("grpc.http2.ping_timeout_ms", 5_000),
    # Clients must not share connections, or one client's frozen member is everybody's.
    ("grpc.use_local_subchannel_pool", 1),
)


_STUBS = ("kv", "leases", "watches", "maintenance", "auth")


class Listener(Protocol):
    """A stream that is open on a member."""

    heard_at: float
    """When the member last said something on it (``time.monotonic``)."""

    def is_silent_since(self, moment: float) -> bool:
        """Whether it was listened to since then and nothing was heard."""

    def give_up(self, why: str) -> None:
        """End it. Whoever listens is told that the member ``why``, such as ``"was silent for too long"``."""

    def begin_anew(self) -> None:
        """etcd was restored or wiped: what was heard so far is of a history that is gone."""

    def stop(self) -> None:
        """End it: its connection is closed."""


class Member:
    """One address of one endpoint, with its channel and stubs.

    Attributes:
        endpoint: ``host:port`` as the user gave it, with the address where the name has several.
        proxy: what HTTP proxy it is reached through, if any.
        listeners: the streams that are open on it.
        shared_watches: the one of them that further watches go to, if there is one.
        is_relay: whether it was found to be etcd's grpc-proxy, or another one that deals in watches itself: it may
            answer for etcd without asking.
        disconnections: how often its connection was given up or closed by us.
    """

    def __init__(self, endpoint: Endpoint, credentials: Credentials | None, address: str | None = None) -> None:
        """``credentials``: what to connect with, or ``None`` for a connection in clear text."""
        self.endpoint = str(endpoint) if address is None else f"{endpoint} ({address})"
        self.proxy = _proxy_for(endpoint.host, address)
        self.listeners: set[Listener] = set()
        self.shared_watches: WatchCall | None = None
        self.is_relay = False
        self.disconnections = 0
        self._target = str(endpoint if address is None else Endpoint(address, endpoint.port))
        self._host = endpoint.host
        self._credentials = credentials
        self._connects_with: Any = None
        self._channel: Any = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def channel(self) -> Any:
        if self._channel is None:
            # gRPC would send even what stays on this machine through a proxy, and knows addresses alone.
            proxied = ("grpc.enable_http_proxy", 0 if self.proxy is None else 1)
            options: tuple[tuple[str, object], ...] = (*_CHANNEL_OPTIONS, proxied)
            if self._credentials is not None:
                # The certificate is the name's, also where the address was looked up here.
                options = (*options, ("grpc.ssl_target_name_override", self._host))
                self._connects_with = self._credentials.current()
                self._channel = rpc.secure_channel(self._target, self._connects_with, options=options)
            else:
                self._channel = rpc.insecure_channel(self._target, options=options)
        return self._channel

    @cached_property
    def kv(self) -> Any:
        return rpc.KVStub(self.channel)

    @cached_property
    def leases(self) -> Any:
        return rpc.LeaseStub(self.channel)

    @cached_property
    def watches(self) -> Any:
        return rpc.WatchStub(self.channel)

    @cached_property
    def maintenance(self) -> Any:
        return rpc.MaintenanceStub(self.channel)

    @cached_property
    def auth(self) -> Any:
        return rpc.AuthStub(self.channel)

    def renew_credentials(self) -> None:
        """Connect again if the files have changed: gRPC itself would go on connecting with what they held before."""
        if self._channel is None or self._credentials is None:
            return
        if self._credentials.current() is not self._connects_with:
            self._disconnect("is connected to again, since the TLS files were renewed")

    def silent_since(self, moment: float) -> None:
        """Give up the streams that have heard nothing since ``moment``: what is wrong is the member.

        Where nothing at all was heard the connection is given up, too: its other end may be gone without a word.
        """
        why = "was silent for too long"
        if all(each.heard_at <= moment for each in self.listeners):
            self._disconnect(why)
        for listener in [each for each in self.listeners if each.is_silent_since(moment)]:
            listener.give_up(why)

    def _disconnect(self, why: str) -> None:
        """Connect again with the next call. What is open on the old connection ends: the member ``why``."""
        # grpcio below 1.83 leaves a stream open, and its reader waiting, when its channel closes.
        for listener in tuple(self.listeners):
            listener.give_up(why)
        self.disconnections += 1
        channel, self._channel = self._channel, None
        for stub in _STUBS:
            self.__dict__.pop(stub, None)
        if channel is not None:
            closing = asyncio.ensure_future(channel.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def close(self, why: str) -> None:
        """End its streams, calls and connection; whoever waits is told that the member ``why``."""
        self._disconnect(why)
        await asyncio.gather(*self._closing)


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

    def is_relay(self, endpoint: str) -> bool:
        """Whether the member of that name was found to be a relay."""
        return any(member.is_relay for member in self.all if member.endpoint == endpoint)

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


def _proxy_for(host: str, address: str | None) -> Proxy | None:
    # Not everybody who imports this package makes a client.
    from .proxies import proxy_for

    return proxy_for((host,) if address is None else (host, address), os.environ)
