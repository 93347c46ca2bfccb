"""The transitions that a program has not read yet, in order, in bounded memory. No I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from .model import Transition

__all__ = ["UnreadTransitions"]


class UnreadTransitions:
    """A queue of transitions that forgets the oldest when nobody reads, and says so with ``gap=True``.

    Attributes:
        limit: how many are kept.
    """

    # The mutable state: the queue, and the elections of which something was forgotten.

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._queue: deque[Transition] = deque()
        self._forgotten: set[str] = set()

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, transitions: Iterable[Transition]) -> None:
        self._queue.extend(transitions)
        while len(self._queue) > self.limit:
            self._forgotten.add(self._queue.popleft().election)

    def take_all(self) -> list[Transition]:
        """All of them, the oldest first."""
        return [self.take() for _ in range(len(self._queue))]

    def take(self) -> Transition:
        """The oldest one; there must be one."""
        transition = self._queue.popleft()
        if transition.election in self._forgotten:
            self._forgotten.discard(transition.election)
            return transition._replace(gap=True)
        return transition
