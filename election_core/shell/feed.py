"""Feeds a state machine with the keys under a prefix, through disconnections and compactions.

The first watch is opened live and only then the keys are read: events up to the read are old news to the state
machine, later ones come as they happen. A watch that broke is resumed after the last event that was seen, so that
no transition is lost; only where etcd has compacted that history everything is read again, and the state machine
reports the gap.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable
from typing import Protocol

from ..backoff import Backoff
from ..clock import Clock, sleep
from ..core.model import Revision, Snapshot
from ..errors import Compacted, ElectionError, Restored, Unavailable
from ..store import KeyRange, Store, WatchStream
from .reading import Doubts, Reads, leisurely
from .tasks import report

__all__ = ["Feed", "FeedSink"]

_NOTIFICATIONS = 2
"""Messages at least as new as an audit's read, after which events that have not come are taken for lost.

One may have been sent ahead of events that are no newer than it: older servers answer a request for progress past the
queue of events (etcd issue 15220). By the time of the next one, about a second later, that queue has been sent.
"""

_LASTING = 1.0
"""Seconds after which a watch was a success, so that the next one is tried at once."""

_SLICE = 200
"""Revisions that are applied without a pause."""

_log = logging.getLogger("election_core.feed")


class FeedSink(Protocol):
    """Who takes what a feed reads. Nothing here may block or raise."""

    def rewind(self) -> None:
        """Revisions have gone back: the next read is the newer one, whatever its revision."""

    def reset(self, snapshot: Snapshot) -> Iterable[None]:
        """Begin, or begin again after a gap, in slices that others may do something between."""

    def apply(self, revision: Revision) -> None:
        """The next revision; it may be known already."""

    def audit(self, snapshot: Snapshot, roots: Collection[bytes] | None) -> None:
        """A read of some paths, or of all, to compare with; all its events have been applied, as far as etcd has sent
        them."""

    def connected(self) -> None:
        """A watch is established and everything was read."""

    def disconnected(self, error: ElectionError) -> None:
        """The watch broke; another one will be tried."""


class Feed:
    """Reads and watches one range of keys."""

    # The mutable state: the last revision that was delivered whole, from where a watch can be resumed, and how often
    # revisions had gone back by then; the watch, and when etcd was last heard on the one before; and the read of an
    # audit with how many messages have come since that are as new.

    def __init__(
        self,
        store: Store,
        clock: Clock,
        keys: KeyRange,
        sink: FeedSink,
        reads: Reads,
        *,
        audit_every: float,
        wide: bool = False,
    ) -> None:
        """
        Args:
            store: where the keys are.
            clock: what pauses and ages are counted on.
            keys: what to watch.
            sink: takes it all.
            reads: reads what the sink needs.
            audit_every: seconds after which the keys are read once more, since servers may lose events.
            wide: much may happen to the keys, so that the watch needs a stream of its own.
        """
        self._store, self._clock, self._keys, self._sink, self._reads = store, clock, keys, sink, reads
        self._audit_every, self._wide = audit_every, wide
        self._rewinds = store.rewinds
        self._stream: WatchStream | None = None
        self._audit: Doubts | None = None
        self._heard_since = 0
        self._revision: int | None = None
        self._heard_at: float | None = None

    @property
    def heard_at(self) -> float | None:
        """When etcd was last heard on the watch, on the feed's clock; ``None`` before the first time."""
        return self._heard_at if self._stream is None else self._clock.now() - self._stream.silent_for

    async def run(self) -> None:
        """Go on until cancelled.

        Raises:
            ElectionError: trying again cannot help: the user may not read or watch the keys.
        """
        backoff = Backoff()
        while True:
            try:
                if self._revision is None:
                    await self._begin(backoff)
                else:
                    await self._resume(self._revision, backoff)
            except Unavailable as exc:
                self._sink.disconnected(exc)
                if isinstance(exc, Compacted):
                    _log.warning("%s Transitions may be missing.", exc)
                    self._revision = None
                if isinstance(exc, Restored):
                    self._sink.rewind()
                await sleep(self._clock, backoff.pause())

    async def _begin(self, backoff: Backoff) -> None:
        self._rewinds = self._store.rewinds
        async with self._store.watch((self._keys,), wide=self._wide) as stream:
            snapshot = await self._reads.everything()
            await leisurely(self._sink.reset(snapshot))
            self._revision = snapshot.revision
            await self._deliver(stream, backoff)

    async def _resume(self, revision: int, backoff: Backoff) -> None:
        async with self._store.watch((self._keys,), start_revision=revision + 1, wide=self._wide) as stream:
            if self._store.rewinds != self._rewinds:
                raise Restored("etcd was restored or wiped while it was not watched.", endpoint=stream.endpoint)
            await self._deliver(stream, backoff)

    async def _deliver(self, stream: WatchStream, backoff: Backoff) -> None:
        self._stream, began_at = stream, self._clock.now()
        self._sink.connected()
        auditing = asyncio.ensure_future(self._read_for_audits(stream))
        try:
            async for response in stream:
                for number, revision in enumerate(response.revisions, 1):
                    self._sink.apply(await self._reads.complete(revision))
                    self._revision = max(self._revision or 0, revision.revision)
                    if not number % _SLICE:
                        await asyncio.sleep(0)
                if self._audit is not None:
                    self._compare(stream, self._audit, response.revision)
        finally:
            self._heard_at, self._stream, self._audit = self.heard_at, None, None
            if self._clock.now() - began_at >= _LASTING:
                backoff.reset()
            auditing.cancel()
            await asyncio.wait({auditing})

    async def _read_for_audits(self, stream: WatchStream) -> None:
        while True:
            await sleep(self._clock, self._audit_every)
            if self._audit is not None:
                continue
            try:
                self._audit, self._heard_since = await self._reads.doubts(), 0
                stream.wants_progress = self._audit is not None
            except ElectionError as exc:
                _log.debug("audit: %s", exc)
            except Exception as exc:  # noqa: BLE001 - a defect, which must not end the audits unseen
                report("A defect of election_core, please report it: a read for an audit failed", exc)

    def _compare(self, stream: WatchStream, audit: Doubts, revision: int) -> None:
        self._heard_since += revision >= audit.snapshot.revision
        if self._heard_since >= _NOTIFICATIONS:
            self._audit, stream.wants_progress = None, False
            self._sink.audit(*audit)
