"""etcd's own stubs with nothing around them: for filling, for noise, and for what grpc.aio alone costs."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from aetcd import rpc

__all__ = ["RawEtcd"]


class RawEtcd:
    """One channel and its stubs."""

    def __init__(self, endpoint: str) -> None:
        options = (
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.enable_retries", 0),
        )
        channel = rpc.insecure_channel(endpoint, options=options)
        self._kv, self._leases, self._watches = rpc.KVStub(channel), rpc.LeaseStub(channel), rpc.WatchStub(channel)

    async def count(self, prefix: bytes) -> int:
        """How many keys there are."""
        reply = await self._kv.Range(rpc.RangeRequest(key=prefix, range_end=_end(prefix), count_only=True))
        return int(reply.count)

    async def in_line(self, root: bytes, count: int) -> None:
        """Wait until that many keys are in line. All harnesses find out by asking etcd each millisecond."""
        while await self.count(root) < count:  # noqa: ASYNC110 - nobody else could set an event
            await asyncio.sleep(0.001)

    async def grant(self, ttl: int) -> int:
        """The id of a new lease, which nobody renews."""
        return int((await self._leases.LeaseGrant(rpc.LeaseGrantRequest(ID=0, TTL=ttl))).ID)

    async def revoke(self, lease_id: int) -> None:
        await self._leases.LeaseRevoke(rpc.LeaseRevokeRequest(ID=lease_id))

    async def put(self, key: bytes, value: bytes, lease_id: int = 0) -> None:
        await self._kv.Put(rpc.PutRequest(key=key, value=value, lease=lease_id))

    async def enrol(self, root: bytes, key: bytes, value: bytes, lease_id: int) -> int:
        """The transaction by which a candidate joins the line, as election_core sends it; its revision."""
        line = rpc.RangeRequest(
            key=root,
            range_end=_end(root),
            limit=2,
            sort_target=rpc.RangeRequest.CREATE,
            sort_order=rpc.RangeRequest.ASCEND,
        )
        put = rpc.PutRequest(key=key, value=value, lease=lease_id)
        then = [rpc.RequestOp(request_put=put), rpc.RequestOp(request_range=line)]
        otherwise = [rpc.RequestOp(request_range=rpc.RangeRequest(key=key)), rpc.RequestOp(request_range=line)]
        reply = await self._kv.Txn(rpc.TxnRequest(compare=[_created_at(key, 0)], success=then, failure=otherwise))
        return int(reply.header.revision)

    async def put_if(self, created: int, key: bytes, value: bytes, lease_id: int) -> None:
        """Put where the key is the one that this revision created, as a leader proclaims."""
        put = rpc.RequestOp(request_put=rpc.PutRequest(key=key, value=value, lease=lease_id))
        await self._kv.Txn(rpc.TxnRequest(compare=[_created_at(key, created)], success=[put]))

    async def put_many(self, keys: list[bytes], value: bytes, lease_id: int) -> None:
        """Write all of them at one revision; etcd allows 128."""
        puts = [rpc.RequestOp(request_put=rpc.PutRequest(key=key, value=value, lease=lease_id)) for key in keys]
        await self._kv.Txn(rpc.TxnRequest(success=puts))

    async def delete(self, key: bytes) -> None:
        await self._kv.DeleteRange(rpc.DeleteRangeRequest(key=key))

    async def revision(self) -> int:
        """The present revision of the store."""
        return int((await self._kv.Range(rpc.RangeRequest(key=b"\0", count_only=True))).header.revision)

    async def watch(self, prefix: bytes) -> Any:
        """A watch of the prefix, established; ``read`` it."""
        call = self._watches.Watch()
        create = rpc.WatchCreateRequest(key=prefix, range_end=_end(prefix))
        await call.write(rpc.WatchRequest(create_request=create))
        created = await call.read()
        if created is grpc.aio.EOF or not created.created:
            raise RuntimeError(f"the watch was refused: {created}")
        return call


def _created_at(key: bytes, revision: int) -> Any:
    return rpc.Compare(key=key, target=rpc.Compare.CREATE, result=rpc.Compare.EQUAL, create_revision=revision)


def _end(prefix: bytes) -> bytes:
    return prefix[:-1] + bytes([prefix[-1] + 1])
