"""The server that stands behind in-memory stores: keys and leases on a clock, and who is told of changes."""

from __future__ import annotations

from collections.abc import Callable

from ..clock import Clock, Timer
from ..core.model import Candidate
from ..core.names import MAX_TTL
from ..errors import ElectionError
from ..store import LeaseInfo, Read, Txn, TxnResult
from .keyspace import Change, KeySpace
from .leases import Leases

__all__ = ["MemoryServer"]


class MemoryServer:
    """One etcd. Every method takes effect at once, and none sees a lease whose time has run out.

    A lease ends at the first moment at which etcd might end it.

    Attributes:
        clock: what leases live by.
        listeners: called with each change, in revision order.
    """

    # The mutable state: the listeners, the key space, the leases, and the timer for the next of them to expire.

    def __init__(self, clock: Clock, minimum_ttl: int) -> None:
        self.clock = clock
        self.listeners: list[Callable[[Change], None]] = []
        self._keys = KeySpace()
        self._leases = Leases(minimum_ttl)
        self._timer: Timer | None = None

    @property
    def revision(self) -> int:
        return self._keys.revision

    @property
    def compacted(self) -> int:
        """The revision up to which history is gone; 0 for none."""
        return self._keys.compacted

    def read(self, query: Read) -> tuple[Candidate, ...]:
        self._expire()
        return self._keys.select(query)

    def txn(self, txn: Txn) -> TxnResult:
        self._expire()
        result, change = self._keys.txn(txn, self._leases.__contains__)
        self._publish(change)
        return result

    def grant(self, lease_id: int, ttl: int) -> LeaseInfo:
        if ttl > MAX_TTL:
            raise ElectionError(f"A lease lives {MAX_TTL:,} seconds at most; got {ttl:,}.")
        self._expire()
        info = self._leases.grant(lease_id, ttl, self.clock.now())
        self._set_timer()
        return info

    def lease(self, lease_id: int) -> LeaseInfo | None:
        self._expire()
        return self._leases.info(lease_id, self.clock.now())

    def keys_on(self, lease_id: int) -> tuple[bytes, ...]:
        self._expire()
        return self._keys.keys_on(lease_id)

    def renew(self, lease_id: int) -> int:
        """The seconds that the lease has from now on; 0 where there is none."""
        self._expire()
        return self._leases.renew(lease_id, self.clock.now())

    def revoke(self, lease_id: int) -> bool:
        """End a lease and delete its keys in one revision; False where there is none."""
        self._expire()
        return self._end(lease_id)

    def since(self, revision: int) -> tuple[Change, ...]:
        """Every change from a revision on, which must not be compacted."""
        return self._keys.since(revision)

    def compact(self, revision: int) -> None:
        """Forget the history up to and including a revision.

        Raises:
            ValueError: it is compacted already, or still to come.
        """
        self._keys.compact(revision)

    def _expire(self) -> None:
        for lease_id in self._leases.expired(self.clock.now()):
            self._end(lease_id)

    def _end(self, lease_id: int) -> bool:
        existed = self._leases.remove(lease_id)
        if existed:
            self._publish(self._keys.delete(self._keys.keys_on(lease_id)))
        return existed

    def _publish(self, change: Change | None) -> None:
        if change is not None:
            for listener in tuple(self.listeners):
                listener(change)

    def _set_timer(self) -> None:
        """Wake up for the next expiry; renewals only push it back, so an early timer asks again."""
        if self._timer is not None:
            self._timer.cancel()
        moment = self._leases.next_expiry()
        self._timer = None if moment is None else self.clock.call_at(moment, self._wake)

    def _wake(self) -> None:
        self._expire()
        self._set_timer()
