"""A store that cannot write, for programs that only look: what would write is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import NoReturn

from .core.model import Snapshot
from .errors import InvalidConfig
from .store import EndpointStatus, Guard, KeyRange, LeaseInfo, Read, RenewalStream, Store, Txn, TxnResult, WatchStream

__all__ = ["ReadOnlyStore"]


class ReadOnlyStore:
    """Another store without its transactions, and without making, renewing and ending leases.

    What would do that raises `InvalidConfig`; nothing is sent.
    """

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self.timeout = inner.timeout

    @property
    def endpoints(self) -> tuple[str, ...]:
        return self._inner.endpoints

    @property
    def rewinds(self) -> int:
        return self._inner.rewinds

    @property
    def cluster_id(self) -> int:
        return self._inner.cluster_id

    async def read(self, query: Read) -> Snapshot:
        return await self._inner.read(query)

    async def txn(self, txn: Txn) -> TxnResult:
        self._refuse("write keys")

    async def grant(self, lease_id: int, ttl: int) -> LeaseInfo:
        self._refuse("make a lease")

    async def revoke(self, lease_id: int) -> bool:
        self._refuse("end a lease")

    async def lease(self, lease_id: int) -> LeaseInfo | None:
        return await self._inner.lease(lease_id)

    async def keys_on(self, lease_id: int) -> tuple[bytes, ...]:
        return await self._inner.keys_on(lease_id)

    def renewals(self) -> AbstractAsyncContextManager[RenewalStream]:
        self._refuse("renew a lease")

    def watch(
        self, keys: Sequence[KeyRange], *, start_revision: int = 0, deletes_only: bool = False, wide: bool = False
    ) -> AbstractAsyncContextManager[WatchStream]:
        return self._inner.watch(keys, start_revision=start_revision, deletes_only=deletes_only, wide=wide)

    def suspect(self, endpoint: str) -> None:
        self._inner.suspect(endpoint)

    def guard(self, guard: Guard) -> object:
        return self._inner.guard(guard)

    async def status(self) -> list[EndpointStatus]:
        return await self._inner.status()

    async def close(self) -> None:
        await self._inner.close()

    def _refuse(self, what: str) -> NoReturn:
        raise InvalidConfig(f"This client is read-only, so it does not {what}; nothing was sent.")
