"""How much is sent to front ends that have not said that they are there. Pure.

A Jupyter server keeps what is sent to a notebook whose tab is closed, all of it, for as long as the kernel runs.
"""

from __future__ import annotations

from collections import deque

__all__ = ["Allowance"]

_MESSAGE = 1_000
"""Bytes that a message takes beside its content."""


class Allowance:
    """What may be sent before something is acknowledged.

    While nothing is, pauses grow with the time since the last acknowledgement, so that ever less is sent.
    """

    # The mutable state: the sizes of what is under way, by number, their sum, and when something was heard last.

    def __init__(self, now: float, *, most: int, longest: float, slower: float) -> None:
        """
        Args:
            now: seconds on any clock that never steps, as in the methods.
            most: bytes that may be under way.
            longest: seconds after the last acknowledgement from which on nothing more is sent.
            slower: the pause between two messages is at least the time since the last acknowledgement by this.
        """
        self._most, self._longest, self._slower = most, longest, slower
        self._under_way: deque[tuple[int, int]] = deque()
        self._bytes = 0
        self._heard = self._sent_at = now

    @property
    def under_way(self) -> int:
        """Bytes that were sent and not acknowledged."""
        return self._bytes

    def sent(self, number: int, size: int, now: float) -> None:
        """A message was sent; numbers grow."""
        self._under_way.append((number, size + _MESSAGE))
        self._bytes += size + _MESSAGE
        self._sent_at = now

    def heard(self, number: int, now: float) -> None:
        """A front end is there and has everything up to a number."""
        self._heard = now
        while self._under_way and self._under_way[0][0] <= number:
            self._bytes -= self._under_way.popleft()[1]

    def is_spent(self, now: float) -> bool:
        """Whether nothing more is sent until something is heard."""
        return self._bytes >= self._most or (bool(self._under_way) and now - self._heard >= self._longest)

    def may_send(self, now: float) -> bool:
        """Whether a message may be sent now."""
        waited = (now - self._heard) / self._slower if self._under_way else 0.0
        return not self.is_spent(now) and now - self._sent_at >= waited
