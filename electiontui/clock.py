"""The one clock that the dashboard shows: the machine's, or that of a recording which is played."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from time import monotonic
from typing import Protocol

from election_core import utc_now

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """What time it is for whoever looks at a view."""

    @property
    def zone(self) -> tzinfo | None:
        """Where times of day are told; ``None`` for this machine's zone."""

    def now(self) -> datetime:
        """This moment (aware, UTC), on the clock that transitions are dated by; it never steps."""

    def seconds(self) -> float:
        """The same in seconds since some moment; only differences matter."""

    def wall(self) -> datetime:
        """What the wall clock shows (aware), which may be set."""


class SystemClock:
    """This machine's time."""

    zone: tzinfo | None = None

    def now(self) -> datetime:
        return utc_now()

    def seconds(self) -> float:
        return monotonic()

    def wall(self) -> datetime:
        return datetime.now(UTC)
