"""What the wall clock showed at a moment, also where it was set since. Pure."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta, tzinfo

__all__ = ["Wall"]

_MOST = 100
"""Steps of the wall clock that are remembered; moments before the oldest of them are shown by that one."""
_LEAST = timedelta(seconds=0.5)
"""Less than this is no step: the two clocks are read one after the other, and the wall clock is corrected slowly."""


class Wall:
    """The steps of the wall clock against the clock that moments are on (aware, UTC, never stepping)."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        """``zone``: where it hangs; ``None`` for this machine's zone."""
        self._zone = zone
        self._since: list[datetime] = []
        self._offsets: list[timedelta] = []

    def copy(self) -> Wall:
        """Another one that knows the same, and goes on by itself."""
        other = Wall(self._zone)
        other._since, other._offsets = self._since[:], self._offsets[:]
        return other

    def note(self, at: datetime, shown: datetime) -> None:
        """At moment ``at`` the wall clock showed ``shown`` (both aware); call it once per second."""
        offset = shown - at
        if self._offsets and abs(offset - self._offsets[-1]) < _LEAST:
            return
        self._since.append(at)
        self._offsets.append(offset)
        if len(self._since) > _MOST:
            del self._since[0], self._offsets[0]

    def local(self, at: datetime) -> datetime:
        """The local time that the wall clock showed at a moment; where it was not noted yet, by the nearest note."""
        if not self._offsets:
            return at.astimezone(self._zone)
        return (at + self._offsets[max(bisect_right(self._since, at) - 1, 0)]).astimezone(self._zone)
