"""Whether the guarantees held in a storm. Pure functions over what its log says: no process, no clock, no etcd."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import inf

from .facts import Facts, facts_of
from .ledger_checks import ledger_history, refused_writes
from .log import Record
from .removal import value_of
from .vacancy import vacancies
from .violation import Violation

__all__ = ["GRACE", "check"]

GRACE = 3.0
PROMPT = 2.0
"""Seconds within which a leader that nothing disturbs learns that an operator has ended its term."""
_RESIGN_WITHIN = 6.0
"""Twice the client's timeout of 2 s, for a campaign that was still joining, and slack."""
_BEAT_WITHIN = 2.5
_ANSWER_WITHIN = 0.5


def check(records: list[Record], stderr: str = "") -> list[Violation]:
    """All violations, in order of time."""
    facts = facts_of(records)
    found = [violation for rule in _RULES for violation in rule(facts)]
    if "Traceback" in stderr or "never retrieved" in stderr:
        found.append(Violation("a candidate wrote a traceback", stderr[-2000:], inf, inf))
    return sorted(found, key=lambda each: each.begin)


def no_overlap(facts: Facts) -> list[Violation]:
    """1: at no time do two candidates claim to lead."""
    found = []
    for place, one in enumerate(facts.terms):
        for other in facts.terms[place + 1 :]:
            if other.start > one.end:
                break  # they are in order of their start
            # A term that claimed but once starts after its end: what was asked before was answered after.
            begin, end = max(one.start, other.start), min(one.warranted_end, other.warranted_end)
            if one.start < other.warranted_end and other.start < one.warranted_end:
                text = f"{one} and {other} both claim to lead, for {max(0.0, end - begin):.3f} s"
                found.append(Violation("two leaders", text, begin, end))
    return found


def prompt_loss(facts: Facts) -> list[Violation]:
    """1: whoever's key or lease somebody removed stops to claim soon if nothing disturbs it."""
    found = []
    for term in facts.terms:
        removal = term.removal
        if removal is None or not removal.is_certain or term.end <= removal.sent:
            continue
        took, who = term.end - removal.done, term.name[0]
        for bound, calm_before in ((PROMPT, facts.ttl + GRACE), (facts.ttl + GRACE, 0.0)):
            begin, end = removal.sent - calm_before, removal.done + bound
            since = facts.healthy_since(who, end)
            if took > bound and since is not None and since < begin and facts.members_calm(begin, end):
                text = f"{term} claims to lead for {took:.3f} s after its removal was answered"
                found.append(Violation("loss noticed late", text, removal.sent, term.end))
                break
    return found


def tokens_grow(facts: Facts) -> list[Violation]:
    """2: each leader's fencing token is greater than those before it."""
    warranted = [term for term in facts.terms if term.removal is None or term.start <= term.removal.sent]
    return [
        Violation("fencing token does not grow", f"{one}, then {other}", one.start, other.start)
        for one, other in pairwise(warranted)
        if other.token <= one.token
    ]


def no_long_vacancy(facts: Facts) -> list[Violation]:
    """4: with a quorum and a healthy candidate somebody leads within TTL + 3 s."""
    return [
        Violation(
            "vacancy",
            f"nobody leads for {vacancy.seconds:.2f} s, of which {vacancy.unexcused:.2f} s in a row are not excused",
            vacancy.unexcused_at - vacancy.unexcused,
            vacancy.end,
        )
        for vacancy in vacancies(facts)
        if vacancy.unexcused > facts.ttl + GRACE
    ]


def no_needless_loss(facts: Facts) -> list[Violation]:
    """6: a leader that nothing disturbs keeps its term while etcd answers, whatever a minority of members does."""
    names = {term.name for term in facts.terms if term.removal is None}
    found = []
    for record in facts.of("error"):
        who, end = record["who"], record["t"]
        begin, since = end - facts.ttl - 1, facts.healthy_since(record["who"], end)
        if (who, record["run"], record["n"]) not in names or since is None or since > begin:
            continue
        if _answers(facts, begin, end):
            text = f"{who} was not disturbed, and lost its term: {record['message']}"
            found.append(Violation("leadership lost for nothing", text, begin, end))
    return found


