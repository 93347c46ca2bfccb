"""What will go wrong, and when: computed from the seed alone, so that a storm can be had again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["DIVERGING", "NET", "WEIGHTS", "Fault", "plan"]

MEMBERS = 3
WEIGHTS = {
    "member-freeze": 9,
    "member-kill": 5,
    "quorum-freeze": 1,
    "quorum-kill": 1,
    "cut": 8,
    "black-hole": 10,
    "stall": 8,
    "delay": 7,
    "half-open": 4,
    "reset": 3,
    "stop": 12,
    "block": 5,
    "kill": 5,
    "delete": 3,
    "revoke": 3,
    "compact": 3,
    "flood": 2,
}
DIVERGING = "#13766"
"""A server with this bug may come back from a crash with other data than the rest, which nobody can make up for."""
NET = frozenset({"cut", "black-hole", "stall", "delay", "half-open", "reset"})
PROCESS = frozenset({"stop", "block", "kill"})
_RESTART = 2.5
"""Seconds for which a member that is started again counts as broken in the plan."""
_GAP = 1.0
_AIMED = 0.7
"""Share of the faults of candidates that aim at the leader."""
_BURST, _BURST_SIZES = 0.06, (3, 6)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        number: its place in the plan.
        at: seconds after the storm began.
        kind: one of `WEIGHTS`.
        seconds: how long it lasts.
        target: number of the candidate, or of the member, or of the place in line.
        aims: whether it should hit whoever leads at that time instead, if that one is not hit already.
        proxies: which of the candidate's ways to the members.
        extra: what more there is to say: a delay, a direction, how many members.
    """

    number: int
    at: float
    kind: str
    seconds: float
    target: int = 0
    proxies: tuple[int, ...] = ()
    extra: float | str = ""
    aims: bool = False
    busy_until: float = field(default=0.0, compare=False)

    @property
    def resources(self) -> set[tuple[object, ...]]:
        """What cannot be broken twice at a time."""
        if self.kind.startswith(("member", "quorum")):
            return {("members",)}
        if self.kind in NET:
            return {("net", self.target, proxy) for proxy in self.proxies}
        if self.kind in PROCESS:
            return {("process", self.target)}
        return set()

    @property
    def candidate(self) -> int | None:
        """The candidate that it makes unhealthy."""
        return self.target if self.kind in NET | PROCESS else None


def plan(
    seed: int,
    *,
    candidates: int,
    ttl: int,
    faults: int | None = None,
    seconds: float | None = None,
    kills_members: bool = True,
) -> list[Fault]:
    """So many faults, or so many seconds of them."""
    drawn: list[Fault] = []
    for fault in _draw(random.Random(seed), candidates, ttl):
        if not kills_members and fault.kind in ("member-kill", "quorum-kill"):
            continue
        if seconds is not None and fault.at + fault.seconds > seconds:
            if fault.at > seconds:
                break
            continue
        drawn.append(fault)
        if len(drawn) == faults:
            break
    return drawn


def _draw(rng: random.Random, candidates: int, ttl: int) -> Iterator[Fault]:
    """Faults without end, in order of time, of which none meets another on the same thing."""
    at, burst, number, going_on = 0.5, 0, 0, list[Fault]()
    while True:
        going_on = [fault for fault in going_on if fault.busy_until > at]
        fault = _one(rng, number, at, candidates, ttl)
        if _fits(fault, going_on, candidates):
            going_on.append(fault)
            yield fault
            number += 1
            if burst == 0 and rng.random() < _BURST:
                burst = rng.randint(*_BURST_SIZES)
            if burst:
                burst -= 1
                at += 0.01
                continue
        at += rng.expovariate(1 / _GAP)


def _fits(fault: Fault, going_on: list[Fault], candidates: int) -> bool:
    if any(fault.resources & other.resources for other in going_on):
        return False
    touched = {other.candidate for other in (*going_on, fault)} - {None}
    return len(touched) < candidates


def _one(rng: random.Random, number: int, at: float, candidates: int, ttl: int) -> Fault:
    kind = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    seconds, target, proxies, extra = 0.0, rng.randrange(candidates), tuple[int, ...](), ""
    if kind == "member-freeze":
        seconds, target = _length(rng, ttl), rng.randrange(MEMBERS)
    elif kind == "member-kill":
        seconds, target = rng.uniform(0.3, ttl), rng.randrange(MEMBERS)
    elif kind.startswith("quorum"):
        seconds, target, extra = rng.uniform(0.3, 2.5), rng.randrange(MEMBERS), str(rng.choice([2, 2, 3]))
    elif kind in NET:
        return _net(rng, number, at, kind, target, ttl)
    elif kind == "stop":
        seconds = _length(rng, ttl)
    elif kind == "block":
        seconds = rng.uniform(0.05, 1.4 * ttl)
    elif kind == "kill":
        seconds = rng.uniform(0, 1)
    elif kind in ("delete", "revoke"):
        target = rng.choice([0, 0, 0, 1, 2, 3])
    busy_until = at + seconds + (_RESTART if kind.endswith("kill") else 0.3)
    return Fault(
        number, at, kind, seconds, target, proxies, extra, kind in PROCESS and rng.random() < _AIMED, busy_until
    )


def _net(rng: random.Random, number: int, at: float, kind: str, target: int, ttl: int) -> Fault:
    count = MEMBERS if rng.random() < 0.7 else rng.randint(1, MEMBERS)
    proxies = tuple(sorted(rng.sample(range(MEMBERS), count)))
    seconds = 0.0 if kind == "reset" else _length(rng, ttl)
    extras: dict[str, float | str] = {
        "black-hole": rng.choice(["both", "both", "requests", "replies"]),
        "delay": round(rng.uniform(0.05, 0.9 * ttl), 3),
    }
    extra = extras.get(kind, "")
    return Fault(number, at, kind, seconds, target, proxies, extra, rng.random() < _AIMED, at + seconds + 0.3)


def _length(rng: random.Random, ttl: int) -> float:
    """Seconds of a fault: shorter than a lease may live, or longer."""
    return rng.uniform(0.05, ttl) if rng.random() < 0.4 else rng.uniform(ttl, 2.2 * ttl)
