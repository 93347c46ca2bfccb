"""A gRPC server in front of a real etcd that answers as a script says, for what no server here can show.

Whatever the script does not touch is forwarded, byte for byte. So it is etcd 3.5 with the token checks of patched
servers, with events that get lost, or with answers that only a cluster in trouble gives.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any

import grpc
from aetcd import rpc

__all__ = ["AUTHENTICATE", "GRANT", "KEEP_ALIVE", "RANGE", "REVOKE", "TXN", "WATCH", "Refusal", "ScriptedEtcd"]

TXN = "/etcdserverpb.KV/Txn"
RANGE = "/etcdserverpb.KV/Range"
WATCH = "/etcdserverpb.Watch/Watch"
GRANT = "/etcdserverpb.Lease/LeaseGrant"
REVOKE = "/etcdserverpb.Lease/LeaseRevoke"
KEEP_ALIVE = "/etcdserverpb.Lease/LeaseKeepAlive"
AUTHENTICATE = "/etcdserverpb.Auth/Authenticate"
_STREAMS = (WATCH, KEEP_ALIVE)

Refusal = tuple[grpc.StatusCode, str]
"""A status and etcd's text for it."""

BAD_TOKEN: Refusal = (grpc.StatusCode.UNAUTHENTICATED, "etcdserver: invalid auth token")


# etcd refuses it itself, in its turn: whatever the script says instead keeps the order of the answers.
_IMPOSSIBLE_WATCH = bytes(
    rpc.WatchRequest(create_request=rpc.WatchCreateRequest(key=b"z", range_end=b"a")).SerializeToString()
)


def _same(message: bytes) -> bytes:
    return message


