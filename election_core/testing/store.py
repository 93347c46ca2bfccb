"""`Store` in this program's memory, with faults on demand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Literal, TypeVar

from ..clock import Clock, SystemClock, utc_now
from ..core.model import Snapshot
from ..errors import Compacted, Unavailable
from ..store import EndpointStatus, Guard, KeyRange, LeaseInfo, Read, RenewalStream, Txn, TxnResult, WatchStream
from .keyspace import Change
from .link import Link
from .server import MemoryServer
from .streams import MemoryRenewals, MemoryWatch

__all__ = ["MemoryStore"]

WriteCall = Literal["txn", "grant", "revoke"]

Result = TypeVar("Result")


class MemoryStore:
    """One client's store. Others on the same server come from `another`.

    Each call takes effect at one moment between two rounds of the event loop, so that cancelling it can hit either
    side. Time, that of leases as well as that of timeouts, is told by ``clock``.

    Attributes:
        timeout: seconds within which every call ends.
        suspected: the endpoints that `suspect` was told of, in order.
    """

    # The mutable state: `suspected`, the link with its streams, and the faults that wait for their occasion.

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        timeout: float = 5.0,
        minimum_ttl: int = 2,
        endpoint: str = "memory:1",
    ) -> None:
        """
        Args:
            clock: tells the time, such as a `ManualClock`; the system's by default.
            timeout: seconds within which every call ends.
            minimum_ttl: seconds that a lease lives at least, whatever is asked for; etcd's default is 2.
            endpoint: ``host:port`` that errors and streams carry.
        """
        self._connect(MemoryServer(clock or SystemClock(), minimum_ttl), timeout, endpoint)

    def another(self, *, timeout: float | None = None, endpoint: str | None = None) -> MemoryStore:
        """The same server as another client sees it, over a connection and with faults of its own."""
        other = MemoryStore.__new__(MemoryStore)
        other._connect(self._server, timeout or self.timeout, endpoint or self._link.endpoint)
        return other

    def _connect(self, server: MemoryServer, timeout: float, endpoint: str) -> None:
        self.timeout = timeout
        self.suspected: list[str] = []
        self._server = server
        self._link = Link(server.clock, timeout, endpoint)
        self._watches: list[MemoryWatch] = []
        self._dropped: list[WriteCall] = []
        self._refused_watches = 0
        server.listeners.append(self._deliver)

    # What every store can do.

    @property
    def endpoints(self) -> tuple[str, ...]:
        return (self._link.endpoint,)

    @property
    def rewinds(self) -> int:
        """How often the revisions have gone back: they never do here."""
        return 0

    @property
    def cluster_id(self) -> int:
        """Always the same one."""
        return 1

    async def read(self, query: Read) -> Snapshot:
        return await self._call(lambda: self._snapshot(query))

    async def txn(self, txn: Txn) -> TxnResult:
        return await self._call(lambda: self._server.txn(txn), "txn")

    async def grant(self, lease_id: int, ttl: int) -> LeaseInfo:
        return await self._call(lambda: self._server.grant(lease_id, ttl), "grant")

    async def revoke(self, lease_id: int) -> bool:
        return await self._call(lambda: self._server.revoke(lease_id), "revoke")

    async def lease(self, lease_id: int) -> LeaseInfo | None:
        return await self._call(lambda: self._server.lease(lease_id))

    async def keys_on(self, lease_id: int) -> tuple[bytes, ...]:
        return await self._call(lambda: self._server.keys_on(lease_id))

    def renewals(self) -> AbstractAsyncContextManager[RenewalStream]:
        return self._open_renewals()

    def watch(
        self, keys: Sequence[KeyRange], *, start_revision: int = 0, deletes_only: bool = False, wide: bool = False
    ) -> AbstractAsyncContextManager[WatchStream]:
        """Watch some keys. Every watch here has a stream of its own, ``wide`` or not."""
        return self._open_watch(tuple(keys), start_revision, deletes_only)

    def suspect(self, endpoint: str) -> None:
        self.suspected.append(endpoint)

    def guard(self, guard: Guard) -> Guard:
        """The guard itself, for a `Txn` on this store."""
        return guard

    async def status(self) -> list[EndpointStatus]:
        began = self._link.clock.now()
        try:
            await self._call(lambda: None)
        except Unavailable as exc:
            return [EndpointStatus(self._link.endpoint, False, error=exc.message)]
        passed = self._link.clock.now() - began
        return [EndpointStatus(self._link.endpoint, True, passed, version="memory", member_id=1, raft_leader=1)]

    async def close(self) -> None:
        """Close the connection. Calls and streams that are open end with `Unavailable`; the server goes on."""
        with suppress(ValueError):
            self._server.listeners.remove(self._deliver)
        self._link.close()

    # What can go wrong: in the server.

    def expire(self, lease_id: int) -> bool:
        """End a lease now, as if its time had run out; False where there is none."""
        return self._server.revoke(lease_id)

    def compact(self, revision: int | None = None) -> int:
        """Forget the history up to and including a revision, by default the current one; the revision is returned.

        Raises:
            ValueError: it is compacted already, or still to come.
        """
        revision = self._server.revision if revision is None else revision
        self._server.compact(revision)
        return revision

    # What can go wrong: on the way of this client to the server.

    def partition(self) -> None:
        """Let nothing through any more, in either direction, until `heal`.

        A call ends with `Unavailable` after ``timeout`` seconds, and may have been carried out if it was open
        before. Streams are silent, and end with `Unavailable` once that has lasted ``timeout`` seconds.
        """
        self._link.cut()

    def heal(self) -> None:
        """End the partition. What was held up and has not failed yet gets through: calls, renewals and events."""
        self._link.mend()

    def break_streams(self) -> None:
        """End all open watches and renewals with `Unavailable`, as a member that restarts does."""
        self._link.break_streams("ended the stream")

    def drop_next_reply(self, call: WriteCall = "txn") -> None:
        """Carry out the next ``txn`` that changes something, the next ``grant`` or ``revoke``, but end the call with
        `Unavailable`."""
        self._dropped.append(call)

    def lose_event(self, key: bytes) -> None:
        """Leave the next event of a key out of all watches of this client. A watch from the past still has it."""
        self._link.lost.append(key)

    def refuse_watch(self) -> None:
        """End the next attempt to open a watch with `Unavailable`."""
        self._refused_watches += 1

    def _snapshot(self, query: Read) -> Snapshot:
        if 0 < query.revision < self._server.compacted:
            raise Compacted(
                f"{self._link.endpoint}: the revision {query.revision} has been compacted.",
                compact_revision=self._server.compacted,
                endpoint=self._link.endpoint,
            )
        found = self._server.read(query)
        return Snapshot(query.revision or self._server.revision, found, utc_now())

    async def _call(self, effect: Callable[[], Result], write: WriteCall | None = None) -> Result:
        """There, the effect, and back."""
        deadline = self._link.clock.now() + self.timeout
        await self._link.cross(deadline)
        before = self._server.revision
        result = effect()
        is_dropped = self._drops(write, self._server.revision > before)
        await self._link.cross(deadline)
        if is_dropped:
            raise self._link.unavailable("was lost before it replied")
        return result

    def _drops(self, write: WriteCall | None, has_changed: bool) -> bool:
        if write not in self._dropped or (write == "txn" and not has_changed):
            return False
        self._dropped.remove(write)
        return True

    def _deliver(self, change: Change) -> None:
        seen = self._link.without_lost(change)
        for watch in tuple(self._watches):
            watch.deliver(seen)

    @asynccontextmanager
    async def _open_watch(
        self, keys: tuple[KeyRange, ...], start_revision: int, deletes_only: bool
    ) -> AsyncIterator[MemoryWatch]:
        deadline = self._link.clock.now() + self.timeout
        await self._link.cross(deadline)
        if self._refused_watches:
            self._refused_watches -= 1
            raise self._link.unavailable("refused to watch")
        watch = MemoryWatch(self._link, self._server, keys, start_revision, deletes_only)
        self._watches.append(watch)
        try:
            await self._link.cross(deadline)
            yield watch
        finally:
            self._watches.remove(watch)
            watch.stop()

    @asynccontextmanager
    async def _open_renewals(self) -> AsyncIterator[MemoryRenewals]:
        deadline = self._link.clock.now() + self.timeout
        await self._link.cross(deadline)
        renewals = MemoryRenewals(self._link, self._server)
        try:
            await self._link.cross(deadline)
            yield renewals
        finally:
            renewals.stop()
