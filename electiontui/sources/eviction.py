"""Taking others out of a line, with what was seen afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import NamedTuple

from election_core import Candidate, Election

from ..text import safe

__all__ = ["Outcome", "carry_out", "told"]

_VALUE_CELLS = 40


class Outcome(NamedTuple):
    """What a look at the line showed after candidates were evicted."""

    line: Sequence[Candidate]
    seconds: float
    """From the first eviction's beginning until that look."""

    def __str__(self) -> str:
        took = f"after {self.seconds:.3f} s"
        return f"{told(self.line[0])} leads {took}" if self.line else f"nobody leads {took}"


def told(candidate: Candidate) -> str:
    """A candidate by its value."""
    return repr(safe(candidate.value, _VALUE_CELLS))


async def carry_out(election: Election, candidates: Sequence[Candidate], *, revoke: bool = False) -> Outcome:
    """Evict one after the other, and look who leads then.

    Raises:
        CandidateGone: one of them was not in line any more; those before it are out, and the rest was left alone.
        ElectionError: etcd did not do it, or did not say so.
    """
    began = monotonic()
    for candidate in candidates:
        await election.evict(candidate, revoke=revoke)
    line = await election.candidates()
    return Outcome(line, monotonic() - began)
