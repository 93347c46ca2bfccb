"""What a subscription has seen, and what its reader has not read of it yet. No I/O and no event loop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple, Protocol

from ..core.model import Revision, Snapshot, Transition
from ..core.unread import UnreadTransitions
from ..errors import ElectionError

__all__ = ["Hooks", "Seen", "StateMachine"]

_log = logging.getLogger("election_core.feed")

_KEPT_UNTIL_READ = 1_000
_KEPT = 100_000


class StateMachine(Protocol):
    """Whole revisions in, transitions out."""

    revision: int

    def apply(self, revision: Revision) -> list[Transition]: ...

    def rewind(self) -> None: ...

    def reset(self, snapshot: Snapshot) -> list[Transition]: ...

    def audit(self, snapshot: Snapshot) -> list[Transition]: ...


class Hooks(NamedTuple):
    """What is told, at once. None of them may raise."""

    changed: Callable[[list[Transition]], None]
    """Some transitions, never none."""
    connected: Callable[[bool], None]
    """The watch is up; whether it had been up before."""
    disconnected: Callable[[ElectionError], None]
    """The watch was up and broke."""


class Seen:
    """The sink of a subscription's feed.

    Attributes:
        unread: the transitions that nobody has read yet.
        connected_now: whether the watch is up, as far as known.
        last_error: what broke the connection last, or ``None`` while it is up.
    """

    # The mutable state: the attributes, the state machine once there was a first read, and whether the watch was ever
    # up.

    def __init__(self, what: str, begin: Callable[[Snapshot], StateMachine], hooks: Hooks) -> None:
        """``begin`` makes the state machine from the first read."""
        self._what, self._begin, self._hooks = what, begin, hooks
        self._machine: StateMachine | None = None
        self._was_up = False
        self.unread = UnreadTransitions(_KEPT_UNTIL_READ)
        self.connected_now = False
        self.last_error: ElectionError | None = None

    @property
    def has_begun(self) -> bool:
        """Whether there was a first read."""
        return self._machine is not None

    @property
    def revision(self) -> int:
        """The newest revision that is taken into account; 0 before the first read."""
        return 0 if self._machine is None else self._machine.revision

    def expect_reader(self) -> None:
        """Keep more from now on, since somebody reads."""
        self.unread.limit = _KEPT

    def rewind(self) -> None:
        if self._machine is not None:
            self._machine.rewind()

    def reset(self, snapshot: Snapshot) -> None:
        if self._machine is None:
            self._machine = self._begin(snapshot)
        else:
            self._take(self._machine.reset(snapshot))

    def apply(self, revision: Revision) -> None:
        assert self._machine is not None
        self._take(self._machine.apply(revision))

    def audit(self, snapshot: Snapshot) -> None:
        assert self._machine is not None
        transitions = self._machine.audit(snapshot)
        if transitions:
            _log.warning("%s: etcd has lost events; transitions may be missing", self._what)
        self._take(transitions)

    def connected(self) -> None:
        again, self._was_up = self._was_up, True
        self.connected_now, self.last_error = True, None
        self._hooks.connected(again)

    def disconnected(self, error: ElectionError) -> None:
        was_up, self.connected_now = self.connected_now, False
        self.last_error = error
        if was_up:
            _log.warning("%s: disconnected, trying again: %s", self._what, error)
            self._hooks.disconnected(error)

    def end(self, error: ElectionError | None) -> None:
        """The feed has ended, by an error or because nobody wanted more."""
        self.connected_now = False
        self.last_error = error or self.last_error

    def _take(self, transitions: list[Transition]) -> None:
        if transitions:
            self.unread.put(transitions)
            self._hooks.changed(transitions)
