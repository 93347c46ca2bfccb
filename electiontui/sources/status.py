"""How current a view is, as one value for the status bar."""

from __future__ import annotations

from dataclasses import dataclass

from election_core import Monitor, Unavailable

from .members import Members
from .retries import Retries

__all__ = ["ViewStatus", "status_of"]


@dataclass(frozen=True, slots=True)
class ViewStatus:
    """How current the view is."""

    prefix: str
    loaded: bool
    """False: nothing has been read yet."""
    connected: bool
    age: float
    """Seconds since the view was last known to be current, or since the first try if nothing was read yet."""
    revision: int
    elections: int
    endpoints_up: int
    endpoints: int
    down: tuple[str, ...]
    """The endpoints that did not answer when asked last."""
    has_quorum: bool
    """False: some answer, and none of them knows a raft leader."""
    round_trip: float | None
    """Fastest answer of a member in seconds."""
    error: str | None
    unreachable: bool
    """The error is that no member answers, which a start of etcd mends."""
    attempt: int
    retry_in: float | None
    """Seconds until the next try, while waiting for it; a running watch retries by itself."""


def status_of(
    prefixes: tuple[str, ...],
    monitor: Monitor | None,
    retries: Retries,
    members: Members,
    found: tuple[int, int],
    age: float,
    now: float,
) -> ViewStatus:
    """How current a view is.

    Args:
        monitor: what watches, or has last; ``None`` before the first read.
        found: how many elections there are, and how many endpoints.
        age: seconds since it was last known to be current.
        now: by the monotonic clock.
    """
    error = monitor.last_error if monitor is not None and not monitor.connected else retries.error
    return ViewStatus(
        prefix=" ".join(prefixes),
        loaded=monitor is not None,
        connected=monitor is not None and monitor.connected and retries.retry_at is None,
        age=age,
        revision=0 if monitor is None else monitor.revision,
        elections=found[0],
        endpoints_up=sum(member.reachable for member in members.now),
        endpoints=found[1],
        down=tuple(member.endpoint for member in members.now if not member.reachable),
        has_quorum=members.has_quorum,
        round_trip=min((m.round_trip for m in members.now if m.round_trip is not None), default=None),
        error=None if error is None else str(error),
        unreachable=isinstance(error, Unavailable),
        attempt=retries.attempt,
        retry_in=None if retries.retry_at is None else max(retries.retry_at - now, 0.0),
    )
