"""Who else ends a term: an operator, or an old raft leader of an etcd that lets it. Pure functions.

Before 3.4.31 and 3.5.13 (etcd-io/etcd#15247) a raft leader that was frozen and thawed has leases revoked that are
renewed elsewhere, at once or seconds later (`faults/test_failover.py` shows it). For the candidates it is as
if an operator had done so: they learn of it one event later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from election_core.core.known_bugs import known_bugs

from .log import Record

__all__ = [
    "OLD_LEADER",
    "Name",
    "Removal",
    "Span",
    "is_of_members",
    "name_of",
    "removals_by_old_leaders",
    "revoking",
    "value_of",
]

Name = tuple[str, int, int]
"""A campaign: whose, of which run of the process, which one."""
OLD_LEADER = "#15247"
_WITHIN = 2.0
"""Seconds within which an old raft leader has revoked what it holds for expired."""
_ROUNDS, _TIMES_OUT = 3, 7.0
"""What it proposed before it learnt of its successor is lost, sixteen leases at most, and the others wait until that
has timed out: 5 s and two raft elections. Where the cluster has no leader just then, sixteen more time out."""


@dataclass(frozen=True, slots=True)
class Removal:
    """Somebody else has deleted a candidate's key or revoked its lease.

    Attributes:
        value: whose.
        sent: when it was asked for; it cannot have happened before.
        done: when it had happened, if that is certain.
    """

    value: str
    sent: float
    done: float
    is_certain: bool


@dataclass(frozen=True, slots=True)
class Span:
    """One fault.

    Attributes:
        mended: when the undoing of it began.
        silences: no renewal of the candidate reaches etcd meanwhile.
        delivers_late: what was sent arrives after it, and so much later.
    """

    begin: float
    mended: float
    end: float
    kind: str
    target: int
    silences: bool = False
    delivers_late: float | None = None


def is_of_members(kind: str) -> bool:
    return kind.startswith(("member", "quorum"))


def value_of(name: Name) -> str:
    return ".".join(map(str, name))


def name_of(value: str) -> Name:
    who, run, number = value.split(".")
    return who, int(run), int(number)


def removals_by_old_leaders(
    version: str, spans: Iterable[Span], lines: list[Record], left: dict[str, float]
) -> dict[str, Removal]:
    """By value, the candidates whose keys went when a frozen raft leader was thawed.

    Args:
        version: of etcd.
        spans: all faults.
        lines: the candidates in line, over time.
        left: when a candidate went by itself.
    """
    if not any(OLD_LEADER in bug for bug in known_bugs(version)):
        return {}
    answered = [line for line in lines if line["ok"]]
    found: dict[str, Removal] = {}
    for span in spans:
        if is_of_members(span.kind) and span.kind.endswith("freeze"):
            found = {**_gone_at_thaw(span, answered), **found}
    return {value: removal for value, removal in found.items() if removal.done <= left.get(value, inf)}


def revoking(span: Span) -> list[tuple[float, float]]:
    """When a raft leader that was frozen revokes leases that others have renewed."""
    waits = [round_ * _TIMES_OUT for round_ in range(_ROUNDS)]
    return [(span.mended + wait, span.end + wait + _WITHIN) for wait in waits]


def _gone_at_thaw(span: Span, lines: list[Record]) -> dict[str, Removal]:
    """Those who stood in line before the thaw and do not any more soon after, if the raft leader was frozen."""
    before = [line for line in lines if line["done"] <= span.mended]
    frozen = [line["term"] for line in before if line["done"] <= span.begin][-1:]
    first, *_ = revoking(span)
    # Without an answer while it was frozen, nobody knows whether there is another raft leader before it is thawed.
    terms = {line["term"] for line in (*before[-1:], *_during(first, lines))}
    if not before or terms <= set(frozen):
        return {}
    found: dict[str, Removal] = {}
    for begin, end in revoking(span):
        held = _values([line for line in lines if line["done"] <= begin][-1]) & _values(before[-1])
        for line in _during((begin, end), lines):
            for value in held - _values(line) - found.keys():
                found[value] = Removal(value, begin, line["done"], is_certain=True)
    return found


def _during(when: tuple[float, float], lines: list[Record]) -> list[Record]:
    return [line for line in lines if when[0] <= line["t"] <= when[1]]


def _values(line: Record) -> set[str]:
    return {str(value) for value, *_ in line["line"]}
