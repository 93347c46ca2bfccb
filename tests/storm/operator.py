"""Whoever runs the cluster: looks at the line, deletes keys, revokes leases, compacts; with a way to each member."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from aetcd import rpc

from .log import ELECTION, ENTRIES, PREFIX, RESOURCE, Log, now

__all__ = ["LINE_EVERY", "Operator"]

LINE_EVERY = 0.1
PATIENCE = 1.0
_LAST_PATIENCE = 30.0
ROOT = f"{PREFIX}/{ELECTION}/".encode()
_OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 300),
    ("grpc.max_reconnect_backoff_ms", 300),
    ("grpc.enable_retries", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", -1),
)


class Unanswered(Exception):
    """No member answered in time; what was asked for may have been done."""


class Operator:
    """Talks to the members directly.

    Attributes:
        line: the candidates, first in line first, as last seen.
    """

    # The mutable state is the line, and the revision as last seen.

    def __init__(self, log: Log, endpoints: Sequence[str]) -> None:
        self._log = log
        self._channels = [rpc.insecure_channel(each, options=_OPTIONS) for each in endpoints]
        self._kv = [rpc.KVStub(each) for each in self._channels]
        self._leases = [rpc.LeaseStub(each) for each in self._channels]
        self._maintenance = [rpc.MaintenanceStub(each) for each in self._channels]
        self.line: list[Any] = []
        self._revision = 0

    async def watch_line(self) -> None:
        """Say over and over who is in line, as etcd has it by quorum, and in which raft term."""
        while True:
            sent = now()
            try:
                reply = await self._first([each.Range for each in self._kv], _range_of(ROOT))
            except Unanswered:
                self._log.write("line", sent, done=now(), ok=False)
            else:
                self.line, self._revision = list(reply.kvs), reply.header.revision
                line = [[each.value.decode(), each.create_revision] for each in reply.kvs]
                self._log.write("line", sent, done=now(), ok=True, term=reply.header.raft_term, line=line)
            await asyncio.sleep(LINE_EVERY)

    async def delete(self, key: bytes) -> bool:
        """Whether there was such a key. Where a try got no answer, that it is gone says nothing."""
        calls = [each.DeleteRange for each in self._kv]
        reply, is_first = await self._in_turn(calls, rpc.DeleteRangeRequest(key=key))
        if not reply.deleted and not is_first:
            raise Unanswered
        return bool(reply.deleted)

    async def revoke(self, lease_id: int) -> bool:
        """Whether there was such a lease."""
        calls = [each.LeaseRevoke for each in self._leases]
        reply, is_first = await self._in_turn(calls, rpc.LeaseRevokeRequest(ID=lease_id))
        if reply is None and not is_first:
            raise Unanswered
        return reply is not None

    async def compact(self) -> None:
        """Have all history up to now forgotten."""
        await self._in_turn([each.Compact for each in self._kv], rpc.CompactionRequest(revision=self._revision))

    async def flood(self, revisions: int) -> None:
        """Make many revisions elsewhere."""
        put = rpc.PutRequest(key=b"busy/key", value=b"x" * 100)
        for _ in range(revisions // 20):
            await asyncio.gather(*(self._in_turn([each.Put for each in self._kv], put) for _ in range(20)))

    async def last_facts(self) -> dict[str, Any]:
        """What is left, and the whole history of the resource, which must be had within some time."""
        async with asyncio.timeout(_LAST_PATIENCE):
            while True:
                try:
                    return await self._last_facts()
                except (Unanswered, rpc.AioRpcError):
                    await asyncio.sleep(0.5)

    async def _last_facts(self) -> dict[str, Any]:
        ranges = [each.Range for each in self._kv]
        line = await self._first(ranges, _range_of(f"{PREFIX}/".encode()))
        leases = await self._first([each.LeaseLeases for each in self._leases], rpc.LeaseLeasesRequest())
        entries = await self._first(ranges, _range_of(ENTRIES))
        resource = await self._first(ranges, rpc.RangeRequest(key=RESOURCE))
        return {
            "keys": [each.key.decode() for each in line.kvs],
            "leases": [f"{each.ID:x}" for each in leases.leases],
            "ledger": [[*_numbers(each.key), each.mod_revision, each.version] for each in entries.kvs],
            "writes": resource.kvs[0].version if resource.kvs else 0,
            "hashes": await self._hashes(entries.header.revision),
        }

    async def _hashes(self, revision: int) -> list[str]:
        """What each member has, as a number: they must not differ."""
        request = rpc.HashKVRequest(revision=revision)
        replies = await asyncio.gather(*(each.HashKV(request, timeout=5.0) for each in self._maintenance))
        return [f"{each.hash}@{each.compact_revision}" for each in replies]

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close()

    async def _first(self, calls: list[Any], request: Any) -> Any:
        """Ask all members, take the first answer."""
        asked = {asyncio.ensure_future(_call(each, request)) for each in calls}
        waiting = set(asked)
        try:
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for each in done:
                    if each.exception() is None:
                        return each.result()
        finally:
            for each in asked:
                each.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
        raise Unanswered

    async def _in_turn(self, calls: list[Any], request: Any) -> tuple[Any, bool]:
        """Ask one member after the other; the answer, and whether the first one gave it."""
        for each in calls:
            try:
                return await _call(each, request), each is calls[0]
            except Unanswered:
                continue
        raise Unanswered


async def _call(call: Any, request: Any) -> Any:
    """The answer; ``None`` if there is no such lease, or the revision is compacted already."""
    try:
        return await call(request, timeout=PATIENCE)
    except rpc.AioRpcError as exc:
        if exc.code() in (rpc.StatusCode.NOT_FOUND, rpc.StatusCode.OUT_OF_RANGE):
            return None
        raise Unanswered from exc


def _range_of(prefix: bytes) -> Any:
    end = prefix[:-1] + bytes([prefix[-1] + 1])
    return rpc.RangeRequest(
        key=prefix,
        range_end=end,
        sort_target=rpc.RangeRequest.CREATE,
        sort_order=rpc.RangeRequest.ASCEND,
    )


def _numbers(key: bytes) -> list[int]:
    return [int(each) for each in key.removeprefix(ENTRIES).split(b"/")]
