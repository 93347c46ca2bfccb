"""Watchers on the server that were asked for and are not there yet, in the order in which they will be answered."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from ..store import KeyRange
from .watch import EtcdWatch
from .watch_ids import WatchIds
from .wire import watch_request

__all__ = ["Creation", "Creations"]


class Creation(NamedTuple):
    """One range of keys of a watch, and the id that was chosen for it."""

    watch: EtcdWatch
    watch_id: int
    request: Any


class Creations:
    """Those of one call."""

    # The mutable state: what is still to be sent, and what was sent and not answered.

    def __init__(self, ids: WatchIds, send: Callable[[Any], None]) -> None:
        self._ids, self._send = ids, send
        self._unsent: deque[Creation] = deque()
        self._unanswered: deque[Creation] = deque()

    def __bool__(self) -> bool:
        return bool(self._unsent or self._unanswered)

    def ask(self, watch: EtcdWatch, keys: Sequence[KeyRange], start_revision: int, deletes_only: bool) -> None:
        for part in keys:
            watch_id = self._ids.choose()
            request = watch_request(part, watch_id, start_revision, deletes_only)
            self._unsent.append(Creation(watch, watch_id, request))
        self.send()

    def send(self) -> None:
        """Send all that may be sent; what nobody wants any more is left out."""
        while self._unsent and (self._ids.are_ours or not self._unanswered):
            creation = self._unsent.popleft()
            if not creation.watch.is_over:
                self._unanswered.append(creation)
                self._send(creation.request)

    def answered(self) -> Creation | None:
        """What an answer belongs to, which was the next one; ``None`` where nothing was asked."""
        return self._unanswered.popleft() if self._unanswered else None

    def unanswered(self) -> set[EtcdWatch]:
        """The watches that the server is creating."""
        return {creation.watch for creation in self._unanswered}

    def watches(self) -> Iterator[EtcdWatch]:
        """Those that something is still to be created for."""
        return (creation.watch for creation in (*self._unanswered, *self._unsent))
