"""One stream to one member: whatever ends it is an error of ours, and it keeps nothing alive that has ended."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import grpc
from aetcd import rpc

from ..errors import AuthenticationFailed, Compacted, ElectionError, Unavailable
from .calls import Caller, cancellations, is_foreign
from .mapping import TokenRefused, map_error
from .member import Member
from .tokens import Metadata

__all__ = ["Stream", "ready"]

_REQUIRE_LEADER = (("hasleader", "true"),)
"""Without it a member that has lost its cluster keeps a stream open and silent forever."""


class Stream:
    """One bidirectional call whose failures arrive as ours, and are told to whoever chooses the next member."""

    # The mutable state: the call, since when somebody has been listening to it, when something was heard, and why
    # it was given up.

    def __init__(self, caller: Caller, member: Member, method: Any, metadata: Metadata) -> None:
        self.heard_at = time.monotonic()
        self._caller, self._member = caller, member
        self._metadata = metadata
        self._call = method(metadata=metadata + _REQUIRE_LEADER)
        self._listening_since: float | None = None
        self._gave_up = ""
        member.listeners.add(self)

    @property
    def endpoint(self) -> str:
        """What the member is called now: its name may come to stand for several."""
        return self._member.endpoint

    async def _write(self, message: Any) -> None:
        cancelled_before = cancellations()
        try:
            await self._open_call().write(message)
        except (rpc.AioRpcError, asyncio.InvalidStateError) as exc:
            raise self._failed(exc) from exc.with_traceback(None)
        except asyncio.CancelledError as exc:
            self._raise_if_ended(exc, cancelled_before)
            exc.__traceback__ = None
            raise

    async def _read(self) -> Any:
        call, self._listening_since = self._open_call(), time.monotonic()
        cancelled_before = cancellations()
        try:
            message = await call.read()
        except rpc.AioRpcError as exc:
            raise self._failed(exc) from exc.with_traceback(None)
        except asyncio.CancelledError as exc:
            self._raise_if_ended(exc, cancelled_before)
            exc.__traceback__ = None
            raise
        finally:
            # Tasks keep what is raised here, and with the tracebacks the call and its connection.
            del call
            self._listening_since = None
        if message is grpc.aio.EOF:
            raise self._unavailable("ended the stream")
        self.heard_at = time.monotonic()
        self._caller.members.history.heard(message.header)
        return message

    def stop(self) -> None:
        """End it from this side."""
        self._member.listeners.discard(self)
        self._let_go()

    def is_silent_since(self, moment: float) -> bool:
        """Whether it was listened to since then and nothing was heard: what nobody reads says nothing of the member."""
        return self._listening_since is not None and max(self._listening_since, self.heard_at) <= moment

    def give_up(self, why: str) -> None:
        """End it. Whoever reads it is told that the member ``why``."""
        self._gave_up = self._gave_up or why
        self._let_go()

    def begin_anew(self) -> None:
        """What was heard so far is of a history that is gone; it matters to watches alone."""

    def _let_go(self) -> None:
        """Cancel the call and forget it: it holds the connection, however long the stream itself is kept."""
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _open_call(self) -> Any:
        if self._call is None:
            raise Unavailable(f"{self.endpoint} {self._gave_up or 'was left'}.", endpoint=self.endpoint)
        return self._call

    def _failed(self, exc: Exception) -> ElectionError:
        if not isinstance(exc, rpc.AioRpcError):
            return self._unavailable("ended the stream")
        return self._judged(map_error(exc, self.endpoint, self._member.proxy))

    def _judged(self, error: ElectionError) -> ElectionError:
        """A refused token costs a new one, a failed member its preference; both are worth another try."""
        if isinstance(error, TokenRefused):
            self._caller.forget_token(self._metadata)
            kind = Unavailable if self._caller.has_login else AuthenticationFailed
            return kind(error.message, endpoint=self.endpoint)
        if isinstance(error, Unavailable) and not isinstance(error, Compacted):
            self._caller.members.suspect(self._member)
        return error

    def _unavailable(self, what: str) -> ElectionError:
        return self._judged(Unavailable(f"{self.endpoint} {what}.", endpoint=self.endpoint))

    def _raise_if_ended(self, exc: asyncio.CancelledError, cancelled_before: int) -> None:
        """A cancelled call cancels whoever reads it; only a cancellation of the task itself is passed on."""
        if is_foreign(cancelled_before, closed=self._call is None):
            raise self._unavailable(self._gave_up or "closed the stream") from exc.with_traceback(None)


async def ready(caller: Caller, deadline: float) -> tuple[Member, Metadata]:
    """The member to open a stream on, and what the stream must carry."""
    member = await caller.members.preferred(deadline - time.monotonic())
    began = time.monotonic()
    try:
        return member, await caller.metadata(member, min(began + caller.attempt_timeout, deadline))
    except Unavailable:
        caller.members.suspect(member, silent_since=began)
        raise
