"""When etcd was watched, and when nobody knows what happened. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

__all__ = ["Stretch", "Watched"]

_MOST = 1_000
"""Stretches without a watch that are remembered; beyond that the time before the oldest of them counts as such."""


class Stretch(NamedTuple):
    """From one moment to another."""

    since: datetime
    until: datetime


class Watched:
    """The stretches without a watch since a view began to watch. Moments are aware, UTC, and come in order.

    Attributes:
        began: when it began to watch; nothing is known of the time before.
        lost_at: when it last knew that nothing was missed, while it does not know that now.
    """

    def __init__(self, began: datetime) -> None:
        self.began = began
        self.lost_at: datetime | None = began
        self._unwatched: list[Stretch] = []

    def copy(self) -> Watched:
        """Another one that knows the same, and goes on by itself."""
        other = Watched(self.began)
        other.lost_at, other._unwatched = self.lost_at, self._unwatched[:]
        return other

    def seen(self, at: datetime) -> None:
        """All that happened up to this moment is known, or was missed for good."""
        if self.lost_at is not None and at > self.lost_at:
            self._unwatched.append(Stretch(self.lost_at, at))
            if len(self._unwatched) > _MOST:
                self.began = self._unwatched.pop(0).until
        self.lost_at = None

    def learn(self, earlier: Sequence[Stretch]) -> None:
        """It was watched before it began, too: during these stretches, sorted, none of which meet."""
        known = [each for each in earlier if each.since < self.began]
        if not known:
            return
        edges = [*[moment for each in known for moment in each][1:], self.began]
        gaps = [Stretch(*pair) for pair in zip(edges[::2], edges[1::2], strict=True) if pair[0] < pair[1]]
        self._unwatched = [*gaps, *self._unwatched]
        self.began = known[0].since
        if (over := len(self._unwatched) - _MOST) > 0:
            self.began = self._unwatched[over - 1].until
            del self._unwatched[:over]

    def lost(self, at: datetime) -> None:
        """Nothing is known from this moment on."""
        if self.lost_at is None:
            self.lost_at = max(at, self._unwatched[-1].until if self._unwatched else self.began)

    def unwatched(self, since: datetime, until: datetime) -> Iterator[Stretch]:
        """The stretches without a watch that overlap ``[since, until]``, oldest first, cut to it."""
        parts = [Stretch(since, self.began), *self._unwatched]
        if self.lost_at is not None:
            parts.append(Stretch(self.lost_at, until))
        for part in parts:
            first, last = max(part.since, since), min(part.until, until)
            if first < last:
                yield Stretch(first, last)
