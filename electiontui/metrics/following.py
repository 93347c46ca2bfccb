"""A ledger that follows a view in its loop, and is read from any other thread, whole, without waiting for that loop."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

from election_core import EndpointStatus, Monitor, Transition, utc_now

from ..sources import ClusterView
from .ledger import FRESH, Account, Ledger
from .plan import Which

__all__ = ["Following", "Picture"]


class Picture(NamedTuple):
    """What is known at one moment; the accounts are as of one revision of each prefix."""

    is_read: bool
    """Whether the elections of the view were read, and are those of the accounts."""
    accounts: Sequence[tuple[str, Account]]
    cut: int
    gaps: int
    watched: float
    staleness: float
    """Seconds since the view was last known to be current."""
    members: Sequence[EndpointStatus]

    @property
    def is_fresh(self) -> bool:
        """Whether what is known of the elections holds now."""
        return self.is_read and self.staleness <= FRESH


class Following:
    """Counts what a view takes in, from now on."""

    # The mutable state: the ledger, up to when the view was known to be current, and what it watched then, and by which
    # monitor. It is under the lock, which the loop holds while it counts, and readers while they copy references.

    def __init__(self, view: ClusterView, which: Which, base: str | None = None) -> None:
        """``base``: what the names are relative to that are meant and told; without, what the view's are."""
        self._view, self._base = view, base
        named = tuple(self._seen_as(name) for name in which.named)
        self._ledger = Ledger(Which(lambda name: which.fits(self._called(name)), named, which.most), self._unix)
        self._prefixes = view.prefixes
        self._known_at = utc_now()
        self._monitor: Monitor | None = None
        self._lock = Lock()
        view.followers.add(self._follow)

    def _called(self, name: str) -> str:
        """What an election of the view is called here."""
        return name if self._base is None else (self._view.base + name).removeprefix(self._base).rstrip("/")

    def _seen_as(self, name: str) -> str:
        """What an election that is called so is called in the view, whose prefix may be its own root."""
        return name if self._base is None else f"{self._base}{name}/".removeprefix(self._view.base).removesuffix("/")

    def _unix(self, at: datetime) -> float:
        return self._view.wall.local(at).timestamp()

    def _follow(self, transitions: Sequence[Transition], changed: Collection[str]) -> None:
        now = utc_now()
        with self._lock:
            self._monitor = monitor = self._view.monitor
            if self._view.prefixes != self._prefixes:
                self._prefixes = self._view.prefixes
                self._ledger.begin_again()
            for transition in transitions:
                self._ledger.count(transition)
            if monitor is not None:
                self._known_at = max(self._known_at, now - timedelta(seconds=monitor.staleness))
                self._ledger.seen(self._known_at)
            self._ledger.renew(changed, self._view.elections, now)

    def picture(self) -> Picture:
        """What is known now. From any thread; it grows old, and says so, where the loop stands still."""
        members, monitor = self._view.members.now, self._view.monitor
        with self._lock:
            ledger = self._ledger
            picture = Picture(
                is_read=monitor is not None and monitor is self._monitor,
                accounts=list(ledger.accounts.items()),
                cut=len(ledger.cut),
                gaps=ledger.gaps,
                watched=ledger.watched,
                staleness=max((utc_now() - self._known_at).total_seconds(), 0.0),
                members=members,
            )
        if self._base is None:
            return picture
        return picture._replace(accounts=[(self._called(name), account) for name, account in picture.accounts])