class ScriptedEtcd:
    """A server on a port of its own: ``async with ScriptedEtcd(etcd.endpoint) as scripted``.

    Attributes:
        calls: how often each method was called.
        replies: how many messages each streaming method has sent.
        authenticated: how often a client has logged in.
        endpoint: ``host:port`` for clients.
    """

    # The mutable state is the script: what to refuse how often, who is logged in, and what to do with replies.

    def __init__(self, target: str) -> None:
        self._target = target
        self._channels: list[Any] = []
        self.calls: Counter[str] = Counter()
        self.replies: Counter[str] = Counter()
        self.authenticated = 0
        self._refusals: dict[str, list[Refusal]] = {}
        self._lost_replies: Counter[str] = Counter()
        self._delays: dict[str, float] = {}
        self._tokens: set[str] | None = None
        self._watch_refusals: list[tuple[str, int]] = []
        self._edit_watch: Callable[[Any], Any] | None = None
        self._answers_before_end: int | None = None
        self._stop_streams = asyncio.Event()

    def refuse(self, method: str, refusal: Refusal, times: int) -> None:
        """Answer the next so many calls of a method with a failure."""
        self._refusals[method] = [refusal] * times

    def lose_replies(self, method: str, times: int) -> None:
        """Carry out the next so many calls of a method, and tell the client that the connection broke."""
        self._lost_replies[method] = times

    def delay(self, method: str, seconds: float) -> None:
        """Answer calls of a method that much later."""
        self._delays[method] = seconds

    def require_tokens(self) -> None:
        """Check the token of each call, and of each renewal, as servers since 3.4.42, 3.5.28 and 3.6.9 do."""
        self._tokens = set()

    def expire_tokens(self) -> None:
        """Forget all tokens; clients have to log in again."""
        assert self._tokens is not None
        self._tokens.clear()

    def end_renewals_after(self, answers: int | None) -> None:
        """End each stream of renewals without an error once it has answered so often."""
        self._answers_before_end = answers

    def end_streams(self) -> None:
        """End all streams that are open, without an error."""
        self._stop_streams.set()
        self._stop_streams = asyncio.Event()

    def refuse_watches(self, reason: str, times: int, watch_id: int = 0) -> None:
        """Create and cancel the next so many watches in one message, with a watch id that is not theirs.

        etcd before 3.5.6 says 0 where it was to choose, later ones say -1.
        """
        self._watch_refusals = [(reason, watch_id)] * times

    def edit_watch(self, edit: Callable[[Any], Any] | None) -> None:
        """Pass on what ``edit(response)`` makes of each `WatchResponse`; ``None`` for nothing."""
        self._edit_watch = edit

    def lose_deletes(self) -> None:
        """Deliver no DELETE any more."""
        self.edit_watch(_without_deletes)

    def switch(self, target: str) -> None:
        """Forward what begins from now on to another server."""
        self._channels.append(grpc.aio.insecure_channel(target))

    async def has_created_a_watch(self) -> bool:
        return self.replies[WATCH] > 0

    async def __aenter__(self) -> ScriptedEtcd:
        self.switch(self._target)
        self._server = grpc.aio.server()
        self._server.add_generic_rpc_handlers((_Handlers(self),))
        self.endpoint = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        await self._server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.stop(None)
        for channel in self._channels:
            await channel.close()

    async def answer(self, method: str, request: bytes, context: Any) -> bytes:
        """One unary call."""
        self.calls[method] += 1
        await asyncio.sleep(self._delays.get(method, 0.0))
        await self._refuse_by_script(method, context)
        if method == AUTHENTICATE:
            return self._log_in()
        await self._check_token(context)
        try:
            reply: bytes = await self._channels[-1].unary_unary(method, _same, _same)(request, timeout=10)
        except grpc.aio.AioRpcError as exc:
            await context.abort(exc.code(), exc.details())
            raise
        if self._lost_replies[method]:
            self._lost_replies[method] -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "Connection reset by peer")
        return reply

    async def stream(self, method: str, requests: AsyncIterator[bytes], context: Any) -> None:
        """One stream, until the client, the server or the script ends it."""
        self.calls[method] += 1
        await self._refuse_by_script(method, context)
        call = self._channels[-1].stream_stream(method, _same, _same)(metadata=(("hasleader", "true"),))
        out = _Out(context)
        refused: deque[bytes] = deque()
        work: set[asyncio.Task[Refusal | None]] = {
            asyncio.create_task(self._forward(method, requests, call, refused, out.context)),
            asyncio.create_task(self._return(method, call, refused, out)),
            asyncio.create_task(_stopped(self._stop_streams)),
        }
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        finally:
            call.cancel()
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        for task in done:
            if not task.cancelled() and (refusal := task.result()) is not None:
                await context.abort(*refusal)

    async def _forward(
        self, method: str, requests: AsyncIterator[bytes], call: Any, refused: deque[bytes], context: Any
    ) -> Refusal | None:
        async for request in requests:
            if method == KEEP_ALIVE and not self._is_known(context):
                return BAD_TOKEN
            refusal = self._watch_refusal(request, context) if method == WATCH else None
            if refusal is not None:
                refused.append(refusal)
            await call.write(request if refusal is None else _IMPOSSIBLE_WATCH)
        return None

    async def _return(self, method: str, call: Any, refused: deque[bytes], out: _Out) -> Refusal | None:
        sent = 0
        try:
            while (reply := await call.read()) is not grpc.aio.EOF:
                edited = refused.popleft() if refused and _is_refusal(reply) else self._edited(method, reply)
                if edited is None:
                    continue
                await out.write(edited)
                self.replies[method] += 1
                sent += 1
                if method == KEEP_ALIVE and sent == self._answers_before_end:
                    return None
        except grpc.aio.AioRpcError as exc:
            return exc.code(), exc.details() or ""
        return None

    def _edited(self, method: str, reply: bytes) -> bytes | None:
        if method != WATCH or self._edit_watch is None:
            return reply
        edited = self._edit_watch(rpc.WatchResponse.FromString(reply))
        return None if edited is None else bytes(edited.SerializeToString())

    def _watch_refusal(self, request: bytes, context: Any) -> bytes | None:
        if rpc.WatchRequest.FromString(request).WhichOneof("request_union") != "create_request":
            return None
        if self._watch_refusals:
            reason, watch_id = self._watch_refusals.pop()
        elif not self._is_known(context):
            # As 3.4 and 3.5.1 do.
            reason, watch_id = "rpc error: code = PermissionDenied desc = etcdserver: permission denied", 0
        else:
            return None
        response = rpc.WatchResponse(created=True, canceled=True, cancel_reason=reason, watch_id=watch_id)
        return bytes(response.SerializeToString())

    async def _refuse_by_script(self, method: str, context: Any) -> None:
        if self._refusals.get(method):
            await context.abort(*self._refusals[method].pop())

    def _log_in(self) -> bytes:
        self.authenticated += 1
        token = f"token.{self.authenticated}"
        if self._tokens is not None:
            self._tokens.add(token)
        return bytes(rpc.AuthenticateResponse(token=token).SerializeToString())

    def _is_known(self, context: Any) -> bool:
        return self._tokens is None or dict(context.invocation_metadata()).get("token") in self._tokens

    async def _check_token(self, context: Any) -> None:
        if not self._is_known(context):
            await context.abort(*BAD_TOKEN)


class _Out:
    """The client's side of a stream, written by one at a time."""

    def __init__(self, context: Any) -> None:
        self.context = context
        self._turn = asyncio.Lock()

    async def write(self, message: bytes) -> None:
        async with self._turn:
            await self.context.write(message)


class _Handlers(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Every method there is, as bytes."""

    def __init__(self, scripted: ScriptedEtcd) -> None:
        self._scripted = scripted

    def service(self, handler_call_details: Any) -> Any:
        method = handler_call_details.method
        if method in _STREAMS:
            return grpc.stream_stream_rpc_method_handler(self._bound(self._scripted.stream, method), _same, _same)
        return grpc.unary_unary_rpc_method_handler(self._bound(self._scripted.answer, method), _same, _same)

    @staticmethod
    def _bound(function: Callable[..., Awaitable[Any]], method: str) -> Callable[..., Awaitable[Any]]:
        async def handler(request: Any, context: Any) -> Any:
            return await function(method, request, context)

        return handler


def _is_refusal(reply: bytes) -> bool:
    response = rpc.WatchResponse.FromString(reply)
    return bool(response.created and response.canceled)


async def _stopped(event: asyncio.Event) -> None:
    await event.wait()


def _without_deletes(response: Any) -> Any:
    if not response.events:
        return response
    kept = [event for event in response.events if event.type != rpc.Event.DELETE]
    del response.events[:]
    response.events.extend(kept)
    return response if kept else None
