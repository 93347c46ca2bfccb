"""Watches and lease renewals on etcd's own streams, one stream each, never silent for long without an error."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc
from aetcd import rpc

from ..clock import utc_now
from ..errors import AuthenticationFailed, Compacted, ElectionError, Unavailable
from ..store import KeyRange, WatchResponse
from .calls import Caller
from .mapping import TokenRefused, error_by_text, map_error
from .members import Member
from .tokens import Metadata
from .wire import revisions_of, watch_request

__all__ = ["EtcdRenewals", "EtcdWatch", "open_renewals", "open_watch"]

QUIET = 1.0
"""Seconds without a message after which a watch asks for a sign of life."""

_PAUSE_PER_STREAM = 0.02

_REQUIRE_LEADER = (("hasleader", "true"),)
"""Without it a member that has lost its cluster keeps a stream open and silent for ever."""


class _Stream:
    """One bidirectional call whose failures arrive as ours, and are told to whoever chooses the next member."""

    def __init__(self, caller: Caller, member: Member, method: Any, metadata: Metadata) -> None:
        self.endpoint = member.endpoint
        self.heard_at = time.monotonic()
        self._caller, self._member = caller, member
        self._metadata = metadata
        self._call = method(metadata=metadata + _REQUIRE_LEADER)
        self._gave_up = False
        member.listeners.add(self)

    async def _write(self, message: Any) -> None:
        try:
            await self._call.write(message)
        except (rpc.AioRpcError, asyncio.InvalidStateError) as exc:
            raise self._failed(exc) from exc
        except asyncio.CancelledError:
            self._raise_if_ended()
            raise

    async def _read(self) -> Any:
        try:
            message = await self._call.read()
        except rpc.AioRpcError as exc:
            raise self._failed(exc) from exc
        except asyncio.CancelledError:
            self._raise_if_ended()
            raise
        if message is grpc.aio.EOF:
            raise self._unavailable("ended the stream")
        self.heard_at = time.monotonic()
        return message

    def stop(self) -> None:
        self._member.listeners.discard(self)
        self._call.cancel()

    def give_up(self) -> None:
        """End it: the member is silent. Whoever reads it is told."""
        self._gave_up = True
        self._call.cancel()

    def _failed(self, exc: Exception) -> ElectionError:
        if not isinstance(exc, rpc.AioRpcError):
            return self._unavailable("ended the stream")
        return self._judged(map_error(exc, self.endpoint))

    def _judged(self, error: ElectionError) -> ElectionError:
        """A refused token costs a new one, a failed member its preference; both are worth another try."""
        if isinstance(error, TokenRefused):
            self._caller.forget_token(self._metadata)
            return Unavailable(error.message, endpoint=self.endpoint)
        if isinstance(error, Unavailable) and not isinstance(error, Compacted):
            self._caller.members.suspect(self._member)
        return error

    def _unavailable(self, what: str) -> ElectionError:
        return self._judged(Unavailable(f"{self.endpoint} {what}.", endpoint=self.endpoint))

    def _raise_if_ended(self) -> None:
        """A cancelled call cancels whoever reads it; only a cancellation of the task itself is passed on."""
        task = asyncio.current_task()
        if task is None or not task.cancelling():
            raise self._unavailable("was silent for too long" if self._gave_up else "closed the stream")


class EtcdWatch(_Stream):
    """`WatchStream` over one call of etcd's Watch service."""

    # The mutable state: whether a sign of life was asked for, the watchdog's timer, and what came before the watch
    # was established.

    def __init__(self, caller: Caller, member: Member, metadata: Metadata) -> None:
        super().__init__(caller, member, member.watches.Watch, metadata)
        self.revision = 0
        self._start_revision = 0
        self._early: deque[WatchResponse] = deque()
        self._asked_at: float | None = None
        self._asking: asyncio.Task[None] | None = None
        self._watchdog = self._look_again()

    async def establish(self, keys: Sequence[KeyRange], start_revision: int, deletes_only: bool) -> None:
        """Create a watcher for each range and wait until the server has confirmed them all."""
        self._start_revision = start_revision
        began = time.monotonic()
        # A compaction at R erases the deletes of R, yet etcd serves a watch from R without an error. One that
        # starts a revision earlier is refused then.
        asked = start_revision and max(start_revision - 1, 1)
        try:
            async with asyncio.timeout(self._caller.attempt_timeout):
                for part in keys:
                    await self._write(watch_request(part, asked, deletes_only))
                await self._confirmed(len(keys))
        except TimeoutError as exc:
            self._caller.members.suspect(self._member, silent_since=began)
            raise self._unavailable("did not establish a watch in time") from exc

    def __aiter__(self) -> AsyncIterator[WatchResponse]:
        return self

    async def __anext__(self) -> WatchResponse:
        return self._early.popleft() if self._early else self._watched(self._checked(await self._read()))

    def stop(self) -> None:
        super().stop()
        self._watchdog.cancel()
        if self._asking is not None:
            self._asking.cancel()

    async def _confirmed(self, ranges: int) -> None:
        """Until that many watchers are created. The first may have events before the last is confirmed."""
        while ranges:
            response = self._checked(await self._read())
            if response.created:
                self.revision = max(self.revision, response.header.revision)
                ranges -= 1
            else:
                self._early.append(self._watched(response))

    def _watched(self, response: Any) -> WatchResponse:
        revisions = revisions_of(response.events, utc_now())
        if revisions and revisions[0].revision < self._start_revision:
            revisions = tuple(each for each in revisions if each.revision >= self._start_revision)
        return WatchResponse(response.header.revision, revisions)

    def _checked(self, response: Any) -> Any:
        """A message that is not the end of its watch."""
        self._asked_at = None
        if response.compact_revision:
            raise Compacted(
                f"{self.endpoint} has compacted the history before revision {response.compact_revision}.",
                compact_revision=response.compact_revision,
                endpoint=self.endpoint,
            )
        # Looked at before anything else: a refused watch is created and cancelled in one message, with an id
        # that on older servers is another watch's.
        if response.canceled:
            raise self._judged(_refusal(response.cancel_reason, self.endpoint))
        return response

    def _look_again(self) -> asyncio.TimerHandle:
        # With many streams on one member each is asked less often; what one finds out is told to all.
        pause = max(QUIET, len(self._member.listeners) * _PAUSE_PER_STREAM)
        return asyncio.get_running_loop().call_later(pause, self._check)

    def _check(self) -> None:
        """Ask for a sign of life when it is quiet, and give the member up when none comes."""
        now = time.monotonic()
        if self._asked_at is not None and now - self._asked_at > self._caller.attempt_timeout:
            self._caller.members.suspect(self._member, silent_since=self._asked_at)
            return
        if self._asked_at is None and now - self.heard_at >= QUIET:
            self._asked_at = now
            self._asking = asyncio.ensure_future(self._ask())
        self._watchdog = self._look_again()

    async def _ask(self) -> None:
        try:
            await self._write(rpc.WatchRequest(progress_request=rpc.WatchProgressRequest()))
        except ElectionError:
            return  # whoever reads the stream is told the same


