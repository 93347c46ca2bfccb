"""Who else ends a term: an operator, or an old raft leader of an etcd that lets it. Pure functions.

Before 3.4.31 and 3.5.13 (etcd-io/etcd#15247) a raft leader that was frozen and thawed has leases revoked that are
renewed elsewhere. For the candidates it is as if an operator had done so: they learn of it one event later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from election_core.core.known_bugs import known_bugs

from .log import Record

__all__ = [
    "OLD_LEADER",
    "WITHIN",
    "Name",
    "Removal",
    "Span",
    "is_of_members",
    "name_of",
    "removals_by_old_leaders",
    "value_of",
]

Name = tuple[str, int, int]
"""A campaign: whose, of which run of the process, which one."""
OLD_LEADER = "#15247"
WITHIN = 1.0
"""Seconds after the thaw within which an old raft leader finds out that it is no leader any more."""


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


def _gone_at_thaw(span: Span, lines: list[Record]) -> dict[str, Removal]:
    """Those who stood in line before the thaw and do not any more soon after, if the raft leader was frozen."""
    before = [line for line in lines if line["done"] <= span.mended]
    frozen = [line["term"] for line in before if line["done"] <= span.begin][-1:]
    after = [line for line in lines if span.end <= line["t"] <= span.end + WITHIN]
    # Without an answer while it was frozen, nobody knows whether there is another raft leader before it is thawed.
    terms = {line["term"] for line in (*before[-1:], *after)}
    if not before or terms <= set(frozen):
        return {}
    found: dict[str, Removal] = {}
    for line in after:
        for value in _values(before[-1]) - _values(line) - found.keys():
            found[value] = Removal(value, span.mended, line["done"], is_certain=True)
    return found


def _values(line: Record) -> set[str]:
    return {str(value) for value, *_ in line["line"]}
