"""Lease renewals on one of etcd's own streams."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aetcd import rpc

from .calls import Caller
from .stream import Stream, ready

__all__ = ["EtcdRenewals", "open_renewals"]


class EtcdRenewals(Stream):
    """`RenewalStream` over one call of etcd's LeaseKeepAlive."""

    @property
    def is_relay(self) -> bool:
        return self._member.is_relay

    async def send(self, lease_id: int) -> None:
        await self._write(rpc.LeaseKeepAliveRequest(ID=lease_id))

    def __aiter__(self) -> AsyncIterator[tuple[int, int]]:
        return self

    async def __anext__(self) -> tuple[int, int]:
        reply = await self._read()
        return reply.ID, reply.TTL


@asynccontextmanager
async def open_renewals(caller: Caller) -> AsyncIterator[EtcdRenewals]:
    member, metadata = await ready(caller, caller.deadline())
    renewals = EtcdRenewals(caller, member, member.leases.LeaseKeepAlive, metadata)
    try:
        yield renewals
    finally:
        renewals.stop()
