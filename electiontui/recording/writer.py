"""Writing a recording: from a bounded queue, by a thread of its own, within a bound of size."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Condition, Thread

from election_core import MonitorInput, Replica

from .format import Header, Line, Mark, RecordingError, encoded
from .storage import Storage

__all__ = ["LEAST_SIZE", "RawWriter"]

LEAST_SIZE = 1 << 20
"""Bytes that a recording may be bounded to, at least."""
_QUEUED, _QUEUED_BYTES = 50_000, 64 << 20
"""Lines, and bytes of keys and values in them, that wait for the disk at most."""
_TOGETHER = 0.05
"""Seconds for which lines are collected, to be written at once: what a kill of the process may cost."""
_CLOSING = 10.0
"""Seconds that the disk may take for what is left when the recording ends."""
_CHUNK = 1 << 20
_IMAGE_EVERY, _IMAGE_SHARE = 16 << 20, 10
"""Bytes after which all that is known is written down, so that a replay can begin there; but many times its size."""


class RawWriter:
    """A recording that is being written, or gone on with. `put` costs a microsecond, whatever the disk does.

    The file and the one before it, ``FILE.1``, together never take more than ``size`` bytes: at half of it the file is
    put by, in place of an older one, and a new one begins with all that is known at that moment.

    Attributes:
        path: the file.
        cluster: the cluster's id in hex, to be set before anything is put, where it is known only then.
        lines: how many lines were written.
        failure: why nothing is written any more, or ``None``.
        overflown: something had no room in the queue, so that nothing is taken until a monitor begins anew.
    """

    # The mutable state: the attributes, the queue with its size in bytes, and whether it is over; and, the thread's
    # alone, the file, and what another one would have to begin with.

    def __init__(self, path: Path, header: Header, *, size: int) -> None:
        """Raises:
        RecordingError: another recording is in the file, somebody writes it, or it cannot be written.
        ValueError: ``size`` is below `LEAST_SIZE`.
        """
        if size < LEAST_SIZE:
            raise ValueError(f"A recording takes at least {LEAST_SIZE:,} bytes; got {size:,}.")
        self.path, self.lines = path, 0
        self.failure: str | None = None
        self.overflown = False
        self.cluster = header.cluster
        self._header, self._half = header, size // 2
        self._replica, self._last_mark = Replica(header.prefixes), Mark("begin", header.began)
        self._queue = deque[Line]()
        self._bytes = 0
        self._closing = False
        self._news = Condition()
        self._storage = Storage(path, header)
        self._image_at, self._image_every = self._storage.length, _IMAGE_EVERY
        self._thread = Thread(target=self._run, name=f"recording to {path}", daemon=True)
        self._thread.start()

    def put(self, line: Line) -> None:
        """Have it written soon; where there is no room, say so with `overflown`."""
        size = 100 + (line.size if isinstance(line, MonitorInput) else 0)
        with self._news:
            if isinstance(line, Mark) and line.kind == "begin":
                self.overflown = False
            if self.overflown or self._closing or self.failure is not None:
                return
            if len(self._queue) >= _QUEUED or (self._queue and self._bytes + size > _QUEUED_BYTES):
                self.overflown = True
                return
            self._queue.append(line)
            self._bytes += size
            if len(self._queue) == 1:
                self._news.notify()

    @property
    def has_room(self) -> bool:
        """Whether the disk has caught up."""
        return len(self._queue) < _QUEUED // 2 and self._bytes < _QUEUED_BYTES // 2

    def close(self) -> None:
        """Write what is left, in bounded time. It blocks; closing again does nothing."""
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join(_CLOSING)
        if self._thread.is_alive() and self.failure is None:
            self.failure = f"{self.path} takes nothing for {_CLOSING:g} s; the end of the recording is missing"

    def _run(self) -> None:
        has_begun = False
        try:
            while batch := self._next():
                if not has_begun:
                    self._header = self._header._replace(cluster=self.cluster)
                    self._storage.begin(self._header)
                    has_begun = True
                self._write(batch)
        except (OSError, RecordingError) as exc:
            self.failure = f"{self.path}: {getattr(exc, 'strerror', None) or exc}; nothing more is recorded there"
            with suppress(OSError):
                self._storage.cut_back()
        except Exception as exc:  # noqa: BLE001 - nobody waits for this thread, and that it has ended has to be told
            self.failure = f"{self.path}: a defect ended the recording, please report it: {exc!r}"
        finally:
            with suppress(OSError):
                self._storage.close()

    def _next(self) -> list[Line]:
        """What has come, collected for a moment; nothing at the end."""
        with self._news:
            self._news.wait_for(lambda: self._queue or self._closing)
            self._news.wait_for(lambda: self._closing, _TOGETHER)
            batch = list(self._queue)
            self._queue.clear()
            self._bytes = 0
            return batch

    def _write(self, batch: Iterable[Line]) -> None:
        waiting, size = list[bytes](), 0
        for line in batch:
            data = encoded(line)
            if self._storage.length + size + len(data) > self._half:
                self._storage.append(waiting)
                waiting, size = [], 0
                self._turn(line.at, len(data))
            waiting.append(data)
            size += len(data)
            self._note(line)
            if self._storage.length + size - self._image_at > self._image_every:
                image = b"".join(map(encoded, self._replica.images(line.at)))
                if self._storage.length + size + len(image) <= self._half:
                    waiting.append(image)
                    size += len(image)
                self._image_at = self._storage.length + size
                self._image_every = max(_IMAGE_EVERY, len(image) * _IMAGE_SHARE)
            if size > _CHUNK:
                self._storage.append(waiting)
                waiting, size = [], 0
        self._storage.append(waiting)

    def _note(self, line: Line) -> None:
        self.lines += 1
        if isinstance(line, MonitorInput):
            self._replica.take(line)
            return
        self._last_mark = line
        if line.kind == "begin":
            self._replica = Replica(self._header.prefixes)

    def _turn(self, at: datetime, more: int) -> None:
        """Go on in a new file, which begins with all that is known."""
        local = at.astimezone(self._header.began.tzinfo)
        start = [encoded(self._header._replace(began=local)), *map(encoded, self._replica.images(at))]
        start.append(encoded(self._last_mark._replace(members=None)))
        needed = sum(map(len, start)) + more
        if needed > self._half:
            raise RecordingError(
                f"what is known of the elections takes {needed:,} bytes, more than half of the {2 * self._half:,} that"
                " the recording may take; allow it more"
            )
        self._storage.put_by(start)
        self._image_at = self._storage.length
