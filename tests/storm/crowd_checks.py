"""Whether the guarantees held in the elections of the crowds. Pure functions over what the log says of these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from election_core.core.known_bugs import known_bugs

from .checks import no_needless_loss, no_overlap, nothing_hangs, terminal_states, tokens_grow
from .crowd import TIMES_TTL
from .facts import Facts, facts_of
from .log import Record
from .removal import OLD_LEADER, is_of_members, revoking
from .violation import Violation

__all__ = ["crowd_violations"]

_SHARED = ("storm", "begin", "ready", "ended", "fault", "line")
_SPARSE = 2.5
"""Seconds between two claims of one leader in the log."""
_MISTAKEN = ("two leaders", "fencing token does not grow", "leadership lost for nothing")
"""What is no violation where an old raft leader revokes leases: whose lease it was learns it one event later."""


def crowd_violations(records: list[Record]) -> list[Violation]:
    """All violations; none where there is no crowd."""
    own = sorted((record for record in records if "election" in record), key=lambda each: str(each["election"]))
    shared = [record for record in records if "election" not in record and record["what"] in _SHARED]
    if not own:
        return []
    everything = _facts(own, shared)
    found = [violation for rule in (no_needless_loss, terminal_states, nothing_hangs) for violation in rule(everything)]
    # What only the check of all together looks at would be sorted once for each election.
    few = [record for record in shared if record["what"] != "line"]
    for election, its_own in groupby(own, key=lambda each: str(each["election"])):
        facts = _facts(its_own, few)
        of_one = [*no_overlap(facts), *tokens_grow(facts), *_calm_after(facts, records)]
        found += [replace(violation, text=f"{election}: {violation.text}") for violation in of_one]
    return [violation for violation in found if not _is_mistaken(everything, violation)]


def _facts(own: Iterable[Record], shared: list[Record]) -> Facts:
    facts = facts_of(sorted([*shared, *map(_without_election, own)], key=lambda record: record["t"]))
    facts.ttl *= TIMES_TTL
    return facts


def _without_election(record: Record) -> Record:
    return {key: value for key, value in record.items() if key != "election"}


def _is_mistaken(facts: Facts, violation: Violation) -> bool:
    version = facts.of("begin")[0].get("version", "") if facts.of("begin") else ""
    if violation.rule not in _MISTAKEN or not any(OLD_LEADER in bug for bug in known_bugs(version)):
        return False
    thaws = (span for span in facts.spans if is_of_members(span.kind) and span.kind.endswith("freeze"))
    times = (each for thaw in thaws for each in revoking(thaw))
    return any(begin <= violation.end and violation.begin <= end for begin, end in times)


def _calm_after(facts: Facts, records: list[Record]) -> list[Violation]:
    """After the storm each election has exactly one leader."""
    settled, finish = (next((each["t"] for each in records if each["what"] == what), None) for what in _ENDS)
    if settled is None or finish is None:
        return []  # said of the storm itself
    leaders = [term for term in facts.terms if term.start <= finish and term.end >= settled]
    if len(leaders) == 1 and leaders[0].start <= settled and leaders[0].end >= finish - _SPARSE:
        return []
    text = f"{len(leaders)} leaders in the calm: {', '.join(map(str, leaders))}"
    return [Violation("after the storm", text, settled, finish)]


_ENDS = ("settled", "finish")
