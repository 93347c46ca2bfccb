"""The members of the cluster: a channel each, made when first used, and which of them to ask."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import grpc
from aetcd import rpc

from ..config import TLS, Endpoint
from ..errors import InvalidConfig, Unavailable

__all__ = ["Member", "Members"]

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
    # Clients must not share connections, or one client's frozen member is everybody's.
    ("grpc.use_local_subchannel_pool", 1),
)


class Member:
    """One endpoint, with its channel and stubs."""

    def __init__(self, endpoint: Endpoint, tls: TLS | None) -> None:
        self.endpoint = str(endpoint)
        self._encrypted = endpoint.encrypted if endpoint.encrypted is not None else tls is not None
        self._tls = tls or TLS()
        self._channel: Any = None

    @property
    def channel(self) -> Any:
        if self._channel is None:
            if self._encrypted:
                credentials = _credentials(self._tls)
                self._channel = rpc.secure_channel(self.endpoint, credentials, options=_CHANNEL_OPTIONS)
            else:
                self._channel = rpc.insecure_channel(self.endpoint, options=_CHANNEL_OPTIONS)
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

    async def close(self) -> None:
        if self._channel is not None:
            await self._channel.close()


class Members:
    """All members, and the one to ask next. gRPC's own policies never leave a frozen member, so this is ours."""

    # The mutable state: the index of the preferred member, and whether all is over.

    def __init__(self, endpoints: tuple[Endpoint, ...], tls: TLS | None) -> None:
        self.all = tuple(Member(endpoint, tls) for endpoint in endpoints)
        self._preferred = 0
        self._is_closed = False

    @property
    def preferred(self) -> Member:
        """The member to ask.

        Raises:
            Unavailable: the connections were closed.
        """
        self.check_open()
        return self.all[self._preferred]

    def check_open(self) -> None:
        """A closed channel would raise an error of gRPC's own, or keep a stream silent.

        Raises:
            Unavailable: the connections were closed.
        """
        if self._is_closed:
            raise Unavailable("The connections to etcd were closed; make a new client.")

    def suspect(self, endpoint: str) -> None:
        """Go on to the next member if the preferred one is the one that failed."""
        if self.all[self._preferred].endpoint == endpoint:
            self._preferred = (self._preferred + 1) % len(self.all)

    async def close(self) -> None:
        self._is_closed = True
        for member in self.all:
            await member.close()


def _credentials(tls: TLS) -> Any:
    def content(path: Any) -> bytes | None:
        if path is None:
            return None
        try:
            return Path(path).read_bytes()
        except OSError as exc:
            raise InvalidConfig(f"Cannot read the TLS file {path}: {exc.strerror}; check its path.") from exc

    return grpc.ssl_channel_credentials(content(tls.ca), content(tls.key), content(tls.cert))