def _answers(facts: Facts, begin: float, end: float) -> bool:
    """Whether etcd answered by quorum, at once and under one raft leader, all the time."""
    polls = [record for record in facts.of("line") if begin <= record["t"] <= end]
    prompt = all(record["ok"] and record["done"] - record["t"] < _ANSWER_WITHIN for record in polls)
    return prompt and len({record["term"] for record in polls}) == 1


def terminal_states(facts: Facts) -> list[Violation]:
    """A campaign that has ended never leads again; at its ``error`` event it does not lead."""
    found = []
    for record in facts.of("error"):
        if record["leader"] or "defect" in record["message"]:
            found.append(Violation("bad error event", str(record), record["t"], record["t"]))
    for term in facts.terms:
        over = facts.overs.get(term.name, inf)
        if term.end > over:
            found.append(Violation("leads after its end", f"{term} claims to lead after it ended", over, term.end))
    elections = Counter((record["who"], record["run"], record["n"]) for record in facts.of("elected"))
    for name, count in elections.items():
        if count > 1:
            found.append(Violation("elected twice", value_of(name), inf, inf))
    return found


def nothing_hangs(facts: Facts) -> list[Violation]:
    """5: resigning is bounded, and event loops go on, where the process was neither stopped nor blocked."""
    found = []
    for record in facts.of("resigned"):
        took = record["t"] - record["began"]
        if took > _RESIGN_WITHIN and _ran(facts, record["who"], record["began"], record["t"]):
            text = f"{record['who']} took {took:.2f} s to resign"
            found.append(Violation("resigning hangs", text, record["began"], record["t"]))
    beats: dict[tuple[str, int], list[float]] = {}
    for record in facts.of("beat"):
        beats.setdefault((record["who"], record["run"]), []).append(record["t"])
    for (who, run), times in beats.items():
        end = min(facts.runs[who, run].end, facts.records[-1]["t"])
        for one, other in pairwise([*times, end]):
            if other - one > _BEAT_WITHIN and _ran(facts, who, one, other):
                found.append(Violation("an event loop stood still", f"{who} for {other - one:.2f} s", one, other))
    return found


def _ran(facts: Facts, who: str, begin: float, end: float) -> bool:
    """Whether a process was neither stopped nor blocked in between."""
    return not any(
        span.kind in ("stop", "block") and span.begin <= end and begin <= span.end + 1 for span in facts.spans_of(who)
    )


def calm_after(facts: Facts) -> list[Violation]:
    """5: after the storm exactly one leads and all are in line; after all have resigned nothing is left."""
    settled, finish = facts.moment("settled"), facts.moment("finish")
    if settled is None or finish is None or not facts.of("final"):
        return [Violation("the storm did not end", "the log has no end", inf, inf)]
    found = []
    leaders = [term for term in facts.terms if term.start <= finish and term.end >= settled]
    if len(leaders) != 1 or leaders[0].start > settled or leaders[0].end < finish - 0.5:
        found.append(f"{len(leaders)} leaders in the calm: {', '.join(map(str, leaders))}")
    line = sorted({value.partition(".")[0] for value in facts.of("finish")[0]["line"]})
    if len(line) != facts.candidates:
        found.append(f"not all candidates are in line in the calm: {line}")
    final = facts.of("final")[0]
    if final["keys"] or final["leases"]:
        found.append(f"left behind: {final['keys']}, leases {final['leases']}")
    if late := facts.of("finished")[0]["late"]:
        found.append(f"did not end in time: {late}")
    if len(set(final["hashes"])) > 1:
        found.append(f"etcd's members differ: {final['hashes']}")
    return [Violation("after the storm", text, settled, finish) for text in found]


def replay_is_alike(facts: Facts) -> list[Violation]:
    """A monitor's recording, played again, gives exactly the transitions that it told live, and there were some."""
    if not facts.of("final"):
        return []
    told = [record for record in facts.of("replayed") if record["live"]]
    if not told:
        return [Violation("a replay differs", "no transition was both recorded and seen live", inf, inf)]
    wrong = [record["failure"] or record["differs"] for record in told]
    return [Violation("a replay differs", text, inf, inf) for text in wrong if text is not None]


_RULES = (
    no_overlap,
    prompt_loss,
    tokens_grow,
    ledger_history,
    refused_writes,
    no_long_vacancy,
    no_needless_loss,
    terminal_states,
    nothing_hangs,
    calm_after,
    replay_is_alike,
)
