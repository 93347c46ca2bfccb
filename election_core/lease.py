"""The lease clock: until when a lease certainly lives. Pure: every time is an argument.

A renewal reaches etcd after it was sent, so etcd cannot expire the lease before *sent* + granted TTL, however late
the reply is. Counting from the reply, as other clients do, promises time that etcd never gave.
All times are seconds on one clock that runs through suspend; only differences matter.
"""

from __future__ import annotations

__all__ = ["LeaseClock", "margin_for"]

_MARGIN_SHARE = 0.1
_MARGIN_MAX = 1.0


def margin_for(ttl: float) -> float:
    """Seconds before etcd's earliest expiry at which a lease counts as dead.

    It pays for the difference between two clocks' rates and for the time until the loss has been acted on:
    a tenth of the TTL, a second at most.
    """
    return min(ttl * _MARGIN_SHARE, _MARGIN_MAX)


class LeaseClock:
    """Deadline of one lease, pushed back by every answered renewal.

    Attributes:
        ttl: granted time to live in seconds, as last told by etcd.
        deadline: the moment from which the lease must be taken for dead.
    """

    __slots__ = ("_sent", "deadline", "ttl")

    # The mutable state is the deadline and the send times of renewals that no reply has answered yet.

    def __init__(self, ttl: float, *, granted_at: float) -> None:
        """``granted_at``: when the request that granted or last proved the lease was *sent*."""
        self.ttl = ttl
        self.deadline = granted_at + ttl - margin_for(ttl)
        self._sent: list[float] = []

    def sent(self, now: float) -> None:
        """A renewal goes out now."""
        self._sent.append(now)

    def answered(self, ttl: float) -> None:
        """A reply came: it answers the oldest renewal that is still open, since replies keep their order."""
        if self._sent:
            sent_at = self._sent.pop(0)
            self.ttl = ttl
            self.deadline = max(self.deadline, sent_at + ttl - margin_for(ttl))

    def unanswered_since(self) -> float | None:
        """When the oldest open renewal was sent, or ``None`` when all are answered."""
        return self._sent[0] if self._sent else None

    def forget_sent(self) -> None:
        """The stream broke: replies to what was sent on it never come."""
        self._sent.clear()

    def remaining(self, now: float) -> float:
        """Seconds until the deadline; 0 once it has passed, and then for ever 0 unless renewed."""
        return max(0.0, self.deadline - now)
