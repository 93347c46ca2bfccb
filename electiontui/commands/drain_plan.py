"""What moving everything off a host would do, election by election. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from election_core import Candidate, ElectionState

__all__ = ["Move", "fits", "plan", "would_leave_it_vacant"]


class Move(NamedTuple):
    """One election in which candidates are to go."""

    election: str
    going: tuple[Candidate, ...]
    """In the order in which they are evicted: those that wait first, so that none of them inherits."""
    leads: bool
    """Whether the last of them leads now."""
    heir: Candidate | None
    """Who leads afterwards; ``None``: nobody."""

    @property
    def leaves_it_vacant(self) -> bool:
        """Whether it has a leader now and none afterwards."""
        return self.leads and self.heir is None


def fits(candidate: Candidate, pattern: str) -> bool:
    """Whether a candidate's value is the pattern or fits it, ``*`` going across slashes."""
    value = candidate.value.decode("utf-8", "surrogateescape")
    return value == pattern or fnmatchcase(value, pattern)


def would_leave_it_vacant(line: Sequence[Candidate], going: Sequence[Candidate], pattern: str) -> bool:
    """Whether a line, by now, is led by one of those that are to go, and has nobody who does not fit the pattern."""
    keys = {(candidate.key, candidate.create_revision) for candidate in going}
    led = bool(line) and (line[0].key, line[0].create_revision) in keys
    return led and all(fits(candidate, pattern) for candidate in line)


def plan(elections: Iterable[ElectionState], pattern: str) -> list[Move]:
    """A move for each election in which anybody fits the pattern: those that only wait first, in order of names."""
    moves = []
    for state in elections:
        going = [candidate for candidate in state.queue if fits(candidate, pattern)]
        if going:
            heir = next((candidate for candidate in state.queue if candidate not in going), None)
            moves.append(Move(state.name, tuple(reversed(going)), state.queue[0] in going, heir))
    return sorted(moves, key=lambda move: (move.leads, move.election))
