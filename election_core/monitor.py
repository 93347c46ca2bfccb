"""Watching every election under a prefix."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .core.directory import Directory, Oddity
from .core.model import Snapshot, Transition
from .core.names import text_to_name
from .core.state import ElectionState
from .errors import InvalidConfig
from .shell.runtime import Runtime
from .shell.subscription import Subscription
from .store import KeyRange

__all__ = ["Monitor"]

_AUDIT_EVERY = 300.0
"""Seconds; it costs a read of everything."""


class Monitor(Subscription):
    """Watches every election under a prefix; made by `Client.monitor`.

    An election is recognised by a candidate: a key whose last segment is its own lease id, as Go's client, etcdctl,
    Node's client and election_core write it. It stays in the mapping when it becomes vacant.

    Once revisions were missed, be it to a compaction or by a server that loses events, elections unknown so far may
    have had terms there. So the first transition of every election that is seen for the first time after that says
    ``gap=True``, however much later it is.

    Events for ``on``: ``"change"`` with every `Transition`; ``"disconnected"`` with the error, while it goes on
    trying; ``"connected"`` when that has helped; ``"error"`` with what ended it.

    Attributes:
        prefix: what is watched; ``""`` is the whole key space.
    """

    def __init__(self, runtime: Runtime, prefix: str) -> None:
        if not isinstance(prefix, str):
            raise InvalidConfig(f"The prefix must be text, such as 'election/'; got {prefix!r}.")
        keys = KeyRange.prefix(text_to_name(prefix))
        super().__init__(runtime, keys, f"the prefix {prefix!r}", audit_every=_AUDIT_EVERY, wide=True)
        self.prefix = prefix
        self._directory: Directory | None = None

    def _begin(self, snapshot: Snapshot) -> Directory:
        self._directory = Directory(self.prefix, snapshot)
        return self._directory

    def _tell(self, transition: Transition) -> None:
        self._callbacks.emit("change", transition)

    @property
    def elections(self) -> Mapping[str, ElectionState]:
        """Name → state, always current. Names are relative to the prefix's last slash. Read-only."""
        return MappingProxyType({}) if self._directory is None else self._directory.elections

    def take_changed(self) -> set[str]:
        """The elections that have changed, in their queue or otherwise, since this was last asked; all at first."""
        return set() if self._directory is None else self._directory.take_changed()

    def oddities(self) -> list[Oddity]:
        """The keys under the prefix that are no proper candidates, by key: strays without a lease, nested names,
        foreign keys. It looks at every key."""
        return [] if self._directory is None else self._directory.oddities()
