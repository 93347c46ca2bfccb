"""What is PASS and what is FAIL, from what was seen; pure. Times are seconds on one monotonic clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .actor import ACCEPTED, REFUSED
from .model import Step

__all__ = ["KNOWS_FIRST", "NO_MEASURES", "TOLD", "Judgement", "Measures", "Succession", "judge", "unlike"]

KNOWS_FIRST = frozenset({"cut"})
"""Where the deposed leader has to know before its successor is elected."""
TOLD = KNOWS_FIRST | {"revoke-lease", "delete-key"}
"""Where it has to be told at all while it is out; who resigned or crashed is not, who is frozen only afterwards."""

_DONE = {
    "resign": "resigned",
    "abandon": "crashed",
    "revoke-lease": "had its lease revoked",
    "delete-key": "had its key deleted",
    "cut": "was cut off",
    "freeze": "was frozen",
    "kill": "was killed",
}


@dataclass(frozen=True, slots=True)
class Measures:
    """What one step measured, in seconds; ``None`` for what it did not."""

    handover: float | None = None
    """From the beginning of what was done to the leader until its successor was told that it is elected."""
    vacancy: float | None = None
    """From the old leader's last revision to the new one's first, as the observer saw them."""
    to_error: float | None = None
    """From the same beginning until the deposed leader was told."""
    margin: float | None = None
    """How much earlier the deposed leader knew than its successor was elected; below zero, later."""
    refused: int | None = None
    """How many of its writes with the old token were refused."""


NO_MEASURES = Measures()


class Judgement(NamedTuple):
    """Whether it passes, and why, in a sentence."""

    passes: bool
    reason: str
    measures: Measures = NO_MEASURES


@dataclass(frozen=True, slots=True)
class Succession:
    """One leader after another, as far as it was seen."""

    cause: str
    """The verb of what was done to the old leader."""
    deposed: str
    successor: str
    began_at: float
    left_at: float
    """The old leader's last revision, as the observer saw it."""
    led_at: float
    """The new leader's first."""
    elected_at: float
    """When the new leader was told."""
    error_at: float | None = None
    """When the old leader was told, if it was."""
    write: str = ACCEPTED
    """What became of a write of the new leader with its token."""
    late_write: str | None = None
    """What became of one of the old leader with its own, if it can act."""

    @property
    def measures(self) -> Measures:
        error_at = self.error_at
        return Measures(
            handover=self.elected_at - self.began_at,
            vacancy=self.led_at - self.left_at,
            to_error=None if error_at is None else error_at - self.began_at,
            margin=None if error_at is None else self.elected_at - error_at,
            refused=None if self.late_write is None else int(self.late_write == REFUSED),
        )


def judge(seen: Succession) -> Judgement:
    """Whether a succession was as it has to be: told in time, and with writes for the new leader alone."""
    took = f"{seen.elected_at - seen.began_at:.3f} s"
    begin = f"{seen.successor} was elected {took} after {seen.deposed} {_DONE[seen.cause]}"
    faults, notes = list[str](), list[str]()
    if seen.cause in TOLD:
        (faults if _is_told_too_late(seen) else notes).append(_told(seen))
    if seen.write != ACCEPTED:
        faults.append(f"a write of {seen.successor} with its token was {seen.write}")
    if seen.late_write is not None:
        late = f"a write of {seen.deposed} with its old token was {seen.late_write}"
        (notes if seen.late_write == REFUSED else faults).append(late)
    if faults:
        return Judgement(False, f"{begin}, but {' and '.join(faults)}.", seen.measures)
    return Judgement(True, f"{'; '.join([begin, *notes])}.", seen.measures)


def _is_told_too_late(seen: Succession) -> bool:
    return seen.error_at is None or (seen.cause in KNOWS_FIRST and seen.error_at >= seen.elected_at)


def _told(seen: Succession) -> str:
    if seen.error_at is None:
        return f"{seen.deposed} was not told"
    earlier = seen.elected_at - seen.error_at
    return f"{seen.deposed} knew {abs(earlier):.3f} s {'before' if earlier > 0 else 'after'} that"


def unlike(step: Step, queue: Sequence[str]) -> str | None:
    """Why a line, the leader first, is not as a step expects it; ``None`` where it is."""
    leader = queue[0] if queue else None
    if step.vacant and leader is not None:
        return f"{leader} leads, and not nobody"
    if step.leader is not None and leader != step.leader:
        return f"{leader or 'nobody'} leads, and not {step.leader}"
    if step.queue is not None and tuple(queue) != step.queue:
        return f"the line is {_line(queue)}, and not {_line(step.queue)}"
    return None


def _line(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "empty"
