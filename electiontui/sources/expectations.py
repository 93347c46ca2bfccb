"""Transitions that somebody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from election_core import Transition

__all__ = ["Expectations"]


class Expectations:
    """Whoever acts says what it expects to see, acts, and then waits for it."""

    # The mutable state: what is expected, and the futures that are to be told.

    def __init__(self) -> None:
        self._expected: list[tuple[Callable[[Transition], bool], asyncio.Future[Transition]]] = []

    @contextmanager
    def expect(self, matches: Callable[[Transition], bool]) -> Iterator[asyncio.Future[Transition]]:
        """A future of the first matching transition from now on; it is cancelled on the way out."""
        future: asyncio.Future[Transition] = asyncio.get_running_loop().create_future()
        entry = (matches, future)
        self._expected.append(entry)
        try:
            yield future
        finally:
            self._expected.remove(entry)
            future.cancel()

    def tell(self, transition: Transition) -> None:
        """This was seen."""
        for matches, future in self._expected:
            if not future.done() and matches(transition):
                future.set_result(transition)
