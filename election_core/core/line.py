"""One election as what a subscription follows: an `ElectionState` that begins with its first read. Pure."""

from __future__ import annotations

from collections.abc import Collection

from .loading import Loading
from .model import Revision, Snapshot, Transition
from .state import ElectionState

__all__ = ["Line"]


class Line:
    """The line of one election.

    Attributes:
        state: the line; empty before the first read.
    """

    def __init__(self, name: str) -> None:
        self.state = ElectionState(name)
        self._has_begun = False

    @property
    def revision(self) -> int:
        """The newest revision taken into account."""
        return self.state.revision

    def load(self, snapshot: Snapshot) -> Loading:
        """Take in a read: the first is the starting point, a later one is said to follow a gap."""
        yield from ()
        if self._has_begun:
            return self.state.reset(snapshot)
        self.state, self._has_begun = ElectionState(self.state.name, snapshot), True
        return []

    def apply(self, revision: Revision) -> list[Transition]:
        """See `ElectionState.apply`."""
        return self.state.apply(revision)

    def rewind(self) -> None:
        """See `ElectionState.rewind`."""
        self.state.rewind()

    def audit(self, snapshot: Snapshot, roots: Collection[bytes] | None = None) -> list[Transition]:
        """See `ElectionState.audit`; everything was read."""
        return self.state.audit(snapshot)
