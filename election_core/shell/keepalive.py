"""Keeps leases alive: one stream of renewals for all leases of a client, and their deadlines.

Losing the stream is not losing a lease: it is opened again, on another member where there is one, until the lease's
deadline has passed. Only that, or etcd's word that the lease is gone, ends a lease.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from itertools import count

from ..backoff import Backoff
from ..clock import FAR, Alarm, Clock, sleep
from ..core.lease_clock import LeaseClock, margin_for
from ..errors import ElectionError, Unavailable
from ..store import RenewalStream, Store
from .tasks import BackgroundTasks, report

__all__ = ["KeepAlive", "KeptLease"]

_log = logging.getLogger("election_core.keepalive")

_RENEWALS_PER_TTL = 3
_RENEWALS_PER_TTL_BY_RELAY = 6
"""It answers a third of a TTL late, and what it answers counts from the renewal before."""
_PATIENCE_SHARE = 1 / 6
"""Share of the TTL within which a renewal must be answered before another member is tried."""
_LAST_PATIENCE_SHARE = 7 / 15
"""The same where there is no other member to try, only another connection: what is then left of the TTL, less the
margin of its deadline, is as long as that margin once more, for connecting and one renewal."""
_BATCH_SHARE = 1 / 20
"""Share of the TTL by which renewals are sent early when one is due: together they cost less."""
_LONGEST_NAP = 1.0
"""Seconds after which deadlines are looked at anyway: timers stand still while the machine sleeps."""
_LEAST_LAG = 0.1
_LAG_SHARE = 1 / 6
"""Share of the shortest TTL that the event loop may be late before it is told."""
_TOO_LATE = "no renewal was answered within its TTL of {ttl:g} s"


class KeptLease:
    """A lease to keep alive."""

    __slots__ = ("clock", "entry", "lease_id", "on_lost", "sent_at")

    def __init__(self, lease_id: int, clock: LeaseClock, on_lost: Callable[[str], None], sent_at: float) -> None:
        """
        Args:
            lease_id: its id.
            clock: until when it lives.
            on_lost: called once with the reason when it is lost, by when it is forgotten; not after `KeepAlive.forget`.
            sent_at: when its grant was sent, and later its latest renewal.
        """
        self.lease_id, self.clock, self.on_lost, self.sent_at = lease_id, clock, on_lost, sent_at
        self.entry = -1


class _Renewal:
    """One that was sent, and when; and when the one before it was."""

    __slots__ = ("is_answered", "lease", "sent_at", "sent_before_at")

    def __init__(self, lease: KeptLease, now: float) -> None:
        self.lease, self.sent_at, self.sent_before_at = lease, now, lease.sent_at
        self.is_answered = False
        lease.sent_at = now


class _Sent:
    """Renewals sent on one stream and not answered yet."""

    # The mutable state: the same renewals twice, in the order in which they were sent and by lease. Those answered out
    # of order stay in the former until they are its oldest.

    def __init__(self) -> None:
        self._in_order: deque[_Renewal] = deque()
        self._by_lease: dict[int, deque[_Renewal]] = {}

    def add(self, renewal: _Renewal) -> None:
        self._in_order.append(renewal)
        self._by_lease.setdefault(renewal.lease.lease_id, deque()).append(renewal)

    def answered(self, lease_id: int) -> _Renewal | None:
        """What an answer belongs to: the oldest of that lease, so that it never promises more than was asked for."""
        waiting = self._by_lease.get(lease_id)
        if not waiting:
            return None
        renewal = waiting.popleft()
        renewal.is_answered = True
        if not waiting:
            del self._by_lease[lease_id]
        return renewal

    @property
    def oldest(self) -> _Renewal | None:
        while self._in_order and self._in_order[0].is_answered:
            self._in_order.popleft()
        return self._in_order[0] if self._in_order else None

    def leases(self) -> set[KeptLease]:
        """Those that have not been answered."""
        return {renewal.lease for waiting in self._by_lease.values() for renewal in waiting}


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
        # A part of its time is over already where the answer to its granting was slow, or it was there before.
        left = lease.clock.remaining(self._clock.now()) + margin_for(lease.clock.ttl)
        self._schedule(lease, self._clock.now() + left - lease.clock.ttl * (1 - 1 / _RENEWALS_PER_TTL))
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
                await self._renewing.sleep_until(self._next_moment(stream, sent))
                self._check_patience(stream, sent)
            exc = None if receiver.cancelled() else receiver.exception()
            raise exc if isinstance(exc, ElectionError) else Unavailable(f"The renewals on {stream.endpoint} ended.")
        finally:
            receiver.cancel()
            await asyncio.wait({receiver})
            for lease in sent.leases():
                self._schedule(lease, self._clock.now())

    async def _send_due(self, stream: RenewalStream, sent: _Sent) -> None:
        try:
            async with asyncio.timeout(self._patience(self._due[0][2], stream) if self._due else None):
                for lease in self._take_due(_RENEWALS_PER_TTL_BY_RELAY if stream.is_relay else _RENEWALS_PER_TTL):
                    sent.add(_Renewal(lease, self._clock.now()))
                    await stream.send(lease.lease_id)
        except TimeoutError as exc:
            raise self._gave_up(stream) from exc

    def _take_due(self, renewals_per_ttl: int) -> Iterator[KeptLease]:
        """Once one is due, all that soon would be. Each is scheduled again."""
        if not self._due or self._due[0][0] > self._clock.now():
            return
        while self._due:
            moment, entry, lease = self._due[0]
            now = self._clock.now()
            if moment > now + lease.clock.ttl * _BATCH_SHARE:
                return
            heappop(self._due)
            if entry == lease.entry and self._leases.get(lease.lease_id) is lease:
                self._schedule(lease, now + lease.clock.ttl / renewals_per_ttl)
                yield lease

    async def _receive(self, stream: RenewalStream, sent: _Sent, backoff: Backoff) -> None:
        async for lease_id, ttl in stream:
            renewal = sent.answered(lease_id)
            self._given_up = 0
            backoff.reset()
            if renewal is None or self._leases.get(lease_id) is not renewal.lease:
                continue
            lease = renewal.lease
            # A relay answers with what it was told of a renewal of its own, which it may have sent before it got ours.
            sent_at = renewal.sent_before_at if stream.is_relay else renewal.sent_at
            if ttl <= 0:
                self._lose(lease, "etcd no longer knows it: it expired or was revoked")
            elif not lease.clock.renewed(ttl, sent_at=sent_at, now=self._clock.now()):
                self._lose(lease, _TOO_LATE.format(ttl=lease.clock.ttl))

    def _next_moment(self, stream: RenewalStream, sent: _Sent) -> float:
        due = self._due[0][0] if self._due else self._clock.now() + FAR
        return min(due, self._patient_until(stream, sent))

    def _patience(self, lease: KeptLease, stream: RenewalStream) -> float:
        """Seconds to wait for an answer. It grows once every member was tried, for a cluster that is merely slow."""
        members = len(self._store.endpoints)
        # A relay renews on its own schedule and answers when it has, up to a third of the TTL later.
        share = _PATIENCE_SHARE if members > 1 and not stream.is_relay else _LAST_PATIENCE_SHARE
        return min(lease.clock.ttl * share, self._store.timeout) * float(2 ** (self._given_up // members))

    def _patient_until(self, stream: RenewalStream, sent: _Sent) -> float:
        oldest = sent.oldest
        return float("inf") if oldest is None else oldest.sent_at + self._patience(oldest.lease, stream)

    def _check_patience(self, stream: RenewalStream, sent: _Sent) -> None:
        if self._clock.now() >= self._patient_until(stream, sent):
            raise self._gave_up(stream)

    def _gave_up(self, stream: RenewalStream) -> Unavailable:
        self._given_up += 1
        self._store.suspect(stream.endpoint)
        return Unavailable(f"{stream.endpoint} did not answer a renewal in time.", endpoint=stream.endpoint)
