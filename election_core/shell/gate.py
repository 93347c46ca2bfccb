"""A gate that lets so many through at a time, in the order in which they came.

Calls are bounded from when they are made, so thousands that are made at once would be late before their turn had come.
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType

from ..errors import ElectionError, Unavailable

__all__ = ["Gate", "Turn"]


class Gate:
    """Has room for so many."""

    # The mutable state: how many more may enter, and who waits.

    def __init__(self, room: int) -> None:
        self._room = room
        self._waiting: deque[Turn] = deque()

    def turn(self) -> Turn:
        """Stand in line: ``async with gate.turn()`` is entered when it is one's turn."""
        return Turn(self)

    def enter(self, turn: Turn) -> bool:
        """Whether there was room."""
        if self._room and not self._waiting:
            self._room -= 1
            return True
        self._waiting.append(turn)
        return False

    def leave(self) -> None:
        """One that was inside is out."""
        self._room += 1
        while self._room and self._waiting:
            if self._waiting.popleft().let_in():
                self._room -= 1

    def fail(self, error: Unavailable) -> None:
        """No etcd has answered somebody inside: who waits would only wait longer for the same."""
        waiting, self._waiting = self._waiting, deque()
        for turn in waiting:
            turn.give_up(error)


class Turn:
    """Somebody's turn. Cancelling it while it waits is safe."""

    # The mutable state: what it waits for, while it does.

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._called: asyncio.Future[None] | None = None

    def let_in(self) -> bool:
        """Whether it still wants to."""
        if self._called is None or self._called.done():
            return False
        self._called.set_result(None)
        return True

    def give_up(self, error: ElectionError) -> None:
        """Raise an error where it waits; it does nothing to who is inside."""
        if self._called is not None and not self._called.done():
            self._called.set_exception(error.fresh())

    async def __aenter__(self) -> None:
        if self._gate.enter(self):
            return
        self._called = asyncio.get_running_loop().create_future()
        try:
            await self._called
        except asyncio.CancelledError:
            if self._called.done() and not self._called.cancelled() and self._called.exception() is None:
                self._gate.leave()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(exc, Unavailable):
            self._gate.fail(exc)
        self._gate.leave()