class EtcdRenewals(_Stream):
    """`RenewalStream` over one call of etcd's LeaseKeepAlive."""

    async def send(self, lease_id: int) -> None:
        await self._write(rpc.LeaseKeepAliveRequest(ID=lease_id))

    def __aiter__(self) -> AsyncIterator[tuple[int, int]]:
        return self

    async def __anext__(self) -> tuple[int, int]:
        reply = await self._read()
        return reply.ID, reply.TTL


@asynccontextmanager
async def open_watch(
    caller: Caller, keys: Sequence[KeyRange], start_revision: int, deletes_only: bool
) -> AsyncIterator[EtcdWatch]:
    try:
        watch = await _established(caller, keys, start_revision, deletes_only)
    except AuthenticationFailed:
        # etcd refuses a watch for an outdated token in the same words as for a missing permission.
        if not caller.has_login:
            raise
        watch = await _established(caller, keys, start_revision, deletes_only)
    try:
        yield watch
    finally:
        watch.stop()


async def _established(caller: Caller, keys: Sequence[KeyRange], start_revision: int, deletes_only: bool) -> EtcdWatch:
    member, metadata = await _ready(caller)
    watch = EtcdWatch(caller, member, metadata)
    try:
        await watch.establish(keys, start_revision, deletes_only)
    except BaseException as exc:
        watch.stop()
        if isinstance(exc, AuthenticationFailed):
            caller.forget_token(metadata)
        raise
    return watch


@asynccontextmanager
async def open_renewals(caller: Caller) -> AsyncIterator[EtcdRenewals]:
    member, metadata = await _ready(caller)
    renewals = EtcdRenewals(caller, member, member.leases.LeaseKeepAlive, metadata)
    try:
        yield renewals
    finally:
        renewals.stop()


async def _ready(caller: Caller) -> tuple[Member, Metadata]:
    """The member to open a stream on, and what the stream must carry."""
    member = await caller.members.preferred()
    began = time.monotonic()
    try:
        return member, await caller.metadata(member, caller.attempt_timeout)
    except Unavailable:
        caller.members.suspect(member, silent_since=began)
        raise


def _refusal(reason: str, endpoint: str) -> ElectionError:
    return error_by_text(reason, endpoint) or Unavailable(
        f"{endpoint} cancelled the watch: {reason or 'no reason given'}", endpoint=endpoint
    )
