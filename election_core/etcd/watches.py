"""Watches on etcd: those of one client on one member share a call, but for a wide one, which has a call of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from ..errors import AuthenticationFailed, Unavailable
from ..store import KeyRange
from .calls import Caller
from .member import Member
from .stream import ready
from .tokens import Metadata
from .watch import EtcdWatch
from .watch_call import OwnWatchCall, WatchCall

__all__ = ["open_watch"]

_TOKENS_PER_WATCH = 5
"""Tokens that are tried before a watch counts as denied.

etcd refuses one for an outdated token in the same words as for a missing permission, and each change of any user or
role makes a signed token outdated.
"""


@asynccontextmanager
async def open_watch(
    caller: Caller, keys: Sequence[KeyRange], start_revision: int, deletes_only: bool, wide: bool
) -> AsyncIterator[EtcdWatch]:
    deadline = caller.deadline()
    for token in range(1, _TOKENS_PER_WATCH + 1):
        member, metadata = await ready(caller, deadline)
        call = OwnWatchCall(caller, member, metadata) if wide else _shared(caller, member, metadata)
        watch = call.open(keys, start_revision, deletes_only)
        try:
            await _established(caller, member, watch, deadline)
            break
        except BaseException as exc:
            _leave(call, watch, wide)
            if not isinstance(exc, AuthenticationFailed):
                raise
            # All who are refused on this call get one new token, and a call that carries it.
            caller.forget_token(call.metadata)
            call.retire()
            if not caller.has_login or token == _TOKENS_PER_WATCH:
                raise
    try:
        yield watch
    finally:
        _leave(call, watch, wide)


def _shared(caller: Caller, member: Member, metadata: Metadata) -> WatchCall:
    if member.shared_watches is None:
        member.shared_watches = WatchCall(caller, member, metadata)
    return member.shared_watches


def _leave(call: WatchCall, watch: EtcdWatch, wide: bool) -> None:
    watch.leave()
    if wide:
        call.stop()


async def _established(caller: Caller, member: Member, watch: EtcdWatch, deadline: float) -> None:
    """Wait until the server has confirmed it."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(min(caller.attempt_timeout, deadline - began)):
            await watch.established()
    except TimeoutError as exc:
        caller.members.suspect(member, silent_since=began)
        what = f"{member.endpoint} did not establish a watch in time."
        raise Unavailable(what, endpoint=member.endpoint) from exc.with_traceback(None)
