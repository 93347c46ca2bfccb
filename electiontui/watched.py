"""When etcd was watched, and when nobody knows what happened. Pure."""

from __future__ import annotations

from collections.abc import Iterator
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

    def seen(self, at: datetime) -> None:
        """All that happened up to this moment is known, or was missed for good."""
        if self.lost_at is not None and at > self.lost_at:
            self._unwatched.append(Stretch(self.lost_at, at))
            if len(self._unwatched) > _MOST:
                self.began = self._unwatched.pop(0).until
        self.lost_at = None

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
