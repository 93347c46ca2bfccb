"""What is to be told of what is seen. Rule 1: all of it is decided here. Rule 2: it knows no clock. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .rules import Alert, Rule

__all__ = ["MOST", "Engine"]

MOST = 20_000
"""Pairs of a rule and an election that are followed at a time; of more, the later ones are left out and counted."""

_REMEMBERED = 20_000
"""Elections of which it is remembered which rules are about them."""


@dataclass(slots=True)
class _Case:
    """One rule in one election, from when it begins to be so until it is over and done with."""

    since: float
    leader: bytes | None
    is_so: bool = True
    over_since: float = 0.0
    is_raised: bool = False


class Engine:
    """Told what is seen, in order of time, it says what is to be told.

    Whatever happens, an alert of one rule in one election is raised once, then over, then raised again, and between two
    raisings lies the rule's hold time. Time that nobody watched counts for nothing.

    Attributes:
        left_out: how often something was not followed since there was too much of it.
    """

    # The mutable state: the cases, when leaders were new for the rules that count them, what of an election was seen
    # last where a rule counts it, and since when nobody watches.

    def __init__(self, rules: Sequence[Rule], most: int = MOST) -> None:
        self.rules, self._most = tuple(rules), most
        # Fifty rules with patterns take a tenth of a millisecond, which is much for each change where many flap.
        self._covering = lru_cache(_REMEMBERED)(self._find_covering)
        self._cases: dict[tuple[int, str], _Case] = {}
        self._changes: dict[tuple[int, str], deque[float]] = {}
        self._lost_at: float | None = None
        self.left_out = 0

    def raised(self, now: float) -> tuple[int, Alert | None]:
        """How many alerts are raised and not over, and the oldest of them as it is now."""
        raised = [(case.since, at) for at, case in self._cases.items() if case.is_raised]
        if not raised:
            return 0, None
        since, (index, name) = min(raised)
        return len(raised), Alert(self.rules[index], name, True, since, now, self._cases[index, name].leader)

    def __len__(self) -> int:
        """How many pairs of a rule and an election are followed; never more than ``most`` and the elections named."""
        return len(self._cases.keys() | self._changes.keys())

    def see(
        self, election: str, leader: bytes | None, candidates: int, now: float, *, is_new: bool = False
    ) -> list[Alert]:
        """An election as it is now.

        Args:
            election: its name.
            leader: what the leader proclaims; ``None`` where nobody leads.
            candidates: how many there are, the leader among them.
            now: seconds since 1970.
            is_new: whether somebody became leader at this moment.
        """
        # What is seen was watched: the first news after a loss come before anybody says that it is over.
        self.found(now)
        found: list[Alert] = []
        for index, rule in self._covering(election):
            at = index, election
            if rule.when == "changes":
                is_so = self._count(at, rule, now, is_new)
            elif rule.when == "leader-changed":
                if is_new:
                    found += self._judge(at, True, leader, now)
                is_so = False
            else:
                is_so = rule.holds(leader, candidates)
            found += self._judge(at, is_so, leader, now)
        return found

    def tick(self, now: float) -> list[Alert]:
        """What time alone has brought about; call it about once per second."""
        if self._lost_at is not None:
            return []
        found: list[Alert] = []
        for at, times in list(self._changes.items()):
            ended_at = times[0] + self.rules[at[0]].within
            if at in self._cases and self._cases[at].is_so and ended_at <= now:
                self._end(self._cases[at], ended_at)
            if times[-1] + self.rules[at[0]].within <= now:
                del self._changes[at]
        for at, case in list(self._cases.items()):
            found += self._tell(at, case, now)
        return found

    def forget(self, elections: Iterable[str], now: float) -> list[Alert]:
        """The monitor keeps these no longer, since they were vacant for long: only those that are named are missed."""
        found: list[Alert] = []
        for name in elections:
            for index, rule in enumerate(self.rules):
                self._changes.pop((index, name), None)
                if name in rule.named:
                    continue
                case = self._cases.pop((index, name), None)
                if case is not None and case.is_raised:
                    found.append(Alert(rule, name, False, case.since, now, None))
        return found

    def lost(self, now: float) -> None:
        """From now on nobody watches."""
        if self._lost_at is None:
            self._lost_at = now

    def found(self, now: float) -> None:
        """It is watched again; what was waited for takes so much longer."""
        if self._lost_at is None:
            return
        unwatched, self._lost_at = max(now - self._lost_at, 0.0), None
        for case in self._cases.values():
            case.over_since += unwatched
            if not case.is_raised:
                case.since += unwatched

    def _find_covering(self, election: str) -> tuple[tuple[int, Rule], ...]:
        return tuple((index, rule) for index, rule in enumerate(self.rules) if rule.covers(election))

    def _count(self, at: tuple[int, str], rule: Rule, now: float, is_new: bool) -> bool:
        times = self._changes.get(at)
        if is_new:
            if times is None:
                if not self._has_room(at):
                    return False
                times = self._changes[at] = deque(maxlen=rule.more_than + 1)
            times.append(now)
        return times is not None and len(times) > rule.more_than and times[0] + rule.within > now

    def _judge(self, at: tuple[int, str], is_so: bool, leader: bytes | None, now: float) -> list[Alert]:
        case = self._cases.get(at)
        if case is None:
            if not is_so or not self._has_room(at):
                return []
            case = self._cases[at] = _Case(now, leader)
        case.leader = leader
        if case.is_so and not is_so:
            self._end(case, now)
        case.is_so = is_so
        return self._tell(at, case, now)

    @staticmethod
    def _end(case: _Case, now: float) -> None:
        case.is_so, case.over_since = False, now

    def _tell(self, at: tuple[int, str], case: _Case, now: float) -> list[Alert]:
        index, name = at
        rule = self.rules[index]
        if case.is_raised and not case.is_so and now - case.over_since >= rule.hold:
            del self._cases[at]
            return [Alert(rule, name, False, case.since, now, case.leader)]
        if not case.is_raised and not case.is_so:
            del self._cases[at]
        elif not case.is_raised and now - case.since >= rule.longer_than:
            case.is_raised = True
            return [Alert(rule, name, True, case.since, now, case.leader)]
        return []

    def _has_room(self, at: tuple[int, str]) -> bool:
        if at in self._cases or at in self._changes or len(self._cases) + len(self._changes) < self._most:
            return True
        self.left_out += 1
        return False
