"""Authentication tokens: fetched when first needed, renewed before they expire, and fetched again when refused."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aetcd import rpc

from ..errors import AuthenticationFailed, Unavailable
from .mapping import AuthenticationOff

__all__ = ["Login", "Metadata"]

_log = logging.getLogger("election_core.auth")

Metadata = tuple[tuple[str, str], ...]

_RENEW_AFTER = 120.0
"""Age in seconds from which a token is replaced in time: etcd's tokens live for 300 s unless it is told otherwise."""

Authenticate = Callable[[Any], Awaitable[Any]]
"""Sends an ``AuthenticateRequest`` to a member and returns its reply."""


class Login:
    """One user, and the token that calls and streams share. Authentication may be switched on and off meanwhile."""

    # The mutable state: the token as a call carries it, empty where etcd wants none and None where it has to be
    # fetched, and when it was asked for.

    def __init__(self, name: str, password: str) -> None:
        self._name, self._password = name, password
        self._token: Metadata | None = None
        self._asked_at = 0.0
        self._authenticating = asyncio.Lock()

    async def metadata(self, authenticate: Authenticate) -> Metadata:
        """The token as a call carries it, or nothing while etcd has no authentication enabled.

        Raises:
            AuthenticationFailed: the user or password is wrong.
            Unavailable: the member did not answer, and there is no older token to go on with.
        """
        async with self._authenticating:
            if self._token is None:
                return await self._fetch(authenticate)
            if time.monotonic() - self._asked_at > _RENEW_AFTER:
                return await self._renew(authenticate, self._token)
            return self._token

    def forget(self, metadata: Metadata) -> None:
        """Fetch a new token before the next call, unless that has happened since this metadata was made."""
        if metadata == self._token:
            self._token = None

    async def _renew(self, authenticate: Authenticate, old: Metadata) -> Metadata:
        try:
            return await self._fetch(authenticate)
        except Unavailable:
            # The old token may still do; if not, it will be refused.
            self._asked_at = time.monotonic() - _RENEW_AFTER / 2
            return old

    async def _fetch(self, authenticate: Authenticate) -> Metadata:
        asked_at = time.monotonic()
        token: Metadata = ()
        try:
            reply = await authenticate(rpc.AuthenticateRequest(name=self._name, password=self._password))
            token = (("token", str(reply.token)),)
        except AuthenticationOff as exc:
            _log.info("Going on without user %r until etcd wants one: %s", self._name, exc)
        except AuthenticationFailed as exc:
            raise type(exc)(f"User {self._name!r}: {exc.message}", endpoint=exc.endpoint) from exc
        self._token, self._asked_at = token, asked_at
        return token
