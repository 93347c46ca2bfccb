"""How current a view is, as one value for the status bar."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ViewStatus"]


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
    round_trip: float | None
    """Fastest answer of a member in seconds."""
    error: str | None
    unreachable: bool
    """The error is that no member answers, which a start of etcd mends."""
    attempt: int
    retry_in: float | None
    """Seconds until the next try, while waiting for it; a running watch retries by itself."""
