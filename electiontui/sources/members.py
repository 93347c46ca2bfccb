"""What the members have answered, asked again and again, in bounded memory."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Sequence

from election_core import Client, EndpointStatus

from ..clock import Clock

__all__ = ["Members"]

_INTERVAL = 5.0
"""Seconds between two looks."""
_LOOKS = 120
"""Answers remembered of each endpoint: those of the last ten minutes."""


class Members:
    """All endpoints over time.

    Attributes:
        now: the last answer of each, in order; empty before the first look.
        leader_changes: how often another member was found to lead the raft. What came and went between two looks is
            not known, so it is a lower bound.
    """

    # The mutable state: the attributes, the round trips, since when each endpoint is silent, and who led last.

    def __init__(self) -> None:
        self.now: Sequence[EndpointStatus] = ()
        self.leader_changes = 0
        self._round_trips: dict[str, deque[float | None]] = {}
        self._silent_since: dict[str, float] = {}
        self._raft_leader = 0

    def copy(self) -> Members:
        """Another one that knows the same, and goes on by itself."""
        other = Members()
        other.now, other.leader_changes, other._raft_leader = self.now, self.leader_changes, self._raft_leader
        other._round_trips = {endpoint: each.copy() for endpoint, each in self._round_trips.items()}
        other._silent_since = dict(self._silent_since)
        return other

    async def follow(self, client: Client, clock: Clock) -> None:
        """Ask all endpoints again and again, until cancelled."""
        while True:
            self.note(await client.status(), clock.seconds())
            await asyncio.sleep(_INTERVAL)

    def note(self, answers: Sequence[EndpointStatus], at: float) -> None:
        """All endpoints were asked; ``at`` is in seconds on a clock that never steps."""
        self.now = answers
        asked = {member.endpoint for member in answers}
        # A name may stand for other addresses than before.
        for gone in self._round_trips.keys() - asked:
            del self._round_trips[gone]
            self._silent_since.pop(gone, None)
        for member in answers:
            self._round_trips.setdefault(member.endpoint, deque(maxlen=_LOOKS)).append(member.round_trip)
            if member.reachable:
                self._silent_since.pop(member.endpoint, None)
            else:
                self._silent_since.setdefault(member.endpoint, at)
        told = Counter(member.raft_leader for member in answers if member.raft_leader)
        if told:
            leader = told.most_common(1)[0][0]
            self.leader_changes += self._raft_leader not in (0, leader)
            self._raft_leader = leader

    @property
    def has_quorum(self) -> bool:
        """Whether any member knows a raft leader; as long as none has answered, nothing else is known."""
        up = [member for member in self.now if member.reachable]
        return not up or any(member.raft_leader for member in up)

    def round_trips(self, endpoint: str) -> Sequence[float | None]:
        """The last answers' times in seconds, oldest first, ``None`` where there was none."""
        return tuple(self._round_trips.get(endpoint, ()))

    def silent(self, at: float) -> dict[str, float]:
        """For how many seconds each endpoint that does not answer is known not to."""
        return {endpoint: at - since for endpoint, since in self._silent_since.items()}
