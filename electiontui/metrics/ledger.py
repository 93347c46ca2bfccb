"""What is counted of the elections of a view, election by election, and for how long etcd was watched. Pure.

Time is counted while it is watched, and no other: what happened while nobody looked is neither vacancy nor leadership.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from election_core import Candidate, ElectionState, Transition

from .plan import Which

__all__ = ["FRESH", "Account", "Ledger"]

FRESH = 3.0
"""Seconds without a sign of life after which nobody knows whether the leaders lead."""
_FORGET_AFTER = timedelta(hours=1)
"""For how long an election is kept that has been vacant."""


class Account(NamedTuple):
    """One election."""

    leader: Candidate | None = None
    candidates: int = 0
    changes: int = 0
    """How many terms were seen to begin."""
    vacant: float = 0.0
    """Watched seconds without a leader, up to the beginning of the vacancy that lasts."""
    vacant_since: float | None = None
    """The watched seconds when it became vacant, while it is."""
    since: float | None = None
    """When the leader's term began, in Unix time, where that was seen."""

    def vacant_seconds(self, watched: float) -> float:
        """Watched seconds without a leader, in all, when so many seconds were watched."""
        return self.vacant + (0.0 if self.vacant_since is None else watched - self.vacant_since)


class Ledger:
    """Accounts of as many elections as are wanted, those first that were there first, and of several by name.

    Those that are named have one from the beginning and keep it, beside that number. The others lose theirs an hour
    after they became vacant, since etcd knows nothing of them any more; one that comes back begins anew.

    Attributes:
        accounts: by name; an account is replaced and never changed.
        cut: the elections that are there and have none.
        watched: seconds for which etcd was watched; it never goes back.
        gaps: transitions before which some may be missing.
    """

    # The mutable state: the attributes, up to when it was watched, and since when which elections are vacant, oldest
    # first.

    def __init__(self, which: Which, unix: Callable[[datetime], float]) -> None:
        """``unix``: what the wall clock showed at a moment, in Unix time."""
        self._fits, self._named, self._unix = which.fits, frozenset(which.named), unix
        self._room = which.most + len(self._named)
        self._until: datetime | None = None
        self.watched = 0.0
        self.gaps = 0
        self.begin_again()

    def begin_again(self) -> None:
        """Other elections are watched from now on; what is watched for how long goes on."""
        self.accounts: dict[str, Account] = {}
        self.cut: dict[str, None] = {}
        self._vacant: dict[str, datetime] = {}
        for name in sorted(self._named):
            self.accounts[name] = Account(vacant_since=self.watched)

    def seen(self, at: datetime) -> None:
        """All up to this moment (aware, UTC, on a clock that never steps) is known, or was missed for good."""
        passed = 0.0 if self._until is None else (at - self._until).total_seconds()
        if 0 < passed <= FRESH:
            self.watched += passed
        self._until = at if self._until is None else max(at, self._until)

    def count(self, transition: Transition) -> None:
        """The next transition of an election."""
        name, at = transition.election, transition.observed_at
        self.seen(at)
        account = self._account(name)
        if account is None:
            if transition.after is None:
                self.cut.pop(name, None)
            return
        self.gaps += transition.gap
        if transition.kind == "proclaimed":
            return
        account = self._led(name, account, transition.after, at)
        if transition.after is not None:
            account = account._replace(changes=account.changes + 1, since=None if transition.gap else self._unix(at))
        self.accounts[name] = account

    def renew(self, names: Iterable[str], elections: Mapping[str, ElectionState], now: datetime) -> None:
        """These elections have changed, their transitions are counted, and this is what they are now."""
        # In order, so that of too many the same ones have series whenever it is started.
        for name in sorted(names):
            self._renew(name, elections.get(name), now)
        self._forget(now)
        while self.cut and len(self.accounts) < self._room:
            name = next(iter(self.cut))
            del self.cut[name]
            self._renew(name, elections.get(name), now)

    def _renew(self, name: str, state: ElectionState | None, now: datetime) -> None:
        if state is None or (state.leader is None and name not in self.accounts):
            self._drop(name, now)
        elif (account := self._account(name)) is not None:
            account = self._led(name, account, state.leader, now)
            self.accounts[name] = account._replace(leader=state.leader, candidates=len(state))

    def _led(self, name: str, account: Account, leader: Candidate | None, at: datetime) -> Account:
        """The account of an election that is led by this one, or by nobody, from now on."""
        if leader is None and account.vacant_since is None:
            self._vacant[name] = at
            return account._replace(leader=None, candidates=0, vacant_since=self.watched, since=None)
        if leader is not None and account.vacant_since is not None:
            self._vacant.pop(name, None)
            return account._replace(vacant=account.vacant_seconds(self.watched), vacant_since=None)
        return account

    def _account(self, name: str) -> Account | None:
        """Its account, which begins here if there is room for it."""
        account = self.accounts.get(name)
        if account is None and self._fits(name):
            if len(self.accounts) >= self._room:
                self.cut[name] = None
            else:
                account = self.accounts[name] = Account()
        return account

    def _forget(self, now: datetime) -> None:
        """Drop those that have been vacant for long."""
        while self._vacant:
            name, since = next(iter(self._vacant.items()))
            if now - since < _FORGET_AFTER:
                return
            self._drop(name, now)

    def _drop(self, name: str, now: datetime) -> None:
        """It is gone."""
        if name in self._named:
            self.accounts[name] = self._led(name, self.accounts[name], None, now)
        else:
            self.accounts.pop(name, None)
        self._vacant.pop(name, None)
        self.cut.pop(name, None)
