"""From a monitor to a recording: its inputs as they come, and once per second whether it still watches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from election_core import ElectionError, EndpointStatus, Monitor, MonitorInput, utc_now

from .format import Mark
from .writer import RawWriter

__all__ = ["RawRecorder"]

_QUIET = 10.0
"""Seconds between two marks while etcd is heard …"""
_FRESH = 2.0
"""… which it is as long as it is silent for no longer than this."""


class RawRecorder:
    """What one writer is told of one monitor after the other."""

    # The mutable state: the monitor, whether it has read something, when the last mark was made, and what the members
    # have answered since.

    def __init__(self, writer: RawWriter) -> None:
        self.writer = writer
        self._monitor: Monitor | None = None
        self._cluster: Callable[[], int] = int
        self._has_begun = False
        self._marked_at: datetime | None = None
        self._answers: Sequence[EndpointStatus] = ()
        self._members: tuple[EndpointStatus, ...] | None = None

    def attach(self, monitor: Monitor, cluster: Callable[[], int]) -> None:
        """Record this one from its beginning; it must not have been entered yet.

        ``cluster``: the cluster's id, once it has answered.
        """
        self._monitor, self._cluster = monitor, cluster
        self._has_begun = False
        monitor.on("input", self._input)
        monitor.on("disconnected", self._lost)
        monitor.on("connected", self._back)

    @property
    def needs_another_monitor(self) -> bool:
        """Whether inputs had no room and the disk has caught up, so that it may go on with everything read afresh."""
        return self._has_begun and self.writer.overflown and self.writer.has_room

    def note_members(self, answers: Sequence[EndpointStatus]) -> None:
        """What the endpoints have answered last; the next mark says it, once."""
        if answers is not self._answers:
            self._answers = answers
            self._members = tuple(answers)

    @property
    def has_begun(self) -> bool:
        """Whether the monitor has read something."""
        return self._has_begun

    def tick(self, now: datetime) -> None:
        """Say whether etcd is watched; call it once per second. ``now`` is of `utc_now`."""
        if self._monitor is None or not self._has_begun:
            return
        stale = self._monitor.staleness
        since = _QUIET if self._marked_at is None else (now - self._marked_at).total_seconds()
        if stale > _FRESH or since >= _QUIET or self._members is not None:
            self._put(Mark("alive", now, stale, datetime.now(UTC), members=self._members))
            self._members = None

    def end(self) -> None:
        """Nobody wants more. What was put is written by `RawWriter.close`."""
        if self._has_begun and self._monitor is not None:
            self._put(Mark("end", utc_now(), self._monitor.staleness))

    def _input(self, given: MonitorInput) -> None:
        if not self._has_begun:
            # Only now it is known which cluster this is.
            self._has_begun = True
            self.writer.cluster = format(self._cluster(), "x")
            self._put(Mark("begin", utc_now(), wall=datetime.now(UTC)))
        self.writer.put(given)

    def _lost(self, error: ElectionError) -> None:
        if self._has_begun and self._monitor is not None:
            self._put(Mark("lost", utc_now(), self._monitor.staleness, error=str(error)))

    def _back(self) -> None:
        if self._has_begun:
            self._put(Mark("back", utc_now()))

    def _put(self, mark: Mark) -> None:
        self._marked_at = mark.at
        self.writer.put(mark)
