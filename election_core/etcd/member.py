"""One member of the cluster: its channel, made when first used, and the streams that are open on it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from aetcd import rpc

from ..config import Endpoint
from ..errors import Unavailable

if TYPE_CHECKING:
    from .proxies import Proxy
    from .tls import Credentials
    from .watch_call import WatchCall

__all__ = ["Listener", "Member", "proxy_of"]

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
        name: the endpoint as the user gave it.
        address: where it is: an address, a name that an HTTP proxy looks up, or ``None`` for a name that was not
            found so far. gRPC never looks one up: it does not end in time, and cannot be told what is known.
        endpoint: what to call it: ``host:port`` as the user gave it, with the address where the name has several.
        why_unknown: why the name was not found.
        proxy: what HTTP proxy it is reached through, if any.
        listeners: the streams that are open on it.
        shared_watches: the one of them that further watches go to, if there is one.
        is_relay: whether it was found to be etcd's grpc-proxy, or another one that deals in watches itself: it may
            answer for etcd without asking.
        disconnections: how often its connection was given up or closed by us.
    """

    def __init__(self, name: Endpoint, credentials: Credentials | None, address: str | None) -> None:
        """``credentials``: what to connect with, or ``None`` for a connection in clear text."""
        self.name, self.address = name, address
        self.endpoint = str(name)
        self.why_unknown = ""
        self.proxy = proxy_of(name.host, address)
        self.listeners: set[Listener] = set()
        self.shared_watches: WatchCall | None = None
        self.is_relay = False
        self.disconnections = 0
        self._credentials = credentials
        self._connects_with: Any = None
        self._channel: Any = None
        self._running: set[asyncio.Task[None]] = set()

    @property
    def is_known(self) -> bool:
        """Whether it can be asked."""
        return self.address is not None

    @property
    def problem(self) -> str:
        """Why it cannot be asked."""
        why = f"could not be looked up ({self.why_unknown})" if self.why_unknown else "has not been looked up in time"
        return f"The name of {self.endpoint} {why}; check the endpoint and the name service."

    @property
    def channel(self) -> Any:
        """The channel to it.

        Raises:
            Unavailable: its address is not known.
        """
        if self.address is None:
            raise Unavailable(self.problem, endpoint=self.endpoint)
        if self._channel is None:
            target = str(Endpoint(self.address, self.name.port))
            # gRPC would send even what stays on this machine through a proxy, and knows addresses alone.
            proxied = ("grpc.enable_http_proxy", 0 if self.proxy is None else 1)
            options: tuple[tuple[str, object], ...] = (*_CHANNEL_OPTIONS, proxied)
            if self._credentials is not None:
                # The certificate is the name's, also where the address was looked up here.
                options = (*options, ("grpc.ssl_target_name_override", self.name.host))
                self._connects_with = self._credentials.current()
                self._channel = rpc.secure_channel(target, self._connects_with, options=options)
            else:
                # What stands in front of etcd may go by the name.
                options = (*options, ("grpc.default_authority", str(self.name)))
                self._channel = rpc.insecure_channel(target, options=options)
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
            self.run(channel.close())

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let something run that `close` waits for. Streams end theirs when they are given up."""
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def close(self, why: str) -> None:
        """End its streams, calls and connection; whoever waits is told that the member ``why``.

        Nothing of it runs any more afterwards.
        """
        self._disconnect(why)
        for outcome in await asyncio.gather(*self._running, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


def proxy_of(host: str, address: str | None = None) -> Proxy | None:
    """The HTTP proxy that the environment puts before a host."""
    # Not everybody who imports this package makes a client.
    from .proxies import proxy_for

    return proxy_for((host,) if address is None else (host, address), os.environ)
