"""The transitions that a program has not read yet, in order, in bounded memory. No I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from .model import Transition

__all__ = ["UnreadTransitions"]


class UnreadTransitions:
    """A queue of transitions that forgets the oldest when nobody reads, and says so with ``gap=True``.

    Which elections are concerned is remembered for as many as there may be transitions. Beyond that all are taken to
    be concerned: then an election may say ``gap=True`` once more than it has to, and none says it too rarely.

    Attributes:
        limit: how many transitions are kept, and names of elections at most.
    """

    # The mutable state: the queue, and the elections of which something was forgotten, or once these were too many,
    # the ones that have said so since.

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._queue: deque[Transition] = deque()
        self._forgotten: set[str] = set()
        self._whole: set[str] | None = None

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, transitions: Iterable[Transition]) -> None:
        self._queue.extend(transitions)
        while len(self._queue) > self.limit:
            self._forget(self._queue.popleft().election)

    def take_all(self) -> list[Transition]:
        """All of them, the oldest first."""
        return [self.take() for _ in range(len(self._queue))]

    def take(self) -> Transition:
        """The oldest one; there must be one."""
        transition = self._queue.popleft()
        return transition._replace(gap=True) if self._owns_up(transition.election) else transition

    def _forget(self, election: str) -> None:
        if self._whole is not None:
            self._whole.discard(election)
        else:
            self._forgotten.add(election)
            if len(self._forgotten) > self.limit:
                self._forgotten.clear()
                self._whole = set()

    def _owns_up(self, election: str) -> bool:
        """Whether something of it was forgotten that it has not said yet, or may have been."""
        if self._whole is None:
            concerned = election in self._forgotten
            self._forgotten.discard(election)
            return concerned
        if election in self._whole:
            return False
        if len(self._whole) >= self.limit:
            self._whole.clear()
        self._whole.add(election)
        return True
