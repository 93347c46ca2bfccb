"""How long nobody led, and how much of that nothing excuses. Pure functions."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from math import inf

from .facts import Facts, Term
from .log import Record
from .removal import Span, name_of

__all__ = ["Vacancy", "vacancies"]


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A time in which no candidate claimed to lead.

    Attributes:
        unexcused: the longest time within it in which etcd answered by quorum and in one raft term, some candidate was
            healthy, and the first in line was either healthy or had stopped renewing its lease.
        unexcused_at: when that time ended.
        in_faults: whether members or candidates were disturbed meanwhile.
    """

    begin: float
    end: float
    unexcused: float
    unexcused_at: float
    in_faults: bool

    @property
    def seconds(self) -> float:
        return self.end - self.begin


def vacancies(facts: Facts) -> list[Vacancy]:
    """From the first leader until the candidates were told to end."""
    until = facts.moment("finish") or inf
    lines = facts.of("line")
    times = [line["done"] for line in lines]
    found = []
    for begin, end in _gaps(facts.terms, until):
        first, last = bisect_left(times, begin), bisect_left(times, end)
        unexcused, at = _unexcused(facts, begin, lines[max(0, first - 1) : last])
        disturbed = any(span.begin < end and begin < span.end for span in facts.spans)
        found.append(Vacancy(begin, end, unexcused, at, disturbed))
    return found


def _gaps(terms: list[Term], until: float) -> list[tuple[float, float]]:
    found, led_until = [], inf
    for term in terms:
        if led_until < min(term.start, until):
            found.append((led_until, min(term.start, until)))
        led_until = term.end if led_until == inf else max(led_until, term.end)
    if led_until < until < inf:
        found.append((led_until, until))
    return found


def _unexcused(facts: Facts, begin: float, lines: list[Record]) -> tuple[float, float]:
    """The longest unexcused time, and when it ended. A new raft leader gives every lease its whole TTL anew."""
    clock, worst, worst_at, term = begin, 0.0, begin, None
    for line in lines:
        at = line["done"]
        if not line["ok"] or (term is not None and line["term"] != term):
            clock = max(clock, at)
        if not line["ok"]:
            continue
        term = line["term"]
        counted = at - max(clock, _excused_until(facts, line["line"], at))
        if counted > worst:
            worst, worst_at = counted, at
    return worst, worst_at


def _excused_until(facts: Facts, line: list[list[object]], t: float) -> float:
    """From when on the vacancy seen at ``t`` has to end within the TTL and the grace."""
    since = [facts.healthy_since(f"c{number}", t) for number in range(facts.candidates)]
    healthy = [each for each in since if each is not None]
    if not healthy:
        return t
    if not line:
        return min(healthy)
    who, run, number = name_of(str(line[0][0]))
    process = facts.runs.get((who, run))
    over = min(facts.overs.get((who, run, number), inf), inf if process is None else process.end)
    if over <= t:
        return _last_renewal(facts, who, over, t)
    first_since = facts.healthy_since(who, t)
    if first_since is not None:
        return first_since
    silenced = [span.begin for span in facts.spans_of(who) if span.silences and span.begin <= t < span.end]
    return _last_renewal(facts, who, min(silenced), t) if silenced else t


def _last_renewal(facts: Facts, who: str, stopped: float, t: float) -> float:
    """When etcd can have got the last renewal that was sent before ``stopped``."""

    def arrival(span: Span) -> float:
        return span.end + (span.delivers_late or 0.0)

    late = [
        arrival(span)
        for span in facts.spans_of(who)
        if span.delivers_late is not None and span.begin <= stopped < arrival(span)
    ]
    return min(t, max(stopped, *late, -inf))
