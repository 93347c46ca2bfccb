"""etcd's leases: how long each one lives. Pure: every time is an argument, in seconds on one clock."""

from __future__ import annotations

from dataclasses import dataclass

from ..store import LeaseInfo

__all__ = ["Leases"]


@dataclass(slots=True)
class _Lease:
    granted_ttl: int
    expires_at: float


class Leases:
    """The leases that exist. One that has expired still does, until it is removed.

    Attributes:
        minimum_ttl: seconds that a lease lives at least, whatever was asked for.
    """

    # The mutable state: the leases by id.

    def __init__(self, minimum_ttl: int) -> None:
        self.minimum_ttl = minimum_ttl
        self._leases: dict[int, _Lease] = {}

    def __contains__(self, lease_id: int) -> bool:
        return lease_id in self._leases

    def grant(self, lease_id: int, ttl: int, now: float) -> LeaseInfo:
        """Make a lease, or describe the one with this id as it is."""
        granted = max(ttl, self.minimum_ttl)
        lease = self._leases.setdefault(lease_id, _Lease(granted, now + granted))
        return _info(lease_id, lease, now)

    def info(self, lease_id: int, now: float) -> LeaseInfo | None:
        lease = self._leases.get(lease_id)
        return None if lease is None else _info(lease_id, lease, now)

    def renew(self, lease_id: int, now: float) -> int:
        """Start the lease's time afresh; its TTL, or 0 where there is no such lease."""
        lease = self._leases.get(lease_id)
        if lease is None:
            return 0
        lease.expires_at = now + lease.granted_ttl
        return lease.granted_ttl

    def remove(self, lease_id: int) -> bool:
        """Whether there was one."""
        return self._leases.pop(lease_id, None) is not None

    def expired(self, now: float) -> list[int]:
        """The leases whose time has run out, in that order."""
        due = [(lease.expires_at, lease_id) for lease_id, lease in self._leases.items() if lease.expires_at <= now]
        return [lease_id for _, lease_id in sorted(due)]

    def next_expiry(self) -> float | None:
        """When the next of them runs out unless it is renewed."""
        return min((lease.expires_at for lease in self._leases.values()), default=None)


def _info(lease_id: int, lease: _Lease, now: float) -> LeaseInfo:
    return LeaseInfo(lease_id, lease.granted_ttl, max(0, int(lease.expires_at - now)))
