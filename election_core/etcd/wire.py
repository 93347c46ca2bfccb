"""Our values as etcd's messages and back. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from aetcd import rpc

from ..core.model import Candidate, KeyDeleted, KeyEvent, KeyPut, Revision
from ..store import Delete, KeyRange, Op, Put, Read, Txn, TxnResult

__all__ = [
    "candidate_of",
    "range_request",
    "revisions_of",
    "txn_request",
    "txn_result",
    "unwatch_request",
    "watch_request",
]

_DELETE = rpc.Event.DELETE


def candidate_of(kv: Any) -> Candidate:
    return Candidate(kv.key, kv.value, kv.lease, kv.create_revision, kv.mod_revision)


def range_request(query: Read) -> Any:
    extra: dict[str, Any] = {}
    if query.order != "key":
        direction = rpc.RangeRequest.ASCEND if query.order == "oldest" else rpc.RangeRequest.DESCEND
        extra |= {"sort_target": rpc.RangeRequest.CREATE, "sort_order": direction}
    return rpc.RangeRequest(
        key=query.keys.start,
        range_end=query.keys.end or b"",
        limit=query.limit,
        max_create_revision=query.max_create_revision,
        keys_only=query.keys_only,
        revision=query.revision,
        **extra,
    )


def txn_request(txn: Txn) -> Any:
    txn.check_writes()
    compare = rpc.Compare(
        key=txn.guard.key,
        target=rpc.Compare.CREATE,
        result=rpc.Compare.EQUAL,
        create_revision=txn.guard.create_revision,
    )
    return rpc.TxnRequest(
        compare=[compare],
        success=[_operation(op) for op in txn.then],
        failure=[_operation(op) for op in txn.otherwise],
    )


def txn_result(response: Any) -> TxnResult:
    reads = tuple(
        tuple(candidate_of(kv) for kv in part.response_range.kvs)
        for part in response.responses
        if part.WhichOneof("response") == "response_range"
    )
    return TxnResult(response.succeeded, response.header.revision, reads)


def watch_request(keys: KeyRange, watch_id: int, start_revision: int, deletes_only: bool) -> Any:
    return rpc.WatchRequest(
        create_request=rpc.WatchCreateRequest(
            key=keys.start,
            range_end=keys.end or b"",
            start_revision=start_revision,
            filters=[rpc.WatchCreateRequest.NOPUT] if deletes_only else [],
            watch_id=watch_id,
        )
    )


def unwatch_request(watch_id: int) -> Any:
    return rpc.WatchRequest(cancel_request=rpc.WatchCancelRequest(watch_id=watch_id))


def revisions_of(events: Iterable[Any], observed_at: datetime) -> tuple[Revision, ...]:
    """The events of one response, one `Revision` each time the revision changes."""
    revisions: list[Revision] = []
    current, changes = 0, list[KeyEvent]()
    for event in events:
        kv = event.kv
        if kv.mod_revision != current:
            if changes:
                revisions.append(Revision(current, tuple(changes), observed_at))
            current, changes = kv.mod_revision, []
        changes.append(KeyDeleted(kv.key) if event.type == _DELETE else KeyPut(candidate_of(kv)))
    if changes:
        revisions.append(Revision(current, tuple(changes), observed_at))
    return tuple(revisions)


def _operation(op: Op) -> Any:
    match op:
        case Put():
            return rpc.RequestOp(request_put=rpc.PutRequest(key=op.key, value=op.value, lease=op.lease_id))
        case Delete():
            return rpc.RequestOp(request_delete_range=rpc.DeleteRangeRequest(key=op.key))
        case Read():
            return rpc.RequestOp(request_range=range_request(op))
