"""Observers and monitors for threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from types import TracebackType
from typing import Generic, Self, TypeVar, overload

from ..core.model import Candidate, Transition
from ..core.oddities import Oddity
from ..core.state import ElectionState
from ..core.term_log import TermLog
from ..errors import ElectionError
from ..monitor import Monitor as AsyncMonitor
from ..observer import ElectionObserver as AsyncObserver
from .dispatcher import Callback
from .elections import Elections
from .open import Open

__all__ = ["ElectionObserver", "Monitor", "Subscription"]

T = TypeVar("T")
Inner = TypeVar("Inner", bound=AsyncObserver | AsyncMonitor)


class Subscription(Generic[Inner]):
    """Watches the keys under a prefix from ``with`` until `cancel`.

    Iterating it gives every transition since then, in revision order, and waits for the next one; use one iteration
    at a time. As many as 100,000 are kept for a reader that is slow, 1,000 until the first one reads: older ones are
    forgotten, and the election's next one says ``gap=True``. The iteration ends with `cancel`, from any thread, and
    raises what ended the watching.
    """

    def __init__(self, open_: Open, inner: Inner) -> None:
        self._open, self._inner = open_, inner

    def __repr__(self) -> str:
        return f"<blocking {self._inner!r}>"

    @property
    def _now(self) -> Inner:
        self._open.background.check()
        return self._inner

    @property
    def connected(self) -> bool:
        """Whether the watch is up, as far as known."""
        return self._now.connected

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._now.closed

    @property
    def last_error(self) -> ElectionError | None:
        """What broke the connection last, or ``None``."""
        return self._now.last_error

    @property
    def revision(self) -> int:
        """The newest revision that is taken into account; 0 before the first read."""
        return self._now.revision

    @property
    def staleness(self) -> float:
        """Seconds since the view was last known to be current; a quiet etcd is asked once per second."""
        return self._now.staleness

    def cancel(self) -> None:
        """Stop watching; iterations, in any thread, end after what was not read yet."""
        self._open.background.run(self._inner.cancel)

    def close(self) -> None:
        """The same as `cancel`."""
        self.cancel()

    def take_unread(self) -> list[Transition]:
        """What an iteration would give without waiting, for a program that looks when it has the time.

        What ends the watching is not raised here; see `closed`, `last_error` and the event ``"error"``.
        """
        return self._open.background.ask(self._inner.take_unread)

    def on(self, event: str, callback: Callback) -> Callable[[], None]:
        """Call ``callback`` at every such event from now on, in the client's thread for callbacks.

        It may call any method here. Where callbacks are slow the newest 10,000 events wait for them; iterate in order
        to miss none. Returns a function that removes it; removing it twice does no harm.

        Raises:
            InvalidConfig: there is no such event, or the callback is no plain function.
        """
        return self._open.listen(self._inner, event, callback)

    def __enter__(self) -> Self:
        self._open.background.run(self._inner.__aenter__, undo=lambda _: self._inner.cancel())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()

    def __iter__(self) -> Iterator[Transition]:
        self._open.background.ask(self._inner.__aiter__)
        return self

    def __next__(self) -> Transition:
        """The next transition, waiting for it."""
        return self._open.background.next_of(self._inner)


class ElectionObserver(Subscription[AsyncObserver]):
    """Watches one election's leadership; made by `Election.observe`.

    Events for ``on``: ``"change"`` with what the leader proclaims as text, or ``None`` for a vacancy, at every
    transition, also if a successor proclaims the same; ``"disconnected"`` with the error, while it goes on trying;
    ``"connected"`` when that has helped; ``"error"`` with what ended it.
    """

    @property
    def has_leader(self) -> bool:
        """Whether somebody leads, as far as seen."""
        return self._now.has_leader

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Everybody in line, the leader first, as far as seen."""
        return self._open.background.ask(lambda: self._inner.candidates)

    @overload
    def leader(self, encoding: str = "utf-8") -> str | None: ...

    @overload
    def leader(self, encoding: None) -> bytes | None: ...

    def leader(self, encoding: str | None = "utf-8") -> str | bytes | None:
        """What the leader proclaims, as far as seen, or ``None`` when nobody leads.

        Args:
            encoding: of the text; bytes that do not fit it are shown as ``\\\\xff``. ``None`` gives the bytes.
        """
        return self._open.background.ask(lambda: self._inner.leader(encoding))


class Monitor(Subscription[AsyncMonitor]):
    """Watches every election under a prefix; made by `Client.monitor`.

    What it recognises, and its events for ``on``, are those of `election_core.Monitor`.

    Attributes:
        prefix: what is watched; ``""`` is the whole key space.
    """

    def __init__(self, open_: Open, inner: AsyncMonitor) -> None:
        super().__init__(open_, inner)
        self.prefix = inner.prefix

    def _repr_html_(self) -> str:
        return self.read(lambda inner: inner._repr_html_())

    def read(self, question: Callable[[AsyncMonitor], T]) -> T:
        """What a plain function says of the monitor in the client's loop, where nothing else changes meanwhile.

        It holds up every renewal for as long as it takes, and must copy what is to stay as it is: ``copy.copy`` of a
        state or a log costs little.
        """
        return self._open.background.ask(lambda: question(self._inner))

    @property
    def elections(self) -> Mapping[str, ElectionState]:
        """Name → state, always current; each state that is taken from it is a copy, which stays as it is."""
        return Elections(self._open.background, self._inner.elections)

    @property
    def strays(self) -> Mapping[str, ElectionState]:
        """Name → the keys that would block an election in which nobody campaigns; copies, as of `elections`."""
        return Elections(self._open.background, self._inner.strays)

    def log(self, name: str) -> TermLog:
        """Who led an election when, as far as this monitor has seen; a copy, which stays as it is."""
        return self._open.background.ask(lambda: copy(self._inner.log(name)))

    def take_changed(self) -> set[str]:
        """The elections that have changed, in their queue or otherwise, since this was last asked; all at first."""
        return self._open.background.ask(self._inner.take_changed)

    def oddities(self) -> list[Oddity]:
        """The keys under the prefix that are no proper candidates, by key. It looks at every key."""
        return self._open.background.ask(self._inner.oddities)
