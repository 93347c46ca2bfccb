"""`Store` on a real etcd."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from aetcd import rpc, transactions

from ..clock import utc_now
from ..config import TLS, Endpoint
from ..core.model import Candidate, Snapshot
from ..errors import Compacted, ElectionError, LeadershipLost
from ..store import Delete, EndpointStatus, Guard, KeyRange, LeaseInfo, Read, RenewalStream, Txn, TxnResult, WatchStream
from .calls import Caller, attempt
from .mapping import LeaseExists, NoSpace
from .member import Member
from .members import Members
from .renewals import open_renewals
from .tokens import Metadata
from .watch_call import QUIET
from .watches import open_watch
from .wire import candidate_of, range_request, txn_request, txn_result

__all__ = ["EtcdStore"]

_PAGES = (10_000, 40_000, 160_000, 0)
"""Keys in a message, more each time that history was compacted between two; at last all come in one."""
_SLICE = 500
"""Keys that are taken in without a pause, about a millisecond's work."""


class EtcdStore:
    """`Store` over aetcd's stubs. Connects when first used."""

    def __init__(
        self,
        endpoints: tuple[Endpoint, ...],
        *,
        username: str | None,
        password: str | None,
        tls: TLS | None,
        timeout: float,
    ) -> None:
        self.timeout = timeout
        self._endpoints = tuple(map(str, endpoints))
        self._members = Members(endpoints, tls)
        self._caller = Caller(self._members, username, password, timeout)

    @property
    def endpoints(self) -> tuple[str, ...]:
        return self._endpoints

    async def read(self, query: Read) -> Snapshot:
        # Pages follow each other by key; another order has to come whole.
        if query.limit or query.order != "key":
            return await self._page(query)
        for size in _PAGES:
            try:
                return await self._pages(query, size)
            except Compacted:
                if query.revision or not size:
                    raise
        raise AssertionError("all at once is read or raises")

    async def _pages(self, query: Read, size: int) -> Snapshot:
        """All pages at the revision of the first, so that the snapshot is of one revision."""
        page = await self._page(query._replace(limit=size))
        candidates = list(page.candidates)
        while size and len(page.candidates) == size:
            rest = KeyRange(candidates[-1].key + b"\0", query.keys.end)
            page = await self._page(query._replace(limit=size, keys=rest, revision=page.revision))
            candidates += page.candidates
        return Snapshot(page.revision, tuple(candidates), utc_now())

    async def _page(self, query: Read) -> Snapshot:
        reply = await self._range(query)
        candidates: list[Candidate] = []
        for number, kv in enumerate(reply.kvs):
            candidates.append(candidate_of(kv))
            if number % _SLICE == _SLICE - 1:
                await asyncio.sleep(0)
        return Snapshot(query.revision or reply.header.revision, tuple(candidates), utc_now())

    async def txn(self, txn: Txn) -> TxnResult:
        deadline = self._caller.deadline()
        try:
            return txn_result(await self._caller.call(lambda member: member.kv.Txn, txn_request(txn), deadline))
        except NoSpace:
            deletes = [op.key for op in txn.then if isinstance(op, Delete)]
            if txn.otherwise or len(deletes) < len(txn.then):
                raise
            return await self._delete_when_full(txn.guard, deletes, deadline)

    async def _delete_when_full(self, guard: Guard, deletes: list[bytes], deadline: float) -> TxnResult:
        """etcd 3.5.1 takes no transaction while its database is full, but single deletes.

        Its guard is looked at before: until an operator has made room nobody can write the key anew.
        """
        found = await self._range(Read(KeyRange(guard.key), keys_only=True), deadline)
        revision, create_revision = found.header.revision, sum(kv.create_revision for kv in found.kvs)
        if create_revision != guard.create_revision:
            return TxnResult(False, revision, ())
        for key in deletes:
            request = rpc.DeleteRangeRequest(key=key)
            reply = await self._caller.call(lambda member: member.kv.DeleteRange, request, deadline)
            revision = reply.header.revision
        return TxnResult(True, revision, ())

    async def grant(self, lease_id: int, ttl: int) -> LeaseInfo:
        request, deadline = rpc.LeaseGrantRequest(ID=lease_id, TTL=ttl), self._caller.deadline()
        try:
            reply = await self._caller.call(lambda member: member.leases.LeaseGrant, request, deadline)
        except LeaseExists as exc:
            info = await self._lease(lease_id, deadline)
            if info is None:
                raise LeadershipLost(f"The lease {lease_id:x} ended while it was granted; try again.") from exc
            return info
        return LeaseInfo(lease_id, int(reply.TTL), int(reply.TTL))

    async def revoke(self, lease_id: int) -> bool:
        request = rpc.LeaseRevokeRequest(ID=lease_id)
        try:
            await self._caller.call(lambda member: member.leases.LeaseRevoke, request)
        except LeadershipLost:
            return False
        return True

    async def lease(self, lease_id: int) -> LeaseInfo | None:
        return await self._lease(lease_id, self._caller.deadline())

    async def keys_on(self, lease_id: int) -> tuple[bytes, ...]:
        request = rpc.LeaseTimeToLiveRequest(ID=lease_id, keys=True)
        reply = await self._caller.call(lambda member: member.leases.LeaseTimeToLive, request)
        return tuple(sorted(reply.keys))

    def renewals(self) -> AbstractAsyncContextManager[RenewalStream]:
        return open_renewals(self._caller)

    def watch(
        self, keys: Sequence[KeyRange], *, start_revision: int = 0, deletes_only: bool = False, wide: bool = False
    ) -> AbstractAsyncContextManager[WatchStream]:
        return open_watch(self._caller, keys, start_revision, deletes_only, wide)

    @property
    def rewinds(self) -> int:
        return self._members.history.rewinds

    @property
    def cluster_id(self) -> int:
        return self._members.history.cluster_id

    def suspect(self, endpoint: str) -> None:
        self._members.suspect_endpoint(endpoint, silent_for=QUIET)

    def guard(self, guard: Guard) -> object:
        """The comparison as aetcd's transactions take it."""
        return transactions.Create(guard.key) == guard.create_revision

    async def status(self) -> list[EndpointStatus]:
        deadline = self._caller.deadline()
        members = await self._members.everybody(self._caller.timeout / 2)
        return await asyncio.gather(*(self._status_of(member, deadline) for member in members))

    async def close(self) -> None:
        await self._members.close()

    async def _lease(self, lease_id: int, deadline: float) -> LeaseInfo | None:
        request = rpc.LeaseTimeToLiveRequest(ID=lease_id)
        reply = await self._caller.call(lambda member: member.leases.LeaseTimeToLive, request, deadline)
        return None if reply.TTL < 0 else LeaseInfo(lease_id, reply.grantedTTL, reply.TTL)

    async def _range(self, query: Read, deadline: float | None = None) -> Any:
        return await self._caller.call(lambda member: member.kv.Range, range_request(query), deadline)

    async def _status_of(self, member: Member, deadline: float) -> EndpointStatus:
        began = time.monotonic()
        try:
            self._members.check_open()
            metadata = await self._caller.metadata(member, deadline)
            reply = await attempt(member, lambda each: each.maintenance.Status, rpc.StatusRequest(), deadline, metadata)
            took = time.monotonic() - began
        except ElectionError as exc:
            return EndpointStatus(member.endpoint, False, error=exc.message)
        # Alarms go through the quorum; a member that has lost it is there all the same.
        alarms = await self._alarms_of(member, reply.header.member_id, deadline, metadata) if reply.leader else ()
        return EndpointStatus(
            member.endpoint,
            reachable=True,
            round_trip=took,
            version=reply.version,
            member_id=reply.header.member_id,
            raft_leader=reply.leader,
            db_size=reply.dbSize,
            alarms=alarms,
            is_relay=member.is_relay,
        )

    async def _alarms_of(self, member: Member, member_id: int, deadline: float, metadata: Metadata) -> tuple[str, ...]:
        request = rpc.AlarmRequest(action=rpc.AlarmRequest.GET)
        try:
            reply = await attempt(member, lambda each: each.maintenance.Alarm, request, deadline, metadata)
        except ElectionError:
            return ()
        return tuple(rpc.AlarmType.Name(each.alarm) for each in reply.alarms if each.memberID == member_id)
