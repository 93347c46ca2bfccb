"""Who plays in the demo, and how they behave. Pure: chance comes in as an argument."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

__all__ = ["CAST", "DOWN", "TTL", "UP", "Temper", "Term", "cast_by_host", "hosts", "plan_term"]

TTL = 5
"""TTL in seconds of all leases in the demo: short, so that an expiry can be watched."""

Span = tuple[float, float]

UP, DOWN = (300.0, 1800.0), (15.0, 40.0)
"""Least and most seconds for which a host lives before it goes with all its candidates, and for which it is gone."""
_HOSTS = 12


@dataclass(frozen=True, slots=True)
class Temper:
    """How the candidates of one election behave; spans are least and most in seconds."""

    candidates: int
    hold: Span
    """How long a leader leads before it leaves."""
    away: Span
    """How long it stays away before it campaigns again."""
    crashes: float = 0.0
    """Share of the departures without resigning: the lease has to expire."""
    proclaims: Span | None = None
    """Time between two proclamations of a leader."""


STEADY = Temper(candidates=3, hold=(240, 900), away=(2, 10))
BUSY = Temper(candidates=3, hold=(90, 300), away=(1, 5), proclaims=(1, 4))
RESTLESS = Temper(candidates=4, hold=(15, 60), away=(1, 5), crashes=0.3, proclaims=(5, 20))
FLAPPING = Temper(candidates=3, hold=(1, 6), away=(0.5, 2))
LONELY = Temper(candidates=1, hold=(20, 60), away=(5, 20), crashes=0.5)
CROWDED = Temper(candidates=12, hold=(20, 60), away=(1, 10), crashes=0.2)
FRAGILE = Temper(candidates=3, hold=(10, 30), away=(3, 10), crashes=1.0)

CAST: dict[str, Temper] = {
    "billing/invoices": STEADY,
    "billing/ledger": RESTLESS,
    "cache/warmer": LONELY,
    "mail/outbound": FLAPPING,
    "orders/allocator": BUSY,
    "orders/reaper": STEADY,
    "payments/gateway": FRAGILE,
    "payments/settlement": STEADY,
    "reports/nightly": LONELY,
    "search/indexer": CROWDED,
    "sensors/collector": RESTLESS,
    "weltkarte/Kachel-Größe": BUSY,
}
"""The elections of the demo by name."""


@dataclass(frozen=True, slots=True)
class Term:
    """What one candidate will do once it is elected; times in seconds."""

    proclaims: tuple[float, ...]
    """Pauses, after each of which it proclaims."""
    rest: float
    """How long it still leads after the last of them."""
    crashes: bool
    away: float


def plan_term(temper: Temper, random: Random) -> Term:
    """Plan a candidate's next term; its length is ``sum(proclaims) + rest``."""
    left = random.uniform(*temper.hold)
    proclaims: list[float] = []
    while temper.proclaims is not None:
        pause = random.uniform(*temper.proclaims)
        if pause >= left:
            break
        proclaims.append(pause)
        left -= pause
    return Term(tuple(proclaims), left, random.random() < temper.crashes, random.uniform(*temper.away))


def hosts(name: str, temper: Temper) -> list[str]:
    """On which host each candidate of an election runs, which is what it proclaims; the first one to campaign first."""
    # One host leads much that is steady, so that it is worth moving its leaderships off it.
    first = list(CAST).index(name) if name in CAST and temper not in (STEADY, BUSY) else 0
    return [f"node-{(first + number) % _HOSTS + 1:02}" for number in range(temper.candidates)]


def cast_by_host(cast: Mapping[str, Temper]) -> dict[str, list[str]]:
    """Host → the elections that it has a candidate in."""
    found: dict[str, list[str]] = {}
    for name, temper in cast.items():
        for host in hosts(name, temper):
            found.setdefault(host, []).append(name)
    return found
