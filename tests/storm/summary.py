"""What is told of a storm at its end."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import isfinite

from .facts import Facts, facts_of
from .log import Record
from .vacancy import vacancies
from .violation import Violation

__all__ = ["summary"]

_EXCERPT, _SHOWN = 40, 3
_NOISE = ("claim", "beat", "line", "write", "storm", "final")


def summary(records: list[Record], violations: list[Violation]) -> str:
    """Figures, then violations, each with its excerpt of the log, then how to have the same storm again."""
    facts = facts_of(records)
    lines = [*_faults(facts), *_terms(facts), *_vacancies(facts), *_writes(facts), *_bounds(facts)]
    lines += _crowds(records) + _replayed(facts)
    lines += [f"violations: {len(violations)}", *_violations(facts, violations)]
    storm = facts.of("storm")[0]
    return "\n".join([*lines, f"seed {storm['seed']}; the same again: {storm['command']}"])


def _faults(facts: Facts) -> list[str]:
    kinds = Counter(record["kind"] for record in facts.of("fault") if record["phase"] == "begin")
    begin, end = facts.moment("begin") or 0.0, facts.moment("calm") or facts.records[-1]["t"]
    by_kind = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    return [f"faults: {kinds.total()} in {end - begin:.0f} s: {by_kind}"]


def _terms(facts: Facts) -> list[str]:
    elected, campaigns = len(facts.terms), len(facts.of("campaign"))
    handovers = sum(one.name[0] != other.name[0] for one, other in pairwise(facts.terms))
    errors = Counter(record["error"] for record in facts.of("error"))
    ends = ", ".join(f"{kind} {count}" for kind, count in sorted(errors.items())) or "none"
    runs = len(facts.of("started"))
    resigned = facts.of("resigned")
    revoked = sum(facts.removals[value] is removal for value, removal in facts.revoked.items())

    def ended(by_old_leader: bool) -> int:
        removals = [term.removal for term in facts.terms if term.removal is not None]
        return sum((each in facts.revoked.values()) is by_old_leader for each in removals)

    unclean = sum(record["error"] is not None for record in resigned)
    return [
        f"terms: {elected} of {campaigns} campaigns, hand-overs to another candidate: {handovers}, processes: {runs}",
        f"lost or failed campaigns: {ends}; resigned: {len(resigned)}, of which {unclean} without an answer in time",
        f"ended by an operator: {len(facts.removals) - revoked} candidacies, {ended(by_old_leader=False)} of them "
        f"terms; by a thawed raft leader (etcd#15247): {revoked}, {ended(by_old_leader=True)} of them terms",
    ]


def _vacancies(facts: Facts) -> list[str]:
    found = vacancies(facts)

    def longest(in_faults: bool) -> float:
        return max((each.seconds for each in found if each.in_faults is in_faults), default=0.0)

    unexcused = max((each.unexcused for each in found), default=0.0)
    led = sum(term.end - term.start for term in facts.terms)
    vacant = sum(each.seconds for each in found)
    return [
        f"led {led:.0f} s, vacant {vacant:.0f} s; longest vacancy outside faults {longest(False):.2f} s, inside faults "
        f"{longest(True):.2f} s; longest with quorum, a healthy candidate and no new reason {unexcused:.2f} s "
        f"(bound {facts.ttl + 3} s)"
    ]


def _writes(facts: Facts) -> list[str]:
    outcomes = Counter((record["outcome"], record["over"]) for record in facts.of("write"))

    def told(over: bool) -> str:
        return ", ".join(f"{what} {outcomes[what, over]}" for what in ("accepted", "refused", "unknown"))

    entries = len(facts.of("final")[0]["ledger"]) if facts.of("final") else 0
    return [
        f"guarded writes while leading: {told(False)}; after the end of the campaign: {told(True)} (accepted: the key "
        f"still stood and nobody had followed); in the ledger: {entries}"
    ]


def _bounds(facts: Facts) -> list[str]:
    resigned = max((record["t"] - record["began"] for record in facts.of("resigned")), default=0.0)
    late = [
        term.end - term.removal.done
        for term in facts.terms
        if term.removal is not None and term.removal.is_certain and term.end > term.removal.done
    ]
    excused = [
        one.end - other.start
        for one, other in pairwise(facts.terms)
        if one.removal is not None or other.removal is not None
    ]
    polls = facts.of("line")
    refused = sum(not record["ok"] for record in polls)
    return [
        f"longest resign {resigned:.2f} s; longest claim after a removal {max(late, default=0.0):.3f} s, "
        f"beside a successor {max([0.0, *excused]):.3f} s; line read {len(polls)} times, "
        f"{refused} of them without an answer"
    ]


def _crowds(records: list[Record]) -> list[str]:
    """What the many campaigns on one client did."""
    own = [record for record in records if "election" in record]
    if not own:
        return []
    kinds = Counter(record["what"] for record in own)
    errors = Counter(record["error"] for record in own if record["what"] == "error")
    ends = ", ".join(f"{kind} {count}" for kind, count in sorted(errors.items())) or "none"
    return [
        f"crowds: {kinds['elected']} terms in {len({record['election'] for record in own})} elections, "
        f"lost or failed: {ends}; resigned: {kinds['resigned']}"
    ]


def _replayed(facts: Facts) -> list[str]:
    return [
        f"recorded: {record['inputs']} inputs of {record['monitors']} monitor(s); their replay gave "
        f"{record['replayed']} transitions, live there were {record['live']}"
        for record in facts.of("replayed")
    ]


def _violations(facts: Facts, violations: list[Violation]) -> list[str]:
    """The first ones of each kind, with what the log says around them."""
    lines, seen = list[str](), Counter[str]()
    for violation in violations:
        seen[violation.rule] += 1
        if seen[violation.rule] <= _SHOWN:
            lines += ["", f"VIOLATION {violation.rule}: {violation.text}", *_excerpt(facts, violation)]
    more = [f"and {count - _SHOWN} more: {rule}" for rule, count in seen.items() if count > _SHOWN]
    return [*lines, *more]


def _excerpt(facts: Facts, violation: Violation) -> list[str]:
    if not isfinite(violation.begin):
        return []
    told = [
        "  " + " ".join(f"{key}={value}" for key, value in record.items() if value != "")
        for record in facts.records
        if violation.begin - 3 <= record["t"] <= violation.end + 1 and record["what"] not in _NOISE
    ]
    return told if len(told) <= _EXCERPT else [*told[: _EXCERPT // 2], "  …", *told[-_EXCERPT // 2 :]]
