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

    __slots__ = ("deadline", "ttl")

    # The mutable state is the deadline, which never moves back nor after it has passed, and the TTL.

    def __init__(self, ttl: float, *, remaining: float, sent_at: float) -> None:
        """
        Args:
            ttl: what a renewal gives, in seconds.
            remaining: what etcd said is left, in seconds; the whole TTL of a lease just granted.
            sent_at: when the request that told so was *sent*.
        """
        self.ttl = ttl
        self.deadline = sent_at + remaining - margin_for(ttl)

    def renewed(self, ttl: float, *, sent_at: float, now: float) -> bool:
        """etcd's answer to the renewal that was sent then, whether the lease lives. Answers may come in any order.

        What has been taken for dead stays dead, whatever an answer says that comes after the deadline: somebody may
        have acted on the loss already.
        """
        if now >= self.deadline:
            return False
        self.ttl = ttl
        self.deadline = max(self.deadline, sent_at + ttl - margin_for(ttl))
        return True

    def is_confirmed(self, now: float) -> bool:
        """Whether etcd has confirmed it within two thirds of the TTL; renewals are sent every third of it."""
        return now < self.deadline + margin_for(self.ttl) - self.ttl / 3

    def remaining(self, now: float) -> float:
        """Seconds until the deadline; 0 once it has passed."""
        return max(0.0, self.deadline - now)
