"""What a subscription has seen, and what its reader has not read of it yet. No I/O and no event loop."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from typing import NamedTuple, Protocol

from ..errors import ElectionError
from .loading import Loading
from .model import Revision, Snapshot, Transition
from .unread import UnreadTransitions

__all__ = ["Hooks", "Seen", "StateMachine"]


class StateMachine(Protocol):
    """Whole revisions in, transitions out."""

    @property
    def revision(self) -> int: ...

    def apply(self, revision: Revision) -> list[Transition]: ...

    def rewind(self) -> None: ...

    def load(self, snapshot: Snapshot) -> Loading: ...

    def audit(self, snapshot: Snapshot, roots: Collection[bytes] | None = None) -> list[Transition]: ...


class Hooks(NamedTuple):
    """What is told, at once. None of them may raise."""

    changed: Callable[[list[Transition]], None]
    """Some transitions, never none."""
    connected: Callable[[], None]
    """The watch is up."""
    disconnected: Callable[[ElectionError], None]
    """The watch was up and broke."""
    advanced: Callable[[], None]
    """The first read, or one afresh, gets on."""
    lost: Callable[[], None]
    """An audit has found that events were lost."""


class Seen:
    """The sink of a subscription's feed.

    Attributes:
        has_begun: whether there was a first read.
        connected_now: whether the watch is up, as far as known.
        last_error: what broke the connection last, or ``None`` while it is up.
    """

    # The mutable state: the attributes, and the state machine.

    def __init__(self, machine: StateMachine, unread: UnreadTransitions, hooks: Hooks) -> None:
        """``unread``: where transitions go; several may share one."""
        self._machine, self._unread, self._hooks = machine, unread, hooks
        self.has_begun = False
        self.connected_now = False
        self.last_error: ElectionError | None = None

    @property
    def revision(self) -> int:
        """The newest revision that is taken into account; 0 before the first read."""
        return self._machine.revision if self.has_begun else 0

    def rewind(self) -> None:
        self._machine.rewind()

    def reset(self, snapshot: Snapshot) -> Generator[None, None, None]:
        loading = self._machine.load(snapshot)
        while True:
            try:
                next(loading)
            except StopIteration as done:
                transitions: list[Transition] = done.value
                break
            self._hooks.advanced()
            yield
        self.has_begun = True
        self._take(transitions)

    def apply(self, revision: Revision) -> None:
        self._take(self._machine.apply(revision))

    def audit(self, snapshot: Snapshot, roots: Collection[bytes] | None) -> None:
        transitions = self._machine.audit(snapshot, roots)
        if transitions:
            self._hooks.lost()
        self._take(transitions)

    def connected(self) -> None:
        self.connected_now, self.last_error = True, None
        self._hooks.connected()

    def disconnected(self, error: ElectionError) -> None:
        was_up, self.connected_now = self.connected_now, False
        self.last_error = error
        if was_up:
            self._hooks.disconnected(error)

    def end(self, error: ElectionError | None) -> None:
        """The feed has ended, by an error or because nobody wanted more."""
        self.connected_now = False
        self.last_error = error or self.last_error

    def _take(self, transitions: list[Transition]) -> None:
        if transitions:
            self._unread.put(transitions)
            self._hooks.changed(transitions)
