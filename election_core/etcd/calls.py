"""Unary calls: each bounded, repeated on the next member when one fails, with a token where etcd wants one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from aetcd import rpc

from ..backoff import Backoff
from ..errors import AuthenticationFailed, Compacted, ElectionError, Unavailable
from .mapping import Silent, TokenRefused, map_error
from .member import Member
from .members import Members
from .tokens import Login, Metadata

__all__ = ["Caller", "attempt", "cancellations", "is_foreign"]

_TOKENS_PER_CALL = 3
"""Tokens that one attempt may use up: users and roles may be changing while it runs."""
_MEMBERS_PER_CALL = 3

# A member answers them only once it is as new as whatever had happened before it was asked.
_LINEARIZABLE = (rpc.RangeRequest, rpc.TxnRequest)

Pick = Callable[[Member], Any]
"""Chooses the stub's method to call, such as ``lambda member: member.kv.Txn``."""


class Caller:
    """Calls any member that answers.

    Attributes:
        members: the members.
        timeout: seconds within which a call ends, with all its retries.
    """

    def __init__(self, members: Members, username: str | None, password: str | None, timeout: float) -> None:
        self.members = members
        self.timeout = timeout
        self._login = None if username is None else Login(username, password or "")

    @property
    def attempt_timeout(self) -> float:
        """Seconds to wait for one member, so that a call can try as many as three."""
        return self.timeout / min(len(self.members.all), _MEMBERS_PER_CALL)

    def deadline(self) -> float:
        """When a call that begins now has to end (``time.monotonic``)."""
        return time.monotonic() + self.timeout

    async def call(self, pick: Pick, request: Any, deadline: float | None = None) -> Any:
        """The reply of the first member that gives one. Every request made here can safely be repeated."""
        deadline = self.deadline() if deadline is None else deadline
        backoff = Backoff(last=0.5)
        told: Unavailable | None = None
        while True:
            member = await self.members.preferred(deadline - time.monotonic())
            began = time.monotonic()
            try:
                return await self.ask(member, pick, request, min(began + self.attempt_timeout, deadline))
            except Compacted:
                raise  # no other member has it, and neither will this one
            except Unavailable as exc:
                self.members.suspect(member, silent_since=began if isinstance(exc, Silent) else None)
                pause, now = backoff.pause(), time.monotonic()
                # What only the end of the call has cut short says less than the failure before it.
                if told is None or not isinstance(exc, Silent) or now - began >= self.attempt_timeout:
                    told = exc
                if now + pause >= deadline:
                    raise self._nobody_answered(told) from exc
                await asyncio.sleep(pause)

    @property
    def has_login(self) -> bool:
        """Whether there are tokens, which can be refused and fetched again."""
        return self._login is not None

    async def metadata(self, member: Member, deadline: float) -> Metadata:
        """What a call or stream must carry: the token, where there is a user.

        Raises:
            AuthenticationFailed: the user or password is wrong.
            Unavailable: the member has not logged the user in by the deadline.
        """
        if self._login is None:
            return ()
        try:
            # Others may be logging in, one after the other.
            async with asyncio.timeout(deadline - time.monotonic()):
                return await self._login.metadata(lambda request: self._authenticate(member, request, deadline))
        except TimeoutError as exc:
            raise Silent(
                f"{member.endpoint} did not log the user in in time; is it running and reachable?",
                endpoint=member.endpoint,
            ) from exc

    def forget_token(self, metadata: Metadata) -> None:
        """The token of this metadata was refused; the next call fetches a new one."""
        if self._login is not None:
            self._login.forget(metadata)

    async def ask(self, member: Member, pick: Pick, request: Any, deadline: float) -> Any:
        """The reply of this member, or its failure; only a refused token is replaced."""
        history = self.members.history
        for token in range(1, _TOKENS_PER_CALL + 1):
            metadata, known = await self.metadata(member, deadline), history.known
            try:
                reply = await attempt(member, pick, request, deadline, metadata)
                if isinstance(request, _LINEARIZABLE):
                    history.read(reply.header, known)
                else:
                    history.heard(reply.header)
                return reply
            except TokenRefused as exc:
                self.forget_token(metadata)
                if self._login is None or token == _TOKENS_PER_CALL:
                    raise AuthenticationFailed(exc.message, endpoint=exc.endpoint) from exc
        raise AssertionError("the last token returns or raises")

    async def _authenticate(self, member: Member, request: Any, deadline: float) -> Any:
        return await attempt(member, lambda each: each.auth.Authenticate, request, deadline, ())

    def _nobody_answered(self, last: ElectionError) -> Unavailable:
        asked = ", ".join(member.endpoint for member in self.members.all)
        return Unavailable(
            f"No etcd answered at {asked} within {self.timeout:g} s; check the endpoints and whether etcd runs."
            f" Last: {last.message}",
            endpoint=last.endpoint,
        )


async def attempt(member: Member, pick: Pick, request: Any, deadline: float, metadata: Metadata) -> Any:
    """One call to one member, with its failure as an error of ours."""
    timeout = max(deadline - time.monotonic(), 0.001)
    cancelled_before, connection = cancellations(), member.disconnections
    try:
        return await pick(member)(request, timeout=timeout, metadata=metadata)
    except rpc.AioRpcError as exc:
        # Its traceback holds the call, and that the connection, for as long as somebody keeps the error.
        raise map_error(exc, member.endpoint, member.proxy) from exc.with_traceback(None)
    except asyncio.CancelledError as exc:
        if is_foreign(cancelled_before, closed=member.disconnections > connection):
            closed = Unavailable(f"The connection to {member.endpoint} was closed.", endpoint=member.endpoint)
            raise closed from exc.with_traceback(None)
        exc.__traceback__ = None
        raise


def cancellations() -> int:
    """How often the cancellation of the current task was asked for and not taken back."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


def is_foreign(before: int, *, closed: bool) -> bool:
    """Whether a CancelledError is gRPC's own, which cancels whoever waits for a call that it ends.

    Args:
        before: the task's `cancellations` when it began to wait. A task goes on with some that are long past, such as
            one that cleans up after its cancellation; so it is new ones that tell.
        closed: whether the call was ended from this side. A task may cancel itself right before it waits, which
            counts as before, too.
    """
    now = cancellations()
    return now == 0 or (closed and now <= before)
