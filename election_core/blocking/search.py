"""Looking for elections, for threads."""

from __future__ import annotations

from typing import Self

from ..client import Client as AsyncClient
from ..core.model import Candidate
from .open import Open

__all__ = ["ElectionSearch"]


class ElectionSearch:
    """Iterates over what holds elections, as ``(name, candidates)``; made by `Client.find_elections`."""

    def __init__(self, open_: Open, client: AsyncClient, prefix: str) -> None:
        self._open, self._inner = open_, client.find_elections(prefix)

    @property
    def seen(self) -> int:
        """How many keys were looked at so far."""
        return self._inner.seen

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> tuple[str, tuple[Candidate, ...]]:
        """The next election with its candidates, the leader first.

        Raises:
            Unavailable: no member answered in time; going on takes up where it was.
            AuthenticationFailed: the user may not read the keys.
        """
        found = self._open.background.run(self._next)
        if found is None:
            raise StopIteration
        return found

    async def _next(self) -> tuple[str, tuple[Candidate, ...]] | None:
        # A StopAsyncIteration cannot be raised out of a task.
        return await anext(self._inner, None)
