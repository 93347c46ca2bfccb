"""What a drill is: candidates, and steps in order. Frozen values, all pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = ["ANYBODY", "RAFT_LEADER", "BadDrill", "Drill", "Member", "Mode", "Part", "Step"]

Mode = Literal["cut", "black-hole", "slow"]
RAFT_LEADER = "raft-leader"
Member = int | Literal["raft-leader"]

ANYBODY = ("leader", "heir", "idle")
"""Candidates by what they are at the moment: who leads, who is next, and all that are not in line."""


class BadDrill(ValueError):
    """A drill that cannot be carried out as it is written, or not there; nothing was written to etcd."""


@dataclass(frozen=True, slots=True)
class Part:
    """One candidate that takes part."""

    name: str
    ttl: int
    """Seconds after which its crash is noticed."""
    process: bool = False
    """Whether it is a process of its own, which can be frozen and killed."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do or to see; what belongs to other verbs is left at its default."""

    do: str
    number: str
    """Where it stands, such as ``4``, or ``4.2`` in a repetition."""
    line: int = 0
    candidates: tuple[str, ...] = ()
    """Names, or of `ANYBODY`."""
    member: Member | None = None
    """A member of the embedded cluster, counted from 1."""
    leader: str | None = None
    vacant: bool = False
    queue: tuple[str, ...] | None = None
    """Names of those in line, the leader first."""
    within: float = 15.0
    """Seconds that it may take to become so."""
    hold: float = 0.0
    """Seconds that it has to stay so, or to wait."""
    mode: Mode = "cut"
    delay: float = 0.0
    """Seconds by which each answer is late, where it is slow."""
    value: str | None = None
    times: int = 1
    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        words = [self.do, ", ".join(self.candidates)]
        if self.member is not None:
            words.append("the raft leader" if self.member == RAFT_LEADER else f"member {self.member}")
        if self.do == "expect":
            words.append(self.expectation)
        if self.do == "cut" and self.mode != "cut":
            words.append(f"({self.mode}{f' by {self.delay:g} s' if self.delay else ''})")
        if self.hold:
            words.append(f"for {self.hold:g} s")
        return " ".join(word for word in words if word)

    @property
    def expectation(self) -> str:
        """What is expected, as the end of a sentence that says so."""
        parts = [f"that {self.leader} leads"] if self.leader else []
        parts += ["that nobody leads"] if self.vacant else []
        parts += [f"the line {_line(self.queue)}"] if self.queue is not None else []
        return " and ".join(parts)

    @property
    def count(self) -> int:
        """How many steps it is when it is unrolled."""
        return 1 if self.do != "repeat" else self.times * sum(step.count for step in self.steps)

    def unrolled(self) -> Iterator[Step]:
        """The step itself, or what it repeats, as often as it does."""
        if self.do != "repeat":
            yield self
            return
        for _ in range(self.times):
            for step in self.steps:
                yield from step.unrolled()


@dataclass(frozen=True, slots=True)
class Drill:
    """A rehearsal: who takes part, and what happens to them."""

    name: str
    about: str
    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    source: str = ""
    """The file it was read from."""

    def unrolled(self) -> tuple[Step, ...]:
        """All steps in the order in which they are done."""
        return tuple(each for step in self.steps for each in step.unrolled())

    def cut_parts(self) -> frozenset[str]:
        """Names of the candidates whose connections are cut."""
        named = {name for step in self.unrolled() if step.do == "cut" for name in step.candidates}
        return frozenset(part.name for part in self.parts if part.name in named or not named.isdisjoint(ANYBODY))

    @property
    def needs_members(self) -> bool:
        """Whether it does something to members, so that it needs a cluster of its own."""
        return any(step.member is not None for step in self.unrolled())


def _line(names: tuple[str, ...]) -> str:
    return ", ".join(names) if names else "(empty)"
