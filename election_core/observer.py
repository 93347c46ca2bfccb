"""Watching who leads one election."""

from __future__ import annotations

from typing import overload

from .core.line import Line
from .core.model import Candidate, Transition
from .core.names import value_as
from .shell.reading import LineReads
from .shell.runtime import Runtime
from .shell.subscription import Followed, Subscription
from .store import KeyRange

__all__ = ["ElectionObserver"]

_AUDIT_EVERY = 60.0
"""Seconds; it costs a read of the keys in line."""


class ElectionObserver(Subscription):
    """Watches one election's leadership; made by `Election.observe`.

    Events for ``on``: ``"change"`` with what the leader proclaims as text, or ``None`` for a vacancy, at every
    transition, also if a successor proclaims the same; ``"disconnected"`` with the error, while it goes on trying;
    ``"connected"`` when that has helped; ``"error"`` with what ended it.
    """

    def __init__(self, runtime: Runtime, name: str, root: bytes) -> None:
        what = f"the election {name!r}"
        self._line, keys = Line(name), KeyRange.prefix(root)
        reads = LineReads(runtime.store, keys, lambda: self._line.state)
        super().__init__(runtime, what, [Followed(keys, self._line, reads)], audit_every=_AUDIT_EVERY)

    def _tell(self, transition: Transition) -> None:
        after = transition.after
        self._callbacks.emit("change", None if after is None else value_as(after.value, "utf-8"))

    @property
    def has_leader(self) -> bool:
        """Whether somebody leads, as far as seen."""
        return self._line.state.leader is not None

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Everybody in line, the leader first, as far as seen."""
        return self._line.state.queue

    @overload
    def leader(self, encoding: str = "utf-8") -> str | None: ...

    @overload
    def leader(self, encoding: None) -> bytes | None: ...

    def leader(self, encoding: str | None = "utf-8") -> str | bytes | None:
        """What the leader proclaims, as far as seen, or ``None`` when nobody leads.

        Args:
            encoding: of the text; bytes that do not fit it are shown as ``\\\\xff``. ``None`` gives the bytes.
        """
        leader = self._line.state.leader
        return None if leader is None else value_as(leader.value, encoding)
