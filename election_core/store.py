"""The port: what an election needs of a key-value store, in the store's own vocabulary.

`election_core.etcd` implements it over the wire. Everything above this line speaks of keys, revisions and
leases in these values and knows no protobuf, no gRPC and no endpoint.

Every method may raise `Unavailable` once the store's own bound on a call has passed, `AuthenticationFailed` where
the user may not do it, and `LeadershipLost` where a write needs a lease that no longer exists. Every request can
be repeated: lease ids are chosen by the caller, and writes are guarded by create revisions.
Cancelling a call leaves open whether it was carried out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Literal, NamedTuple, Protocol

from .core.known_bugs import known_bugs
from .core.model import Candidate, Revision, Snapshot
from .core.names import range_end_of

__all__ = [
    "Delete",
    "EndpointStatus",
    "Guard",
    "KeyRange",
    "LeaseInfo",
    "Op",
    "Put",
    "Read",
    "RenewalStream",
    "Store",
    "Txn",
    "TxnResult",
    "WatchResponse",
    "WatchStream",
]


class KeyRange(NamedTuple):
    """A single key, or all keys in ``[start, end)``; an end of ``b"\\0"`` means to the end of the key space."""

    start: bytes
    end: bytes | None = None

    @classmethod
    def prefix(cls, prefix: bytes) -> KeyRange:
        """All keys that begin with ``prefix``."""
        return cls(prefix or b"\0", range_end_of(prefix))

    def within(self, start: bytes, end: bytes) -> KeyRange | None:
        """The part of it in ``[start, end)``, which must not be to the end of the key space; ``None`` for nothing."""
        start = max(start, self.start)
        end = end if self.end == b"\0" else min(end, self.end or self.start + b"\0")
        return KeyRange(start, end) if start < end else None


class Guard(NamedTuple):
    """A comparison: the key's create revision is this one; 0 means that the key does not exist, -1 never holds."""

    key: bytes
    create_revision: int


class Put(NamedTuple):
    """Write a key on a lease."""

    key: bytes
    value: bytes
    lease_id: int


class Delete(NamedTuple):
    """Delete one key; none there is no error."""

    key: bytes


class Read(NamedTuple):
    """Read keys with what is stored in them."""

    keys: KeyRange
    order: Literal["key", "oldest", "newest"] = "key"
    """By key, or by create revision with the oldest or the newest first."""
    limit: int = 0
    """How many at most; 0 for all."""
    max_create_revision: int = 0
    """Only keys that were created at or before it; 0 for all."""
    keys_only: bool = False
    """Leave the values on the server; all of them are empty."""
    revision: int = 0
    """As of this revision; 0 for now. `Compacted` where it is no longer kept."""


Op = Put | Delete | Read


class Txn(NamedTuple):
    """If the guard holds do ``then``, else ``otherwise``; all of it at one revision.

    One of the branches has to write: a `Read` alone is for `Store.read`.
    """

    guard: Guard
    then: tuple[Op, ...]
    otherwise: tuple[Op, ...] = ()

    def check_writes(self) -> None:
        """Every store makes this check before it sends anything.

        Raises:
            ValueError: neither branch writes.
        """
        # etcd answers such a transaction outside of its log, and releases before 3.5.7 can end when its client
        # gives it up meanwhile. One with a write in either branch goes through the log, whichever is taken.
        if all(isinstance(op, Read) for op in self.then + self.otherwise):
            raise ValueError(f"A transaction that only reads can kill the server; use read() instead: {self!r}")


class TxnResult(NamedTuple):
    """What a transaction did."""

    succeeded: bool
    """Whether the guard held."""
    revision: int
    """Revision of the store after it; for a transaction that wrote, the revision it made."""
    reads: tuple[tuple[Candidate, ...], ...]
    """What each `Read` of the branch taken found, in order."""


class LeaseInfo(NamedTuple):
    """A lease as the server sees it."""

    lease_id: int
    granted_ttl: int
    """Seconds that a renewal gives it."""
    remaining: int
    """Seconds until the server may expire it, rounded down."""


class EndpointStatus(NamedTuple):
    """One endpoint, asked just now."""

    endpoint: str
    """``host:port``."""
    reachable: bool
    round_trip: float | None = None
    """Seconds that the answer took, or ``None`` when there was none."""
    version: str = ""
    """Version of the server, such as ``3.5.1``."""
    member_id: int = 0
    raft_leader: int = 0
    """Member id of the raft leader that the member follows; 0 when it knows none."""
    db_size: int = 0
    """Bytes on disk."""
    alarms: tuple[str, ...] = ()
    """Alarms of the member, such as ``NOSPACE``; empty too where the user may not read them, and without a quorum."""
    error: str = ""
    """Why it is not reachable."""
    is_relay: bool = False
    """Whether a watch has found etcd's grpc-proxy there: it may answer for etcd without asking, so that a leader can
    be told of its loss too late."""

    @property
    def known_bugs(self) -> tuple[str, ...]:
        """What is known to be wrong with elections on a server of this version, a sentence each."""
        return known_bugs(self.version)

    @property
    def is_raft_leader(self) -> bool:
        return self.reachable and self.member_id == self.raft_leader != 0


