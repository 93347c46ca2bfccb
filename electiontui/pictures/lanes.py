"""Who led when, as lanes: one per leader or candidate, one for vacancies; and where each lane stands. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from election_core import Candidate, Term, TermLog

from ..text import safe
from .colours import Shade, shade_of

__all__ = ["VACANT", "Identity", "Lane", "Places", "Window", "lanes_of", "term_at"]

VACANT = "vacant"
LABEL_CELLS = 24
_PLACES = 64
"""Lanes whose places are remembered, beside those that have something to show."""
_EMPTY = 6
"""Lanes that stay although they have nothing to show any more, lest those below move up."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time on a number of columns."""

    until: datetime
    span: timedelta
    columns: int

    @property
    def since(self) -> datetime:
        return self.until - self.span

    @property
    def cell(self) -> timedelta:
        """The time that one column stands for."""
        return self.span / self.columns

    def column(self, at: datetime) -> float:
        """Where a moment lies, 0 at the left edge; outside of the window it is outside of the columns."""
        return (at - self.since) / self.span * self.columns

    def moment(self, column: float) -> datetime:
        """The moment at a column."""
        return self.since + self.span * (column / self.columns)


class Identity(NamedTuple):
    """Who a lane belongs to; what a leader proclaims while it leads does not change it."""

    value: bytes
    """What it proclaimed when it began to lead, or while it waits."""
    lease_id: int = 0
    """Tells apart those of one value that were in the queue at the same time; 0 where there was only one."""


@dataclass(slots=True)
class Lane:
    """One row of the timeline."""

    identity: Identity | None
    """``None``: the vacancies."""
    leads: bool = False
    waits: bool = False
    terms: list[Term] = field(default_factory=list)
    """Terms within the window, oldest first."""

    @property
    def vacant(self) -> bool:
        return self.identity is None

    @property
    def label(self) -> str:
        """Harmless, at most some 30 cells."""
        if self.identity is None:
            return VACANT
        name = safe(self.identity.value, LABEL_CELLS) or "(empty)"
        return f"{name}·{self.identity.lease_id & 0xFFFF:04x}" if self.identity.lease_id else name

    @property
    def shade(self) -> Shade | None:
        """How it is drawn everywhere; ``None`` for vacancies."""
        return None if self.identity is None else shade_of(self.identity.value)

    @property
    def mark(self) -> str:
        """Two characters before the label: who leads now, or that nobody does."""
        return "  " if not self.leads else "○ " if self.vacant else "★ "


class Places:
    """Keeps each lane in its place while a picture is looked at, and twins apart once they were told apart.

    Up to 64 lanes beside those that have something to show find their old place; the last 6 of them stay visible.
    """

    # The mutable state: identity → when it last had something to show, in the order of the places; and whose twins
    # are told apart.

    def __init__(self) -> None:
        self._used: dict[Identity, int] = {}
        self._frame = 0
        self._twins: set[bytes] = set()

    def tell_apart(self, values: Sequence[bytes]) -> set[bytes]:
        """Which values have twins, now or before, given those of the queue."""
        twins = {value for value, count in Counter(values).items() if count > 1}
        for value in twins - self._twins:
            self._used.pop(Identity(value), None)
        self._twins = twins | (self._twins if len(self._twins) < _PLACES else set())
        return self._twins

    def arrange(self, found: dict[Identity, Lane]) -> list[Lane]:
        """The lanes in their places, new ones after them."""
        self._frame += 1
        for identity in found:
            self._used[identity] = self._frame
        idle = sorted(self._used.keys() - found.keys(), key=lambda each: -self._used[each])
        for identity in idle[_PLACES:]:
            del self._used[identity]
        stay = set(idle[:_EMPTY])
        return [found.get(each) or Lane(each) for each in self._used if each in found or each in stay]


def lanes_of(log: TermLog, queue: Sequence[Candidate], window: Window, places: Places | None = None) -> list[Lane]:
    """A lane for everyone who led within the window or competes now, in order of appearance, vacancies last.

    With ``places`` they stand where they stood in the last picture.
    """
    places = places or Places()
    first = log.current
    values = [_value_of(candidate, first) for candidate in queue]
    twins = places.tell_apart(values)
    lanes: dict[Identity, Lane] = {}
    vacancies = Lane(None, leads=not queue)
    for term in reversed(list(log.between(window.since, window.until))):
        if term.leader is None:
            # The vacancy before the first candidate of a new election takes no time.
            vacancies.terms += [term] if term.ended_at != term.began_at else []
        else:
            _lane(lanes, term.first_value, term.leader, twins).terms.append(term)
    for place, (candidate, value) in enumerate(zip(queue, values, strict=True)):
        lane = _lane(lanes, value, candidate, twins)
        lane.leads, lane.waits = place == 0, place > 0
    return [*places.arrange(lanes), vacancies]


def _value_of(candidate: Candidate, current: Term) -> bytes:
    is_leader = current.leader is not None and current.leader.key == candidate.key
    return current.first_value if is_leader else candidate.value


def _lane(lanes: dict[Identity, Lane], value: bytes, candidate: Candidate, twins: set[bytes]) -> Lane:
    identity = Identity(value, candidate.lease_id if value in twins else 0)
    return lanes.setdefault(identity, Lane(identity))


def term_at(log: TermLog, at: datetime) -> Term | None:
    """The term or vacancy that lasted at a moment, as far as it was seen."""
    return next((term for term in log.between(at, at) if term.began_at <= at), None)
