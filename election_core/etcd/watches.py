"""Watches on etcd's own streams, one stream each, never silent for long without an error."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aetcd import rpc

from ..clock import utc_now
from ..errors import AuthenticationFailed, Compacted, ElectionError, Unavailable
from ..store import KeyRange, WatchResponse
from .calls import Caller
from .mapping import WANTS_USER, error_by_text
from .members import Member
from .stream import Stream, ready
from .tokens import Metadata
from .wire import revisions_of, watch_request

__all__ = ["QUIET", "EtcdWatch", "open_watch"]

QUIET = 1.0
"""Seconds without a message after which a watch asks for a progress notification."""

_PAUSE_PER_STREAM = 0.02
"""Seconds by which each further stream on a member lengthens the pauses of all: fifty questions a second will do."""


class EtcdWatch(Stream):
    """`WatchStream` over one call of etcd's Watch service."""

    # The mutable state: when a progress notification was asked for, the watchdog's timer, and what came before it was
    # established.

    def __init__(self, caller: Caller, member: Member, metadata: Metadata) -> None:
        super().__init__(caller, member, member.watches.Watch, metadata)
        self.revision = 0
        self._start_revision = 0
        self._early: deque[WatchResponse] = deque()
        self._asked_at: float | None = None
        self._asking: asyncio.Task[None] | None = None
        self._watchdog: asyncio.TimerHandle | None = None

    async def establish(
        self, keys: Sequence[KeyRange], start_revision: int, deletes_only: bool, deadline: float
    ) -> None:
        """Create a watcher for each range and wait until the server has confirmed them all."""
        self._start_revision = start_revision
        began = time.monotonic()
        # A compaction at R erases the deletes of R, yet etcd serves a watch from R without an error. One that
        # starts a revision earlier is refused then; what it brings of that revision is left out.
        asked = start_revision and max(start_revision - 1, 1)
        try:
            async with asyncio.timeout(min(self._caller.attempt_timeout, deadline - began)):
                for part in keys:
                    await self._write(watch_request(part, asked, deletes_only))
                await self._confirmed(len(keys))
        except TimeoutError as exc:
            self._caller.members.suspect(self._member, silent_since=began)
            raise self._unavailable("did not establish a watch in time") from exc.with_traceback(None)
        self._watchdog = self._look_again()

    def __aiter__(self) -> AsyncIterator[WatchResponse]:
        return self

    async def __anext__(self) -> WatchResponse:
        return self._early.popleft() if self._early else self._watched(self._checked(await self._read()))

    def stop(self) -> None:
        super().stop()
        if self._watchdog is not None:
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
            raise self._judged(_refusal(response.cancel_reason, self.endpoint, has_token=bool(self._metadata)))
        return response

    def _look_again(self) -> asyncio.TimerHandle:
        # With many streams on one member each is asked less often; what one finds out is told to all.
        pause = max(QUIET, len(self._member.listeners) * _PAUSE_PER_STREAM)
        return asyncio.get_running_loop().call_later(pause, self._check)

    def _check(self) -> None:
        """Ask for a progress notification when it is quiet, and give the member up when none comes."""
        now, patience = time.monotonic(), self._caller.attempt_timeout
        if self._asked_at is not None and self._asked_at < now - patience and self.is_silent_since(now - patience):
            self._caller.members.suspect(self._member, silent_since=now - patience)
            return
        if self._asked_at is None and self.is_silent_since(now - QUIET):
            self._asked_at = now
            self._asking = asyncio.ensure_future(self._ask())
        self._watchdog = self._look_again()

    async def _ask(self) -> None:
        try:
            await self._write(rpc.WatchRequest(progress_request=rpc.WatchProgressRequest()))
        except ElectionError:
            return  # whoever reads the stream is told the same


_TOKENS_PER_WATCH = 5
"""Tokens that are tried before a watch counts as denied.

etcd refuses one for an outdated token in the same words as for a missing permission, and each change of any user or
role makes a signed token outdated.
"""


@asynccontextmanager
async def open_watch(
    caller: Caller, keys: Sequence[KeyRange], start_revision: int, deletes_only: bool
) -> AsyncIterator[EtcdWatch]:
    deadline = caller.deadline()
    for token in range(1, _TOKENS_PER_WATCH + 1):
        try:
            watch = await _established(caller, keys, start_revision, deletes_only, deadline)
            break
        except AuthenticationFailed:
            if not caller.has_login or token == _TOKENS_PER_WATCH:
                raise
    try:
        yield watch
    finally:
        watch.stop()


async def _established(
    caller: Caller, keys: Sequence[KeyRange], start_revision: int, deletes_only: bool, deadline: float
) -> EtcdWatch:
    member, metadata = await ready(caller, deadline)
    watch = EtcdWatch(caller, member, metadata)
    try:
        await watch.establish(keys, start_revision, deletes_only, deadline)
    except BaseException as exc:
        watch.stop()
        if isinstance(exc, AuthenticationFailed):
            caller.forget_token(metadata)
        raise
    return watch


def _refusal(reason: str, endpoint: str, *, has_token: bool) -> ElectionError:
    if "permission denied" in reason and not has_token:
        # Calls are told that a user is missing; etcd 3.5 says no more of a watch.
        return AuthenticationFailed(f"{WANTS_USER} ({endpoint}: {reason})", endpoint=endpoint)
    return error_by_text(reason, endpoint) or Unavailable(
        f"{endpoint} cancelled the watch: {reason or 'no reason given'}", endpoint=endpoint
    )