class WatchResponse(NamedTuple):
    """One message of a watch, whole."""

    revision: int
    """Revision of the store when it was sent."""
    revisions: tuple[Revision, ...]
    """What changed, in revision order; empty for a progress notification."""


class WatchStream(Protocol):
    """An established watch.

    Iterating it ends only by an error: `Restored` when etcd's revisions have gone back, `Compacted` when history that
    it needs is gone, `Unavailable` when the member or the stream is lost or silent, or when too much was not read.
    """

    revision: int
    """Revision of the store when the watch was established: later changes are seen live."""
    wants_progress: bool
    """Set it to be given progress notifications, about one per second; False at first, since it costs to be woken."""

    @property
    def endpoint(self) -> str:
        """The member that serves it, ``host:port``."""

    @property
    def silent_for(self) -> float:
        """Seconds since the member was known to be there, and all that it had sent was read. A quiet member is asked
        once per second."""

    def wake(self) -> None:
        """Give its reader an empty response, if there is nothing else to read."""

    def __aiter__(self) -> AsyncIterator[WatchResponse]: ...


class RenewalStream(Protocol):
    """A stream for the renewals of any number of leases. Iterating gives ``(lease_id, ttl)`` for each answer, those to
    one lease in the order of the requests; a ttl of 0 says that the lease is gone. It ends as a `WatchStream` does."""

    @property
    def endpoint(self) -> str:
        """The member that serves it, ``host:port``."""

    @property
    def is_relay(self) -> bool:
        """Whether answers may tell of a renewal that was sent for another request, or earlier; see `EndpointStatus`."""

    async def send(self, lease_id: int) -> None: ...

    def __aiter__(self) -> AsyncIterator[tuple[int, int]]: ...


class Store(Protocol):
    """A linearizable key-value store with revisions, leases and watches."""

    timeout: float
    """Seconds within which every call ends, retries and changes of the endpoint included."""

    @property
    def endpoints(self) -> tuple[str, ...]: ...

    @property
    def rewinds(self) -> int:
        """How often etcd was found to be restored or wiped: a revision from before the last time means nothing now."""

    @property
    def cluster_id(self) -> int:
        """The cluster that has answered last; 0 before the first answer, and where a proxy does not tell."""

    async def read(self, query: Read) -> Snapshot:
        """The keys as of one revision, whatever their number; the event loop is not held up by them.

        One with a limit is one message, so choose it with the size of values in mind.
        """

    async def txn(self, txn: Txn) -> TxnResult:
        """Do a transaction.

        Raises:
            ValueError: neither of its branches writes; nothing was sent.
        """

    async def grant(self, lease_id: int, ttl: int) -> LeaseInfo:
        """Make a lease with this id, for at least ``ttl`` seconds if the server has a longer minimum.

        Where there is one already it is left as it is and described: an earlier try may have been carried out.
        """

    async def revoke(self, lease_id: int) -> bool:
        """End a lease and delete its keys; False when there is none."""

    async def lease(self, lease_id: int) -> LeaseInfo | None: ...

    async def keys_on(self, lease_id: int) -> tuple[bytes, ...]:
        """The keys that end with a lease, sorted; none where there is no such lease."""

    def renewals(self) -> AbstractAsyncContextManager[RenewalStream]: ...

    def watch(
        self, keys: Sequence[KeyRange], *, start_revision: int = 0, deletes_only: bool = False, wide: bool = False
    ) -> AbstractAsyncContextManager[WatchStream]:
        """Watch some keys; entered once the server has established it.

        A ``start_revision`` of 0 means from now on: such a watch is served live at once, while one that starts at
        or before the current revision waits for the server's catch-up loop.
        Events of different ``keys`` are not ordered among each other. Watches share a stream; a ``wide`` one has its
        own, so that what is busy under a prefix delays nobody else.
        """

    def suspect(self, endpoint: str) -> None:
        """Prefer other endpoints to this one, which did not answer in time."""

    def guard(self, guard: Guard) -> object:
        """The guard as a comparison of the client library below, for a user's own transactions."""

    async def status(self) -> list[EndpointStatus]: ...

    async def close(self) -> None:
        """Close all connections. Calls that are open end with `Unavailable`."""
