"""Unary calls: each bounded, repeated on the next member when one fails, with a token where etcd wants one."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any

from aetcd import rpc

from ..errors import AuthenticationFailed, ElectionError, Unavailable
from .mapping import TokenRefused, map_error
from .members import Member, Members

__all__ = ["Caller", "Metadata"]

_BACKOFF_FIRST = 0.05
_BACKOFF_LAST = 0.5

Metadata = tuple[tuple[str, str], ...]

Pick = Callable[[Member], Any]
"""Chooses the stub's method to call, such as ``lambda member: member.kv.Txn``."""


class Caller:
    """Calls any member that answers.

    Attributes:
        timeout: seconds within which a call ends, with all its retries.
    """

    # The mutable state: the authentication token, shared by calls and streams.

    def __init__(self, members: Members, username: str | None, password: str | None, timeout: float) -> None:
        self.members = members
        self.timeout = timeout
        self._user = None if username is None else (username, password or "")
        self._token: str | None = None
        self._authenticating = asyncio.Lock()

    async def call(self, pick: Pick, request: Any) -> Any:
        """The reply of the first member that gives one. Every request made here can safely be repeated."""
        deadline = time.monotonic() + self.timeout
        attempt_timeout = self.timeout / min(len(self.members.all), 3)
        backoff = _BACKOFF_FIRST
        while True:
            member = self.members.preferred
            remaining = deadline - time.monotonic()
            try:
                return await self._once(member, pick, request, min(attempt_timeout, remaining))
            except Unavailable as exc:
                self.members.suspect(member.endpoint)
                pause = backoff * random.uniform(0.5, 1.0)
                if time.monotonic() + pause >= deadline:
                    raise self._nobody_answered(exc) from exc
                await asyncio.sleep(pause)
                backoff = min(backoff * 2, _BACKOFF_LAST)

    async def metadata(self, member: Member, timeout: float) -> Metadata:
        """What a call or stream must carry: the token, where there is a user."""
        if self._user is None:
            return ()
        async with self._authenticating:
            if self._token is None:
                self._token = await self._authenticate(member, timeout)
            return (("token", self._token),)

    def forget_token(self, metadata: Metadata) -> None:
        """The token of this metadata was refused; the next call fetches a new one."""
        if ("token", self._token) in metadata:
            self._token = None

    async def _once(self, member: Member, pick: Pick, request: Any, timeout: float) -> Any:
        metadata = await self.metadata(member, timeout)
        try:
            return await self._attempt(member, pick, request, timeout, metadata)
        except TokenRefused:
            self.forget_token(metadata)
            metadata = await self.metadata(member, timeout)
            return await self._attempt(member, pick, request, timeout, metadata)

    async def _attempt(self, member: Member, pick: Pick, request: Any, timeout: float, metadata: Metadata) -> Any:
        try:
            return await pick(member)(request, timeout=max(timeout, 0.001), metadata=metadata)
        except rpc.AioRpcError as exc:
            raise map_error(exc, member.endpoint) from exc
        except asyncio.CancelledError:
            _raise_if_closed(member)
            raise

    async def _authenticate(self, member: Member, timeout: float) -> str:
        assert self._user is not None
        name, password = self._user
        request = rpc.AuthenticateRequest(name=name, password=password)
        try:
            reply = await self._attempt(member, lambda member: member.auth.Authenticate, request, timeout, ())
        except AuthenticationFailed as exc:
            raise AuthenticationFailed(
                f"{member.endpoint} refused user {name!r}: {exc.message}", endpoint=member.endpoint
            ) from exc
        return str(reply.token)

    def _nobody_answered(self, last: ElectionError) -> Unavailable:
        asked = ", ".join(member.endpoint for member in self.members.all)
        return Unavailable(
            f"No etcd answered at {asked} within {self.timeout:g} s; check the endpoints and whether etcd runs."
            f" Last: {last.message}",
            endpoint=last.endpoint,
        )


def _raise_if_closed(member: Member) -> None:
    """gRPC cancels open calls when their channel closes; to the caller that is no cancellation of its own."""
    task = asyncio.current_task()
    if task is not None and not task.cancelling():
        raise Unavailable(f"The connection to {member.endpoint} was closed.", endpoint=member.endpoint)
