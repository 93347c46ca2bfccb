"""What the log of a storm says: terms, removals, who was healthy when. Pure functions over its records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

from .log import Record
from .plan import NET
from .removal import Name, Removal, Span, is_of_members, removals_by_old_leaders, value_of

__all__ = ["Facts", "Term", "facts_of"]

WAYS = 3
_EXPIRED = "no renewal was answered"


@dataclass(slots=True)
class Term:
    """One campaign's leadership, as it claimed it.

    Attributes:
        start: when the first answer "I lead" was known, so it claimed before.
        claims: when it was asked, for each such answer, so it claimed after.
        removal: when somebody else asked for the end of it, if anybody did.
    """

    name: Name
    token: int
    start: float
    claims: list[float]
    removal: Removal | None = None

    def __str__(self) -> str:
        return f"{value_of(self.name)} (token {self.token})"

    @property
    def end(self) -> float:
        return self.claims[-1]

    @property
    def warranted_end(self) -> float:
        """The last claim that the contract answers for: of a removal it learns one event later."""
        if self.removal is None:
            return self.end
        return max((each for each in self.claims if each <= self.removal.sent), default=-inf)


@dataclass(slots=True)
class Run:
    """One process of a candidate."""

    ready: float = inf
    end: float = inf


@dataclass(slots=True)
class Facts:
    """All that the checks need."""

    records: list[Record]
    ttl: int = 3
    candidates: int = 5
    terms: list[Term] = field(default_factory=list)
    removals: dict[str, Removal] = field(default_factory=dict)
    revoked: dict[str, Removal] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    runs: dict[tuple[str, int], Run] = field(default_factory=dict)
    overs: dict[Name, float] = field(default_factory=dict)
    kinds: dict[str, list[Record]] = field(default_factory=dict)

    def of(self, what: str) -> list[Record]:
        return self.kinds.get(what, [])

    def moment(self, what: str) -> float | None:
        return self.of(what)[0]["t"] if self.of(what) else None

    def spans_of(self, who: str) -> Iterable[Span]:
        """What was done to a candidate and to its ways to the members."""
        return (span for span in self.spans if f"c{span.target}" == who and not is_of_members(span.kind))

    def healthy_since(self, who: str, t: float) -> float | None:
        """Since when nothing is wrong with a candidate, if nothing is."""
        ready = [run.ready for (each, _), run in self.runs.items() if each == who and run.ready <= t < run.end]
        spans = list(self.spans_of(who))
        if not ready or any(span.begin <= t < span.end for span in spans):
            return None
        return max(ready[0], *(span.end for span in spans if span.end <= t), -inf)

    def members_calm(self, begin: float, end: float) -> bool:
        """Whether no member was touched, and etcd answered, all the time."""
        return not any(
            is_of_members(span.kind) and span.begin < end and begin < span.end for span in self.spans
        ) and all(record["ok"] for record in self.of("line") if begin <= record["t"] <= end)


def facts_of(records: list[Record]) -> Facts:
    """Read the log; what is told of the crowds' elections is left out."""
    records = [record for record in records if "election" not in record]
    facts = Facts(records)
    for record in records:
        facts.kinds.setdefault(record["what"], []).append(record)
    for record in facts.of("storm"):
        facts.ttl, facts.candidates = record["ttl"], record["candidates"]
    _read_runs(facts)
    _read_faults(facts)
    version = facts.of("begin")[0].get("version", "") if facts.of("begin") else ""
    facts.revoked = removals_by_old_leaders(version, facts.spans, facts.of("line"), _leavings(facts))
    facts.removals = {**facts.revoked, **facts.removals}
    _read_terms(facts)
    return facts


def _read_runs(facts: Facts) -> None:
    for record in facts.of("ready"):
        facts.runs.setdefault((record["who"], record["run"]), Run()).ready = record["t"]
    for record in facts.of("ended"):
        facts.runs.setdefault((record["target"], record["run"]), Run()).end = record["t"]
    for what in ("error", "resign", "abandon"):
        for record in facts.of(what):
            name = (record["who"], record["run"], record["n"])
            facts.overs[name] = min(record["t"], facts.overs.get(name, inf))


def _leavings(facts: Facts) -> dict[str, float]:
    """When a candidate went by itself: it resigned, crashed, was killed, or took its lease for dead."""
    left: dict[str, float] = {}
    for record in facts.records:
        if record["what"] in ("resign", "abandon", "error"):
            # Who was told that its key is gone resigns nothing any more.
            was_removed = record["what"] == "error" and _EXPIRED not in record["message"]
            name = value_of((record["who"], record["run"], record["n"]))
            left.setdefault(name, inf if was_removed else record["t"])
    for record in facts.of("campaign"):
        ended = facts.runs[record["who"], record["run"]].end
        left[record["value"]] = min(ended, left.get(record["value"], inf))
    return left


def _read_faults(facts: Facts) -> None:
    ends = {record["id"]: record for record in facts.of("fault") if record["phase"] == "end"}
    mends = {record["id"]: record["t"] for record in facts.of("fault") if record["phase"] == "mend"}
    for record in facts.of("fault"):
        if record["phase"] != "begin":
            continue
        end = ends.get(record["id"])
        ended_at: float = inf if end is None else end["t"]
        if "value" in record:
            outcome = "unknown" if end is None else end["outcome"]
            removal = Removal(record["value"], record["t"], ended_at, outcome == "done")
            if outcome != "was gone" and removal.value not in facts.removals:
                facts.removals[removal.value] = removal
        else:
            facts.spans.append(_span_of(record, mends.get(record["id"], ended_at), ended_at))


def _span_of(record: Record, mended: float, ended_at: float) -> Span:
    kind = record["kind"]
    if kind not in NET:
        # Only a killed process is gone, and its run tells when; whatever hangs on it ends with that.
        target = record["target"] if is_of_members(kind) or kind in ("stop", "block", "kill") else -1
        return Span(record["t"], mended, ended_at, kind, target, kind == "stop")
    is_total = len(record["proxies"]) == WAYS
    silences = is_total and (kind in ("cut", "stall") or (kind == "black-hole" and record["extra"] != "replies"))
    late = {"stall": 0.0, "delay": record["extra"]}.get(kind)
    return Span(record["t"], mended, ended_at, kind, record["target"], silences, late)


def _read_terms(facts: Facts) -> None:
    terms: dict[Name, Term] = {}
    for record in facts.records:
        if record["what"] != "claim" and not (record["what"] == "elected" and record["leader"]):
            continue
        name = (record["who"], record["run"], record["n"])
        if name not in terms:
            terms[name] = Term(name, record["token"], record["t1"], [], facts.removals.get(value_of(name)))
        terms[name].claims.append(record["t"])
    facts.terms = sorted(terms.values(), key=lambda term: term.start)
