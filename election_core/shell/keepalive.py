"""Keeps leases alive: one stream of renewals for all leases of a client, and their deadlines.

Losing the stream is not losing a lease: it is opened again, on another member where there is one, until the lease's
deadline has passed. Only that, or etcd's word that the lease is gone, ends a lease.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from ..backoff import Backoff
from ..clock import FAR, Alarm, Clock, sleep
from ..core.lease_clock import LeaseClock
from ..errors import ElectionError, Unavailable
from ..store import RenewalStream, Store
from .tasks import BackgroundTasks, report

__all__ = ["KeepAlive", "KeptLease"]

_log = logging.getLogger("election_core.keepalive")

_RENEWALS_PER_TTL = 3
_PATIENCE_SHARE = 1 / 6
"""Share of the TTL within which a renewal must be answered before another member is tried."""
_LAST_PATIENCE_SHARE = 0.45
"""The same where there is no other member to try, only another connection."""
_LONGEST_NAP = 1.0
"""Seconds after which deadlines are looked at anyway: timers stand still while the machine sleeps."""
_LEAST_LAG = 0.1
_LAG_SHARE = 1 / 6
"""Share of the shortest TTL that the event loop may be late before it is told."""
_TOO_LATE = "no renewal was answered within its TTL of {ttl:g} s"


class KeptLease:
    """A lease to keep alive."""

    __slots__ = ("clock", "entry", "lease_id", "on_lost")

    def __init__(self, lease_id: int, clock: LeaseClock, on_lost: Callable[[str], None]) -> None:
        """``on_lost(reason)``: called once when it is lost, by when it is forgotten; not after `KeepAlive.forget`."""
        self.lease_id, self.clock, self.on_lost = lease_id, clock, on_lost
        self.entry = -1


class _Sent:
    """Renewals sent on one stream and not answered yet, in order."""

    def __init__(self) -> None:
        self.queue: deque[tuple[KeptLease, float]] = deque()

    @property
    def oldest_at(self) -> float | None:
        return self.queue[0][1] if self.queue else None


class KeepAlive:
    """The leases that one client keeps alive."""

    # The mutable state: the leases, when each is to be renewed (with entries that count no more), the earliest
    # deadline (or something before it), how often in a row a stream gave no answer in time, and two tasks.

    def __init__(self, store: Store, clock: Clock, tasks: BackgroundTasks) -> None:
        self._store, self._clock, self._tasks = store, clock, tasks
        self._leases: dict[int, KeptLease] = {}
        self._due: list[tuple[float, int, KeptLease]] = []
        self._order = count()
        self._earliest = float("inf")
        self._given_up = 0
        self._renewing, self._expiring = Alarm(clock), Alarm(clock)
        self._started = False

    def keep(self, lease: KeptLease) -> None:
        """Renew it from now on, three times per TTL."""
        self._leases[lease.lease_id] = lease
        self._schedule(lease, self._clock.now() + lease.clock.ttl / _RENEWALS_PER_TTL)
        if not self._started:
            self._started = True
            self._tasks.start(self._renew_forever(), "lease renewals")
            self._tasks.start(self._watch_deadlines(), "lease deadlines")
        if len(self._leases) == 1 or self._due[0][2] is lease:
            self._renewing.ring()
        if lease.clock.deadline < self._earliest:
            self._earliest = lease.clock.deadline
            self._expiring.ring()

    def forget(self, lease: KeptLease) -> None:
        """Renew it no more and report nothing about it."""
        if self._leases.get(lease.lease_id) is lease:
            del self._leases[lease.lease_id]

    def _schedule(self, lease: KeptLease, moment: float) -> None:
        # Only the latest entry counts: a lease has one next renewal, however often the last ones went unanswered.
        lease.entry = next(self._order)
        heappush(self._due, (moment, lease.entry, lease))

    def _lose(self, lease: KeptLease, reason: str) -> None:
        if self._leases.get(lease.lease_id) is not lease:
            return  # whoever was told of another loss has forgotten this one
        self.forget(lease)
        try:
            lease.on_lost(reason)
        except Exception as exc:  # noqa: BLE001 - a defect of one lease's holder must not cost the other leases
            report(
                f"A defect of election_core, please report it: the loss of lease {lease.lease_id:x} was not told", exc
            )

    async def _watch_deadlines(self) -> None:
        while True:
            planned = min(self._earliest, self._clock.now() + _LONGEST_NAP)
            await self._expiring.sleep_until(planned)
            now = self._clock.now()
            self._warn_of_lag(now - planned)
            if now < self._earliest:
                continue
            for lease in [each for each in self._leases.values() if each.clock.deadline <= now]:
                self._lose(lease, _TOO_LATE.format(ttl=lease.clock.ttl))
            # Renewals push deadlines back without a word, so this one is early more often than not; it is found again
            # when it has come, which is once per TTL and not once per renewal.
            self._earliest = min((each.clock.deadline for each in self._leases.values()), default=float("inf"))

    def _warn_of_lag(self, lag: float) -> None:
        if lag < _LEAST_LAG:
            return
        shortest = min((lease.clock.ttl for lease in self._leases.values()), default=float("inf"))
        if lag > shortest * _LAG_SHARE:
            _log.warning(
                "The event loop was blocked or the process stopped for %.1f s, with leases of %g s to renew;"
                " move blocking work to a thread.",
                lag,
                shortest,
            )

    async def _renew_forever(self) -> None:
        backoff = Backoff(last=0.5)
        while True:
            while not self._leases:
                await self._renewing.sleep_until(self._clock.now() + FAR)
            try:
                async with self._store.renewals() as stream:
                    await self._renew_on(stream, backoff)
            except ElectionError as exc:
                _log.info("The stream of renewals ended, opening another: %s", exc)
            except Exception as exc:  # noqa: BLE001 - it is reported, and must not end the renewals of every lease
                report("A defect of election_core, please report it: lease renewals failed, and are begun again", exc)
            await sleep(self._clock, backoff.pause())

    async def _renew_on(self, stream: RenewalStream, backoff: Backoff) -> None:
        """Renew on this stream until it fails or stays silent, which is always raised."""
        sent = _Sent()
        receiver = self._tasks.start(self._receive(stream, sent, backoff), "renewal answers")
        receiver.add_done_callback(lambda _: self._renewing.ring())
        try:
            while not receiver.done():
                await self._send_due(stream, sent)
                await self._renewing.sleep_until(self._next_moment(sent))
                self._check_patience(stream, sent)
            exc = None if receiver.cancelled() else receiver.exception()
            raise exc if isinstance(exc, ElectionError) else Unavailable(f"The renewals on {stream.endpoint} ended.")
        finally:
            receiver.cancel()
            await asyncio.wait({receiver})
            for lease, _ in sent.queue:
                self._schedule(lease, self._clock.now())

    async def _send_due(self, stream: RenewalStream, sent: _Sent) -> None:
        try:
            async with asyncio.timeout(self._patience(self._due[0][2]) if self._due else None):
                while self._due and self._due[0][0] <= (now := self._clock.now()):
                    _, entry, lease = heappop(self._due)
                    if entry != lease.entry or self._leases.get(lease.lease_id) is not lease:
                        continue
                    self._schedule(lease, now + lease.clock.ttl / _RENEWALS_PER_TTL)
                    sent.queue.append((lease, now))
                    await stream.send(lease.lease_id)
        except TimeoutError as exc:
            raise self._gave_up(stream) from exc

    async def _receive(self, stream: RenewalStream, sent: _Sent, backoff: Backoff) -> None:
        async for lease_id, ttl in stream:
            lease, sent_at = sent.queue.popleft()
            if lease.lease_id != lease_id:
                raise Unavailable(f"{stream.endpoint} answered renewals out of order.", endpoint=stream.endpoint)
            self._given_up = 0
            backoff.reset()
            if self._leases.get(lease_id) is not lease:
                continue
            if ttl <= 0:
                self._lose(lease, "etcd no longer knows it: it expired or was revoked")
            elif not lease.clock.renewed(ttl, sent_at=sent_at, now=self._clock.now()):
                self._lose(lease, _TOO_LATE.format(ttl=lease.clock.ttl))

    def _next_moment(self, sent: _Sent) -> float:
        due = self._due[0][0] if self._due else self._clock.now() + FAR
        return due if sent.oldest_at is None else min(due, sent.oldest_at + self._patience(sent.queue[0][0]))

    def _patience(self, lease: KeptLease) -> float:
        """Seconds to wait for an answer. It grows once every member was tried, for a cluster that is merely slow."""
        members = len(self._store.endpoints)
        share = _PATIENCE_SHARE if members > 1 else _LAST_PATIENCE_SHARE
        return min(lease.clock.ttl * share, self._store.timeout) * float(2 ** (self._given_up // members))

    def _check_patience(self, stream: RenewalStream, sent: _Sent) -> None:
        if sent.oldest_at is not None and self._clock.now() >= sent.oldest_at + self._patience(sent.queue[0][0]):
            raise self._gave_up(stream)

    def _gave_up(self, stream: RenewalStream) -> Unavailable:
        self._given_up += 1
        self._store.suspect(stream.endpoint)
        return Unavailable(f"{stream.endpoint} did not answer a renewal in time.", endpoint=stream.endpoint)
