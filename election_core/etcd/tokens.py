"""Authentication tokens: fetched when first needed, renewed before they expire, and fetched again when refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aetcd import rpc

from ..errors import AuthenticationFailed, Unavailable

__all__ = ["Login", "Metadata"]

Metadata = tuple[tuple[str, str], ...]

_RENEW_AFTER = 120.0
"""Age in seconds from which a token is replaced in time: etcd's tokens live for 300 s unless it is told otherwise."""

Authenticate = Callable[[Any], Awaitable[Any]]
"""Sends an ``AuthenticateRequest`` to a member and returns its reply."""


class Login:
    """One user, and the token that calls and streams share."""

    # The mutable state: the token and when it was asked for.

    def __init__(self, name: str, password: str) -> None:
        self._name, self._password = name, password
        self._token: str | None = None
        self._asked_at = 0.0
        self._authenticating = asyncio.Lock()

    async def metadata(self, authenticate: Authenticate) -> Metadata:
        """The token as a call carries it.

        Raises:
            AuthenticationFailed: the user or password is wrong.
            Unavailable: the member did not answer, and there is no older token to go on with.
        """
        async with self._authenticating:
            if self._token is None:
                await self._fetch(authenticate)
            elif time.monotonic() - self._asked_at > _RENEW_AFTER:
                await self._renew(authenticate)
            return (("token", str(self._token)),)

    def forget(self, metadata: Metadata) -> None:
        """Fetch a new token before the next call, unless that has happened since this metadata was made."""
        if ("token", self._token) in metadata:
            self._token = None

    async def _renew(self, authenticate: Authenticate) -> None:
        try:
            await self._fetch(authenticate)
        except Unavailable:
            # The old token may still do; if not, it will be refused.
            self._asked_at = time.monotonic() - _RENEW_AFTER / 2

    async def _fetch(self, authenticate: Authenticate) -> None:
        asked_at = time.monotonic()
        try:
            reply = await authenticate(rpc.AuthenticateRequest(name=self._name, password=self._password))
        except AuthenticationFailed as exc:
            raise type(exc)(f"User {self._name!r}: {exc.message}", endpoint=exc.endpoint) from exc
        self._token, self._asked_at = str(reply.token), asked_at
