"""Whether fencing held: what was written through guards, and by whom. Pure functions."""

from __future__ import annotations

from itertools import pairwise
from math import inf

from .facts import Facts
from .violation import Violation

__all__ = ["ledger_history", "refused_writes"]


def ledger_history(facts: Facts) -> list[Violation]:
    """3: the tokens in etcd's own history of the resource never decrease, and the history is whole."""
    if not facts.of("final"):
        return []
    final = facts.of("final")[0]
    history = sorted(final["ledger"], key=lambda entry: entry[2])
    found = [
        f"token {other[0]} was written at revision {other[2]} after token {one[0]}"
        for one, other in pairwise(history)
        if other[0] < one[0]
    ]
    if any(version != 1 for *_, version in history) or final["writes"] != len(history):
        found.append(f"{final['writes']} writes made {len(history)} entries")
    return [Violation("a deposed leader wrote", text, inf, inf) for text in found]


def refused_writes(facts: Facts) -> list[Violation]:
    """3: no write succeeds that was sent after a successor led, or after the own term was ended for certain.

    What etcd has is what counts: the answer to a write may have been lost.
    """
    if not facts.of("final"):
        return []
    ends = _ends(facts)
    written = {(token, seq) for token, seq, *_ in facts.of("final")[0]["ledger"]}
    found = []
    for record in facts.of("write"):
        is_written = (record["token"], record["seq"]) in written
        if is_written != (record["outcome"] == "accepted") and record["outcome"] != "unknown":
            text = f"write {record['token']}/{record['seq']} was {record['outcome']}, the ledger says otherwise"
            found.append(Violation("a write and its answer differ", text, record["t"], record["done"]))
        end, why = ends.get(record["token"], (inf, ""))
        if is_written and record["t"] > end:
            text = f"write {record['token']}/{record['seq']} by {record['who']} succeeded, sent after {why}"
            found.append(Violation("a deposed leader wrote", text, end, record["done"]))
    return found


def _ends(facts: Facts) -> dict[int, tuple[float, str]]:
    """From when on no write with a token may succeed, and why."""
    ends: dict[int, tuple[float, str]] = {}
    resigned = {
        (record["who"], record["run"], record["n"]): record["t"]
        for record in facts.of("resigned")
        if record["error"] is None
    }
    by_token = sorted(facts.terms, key=lambda term: term.token)
    for place, term in enumerate(by_token):
        reasons = [(other.start, f"{other} led") for other in by_token[place + 1 :]]
        if term.name in resigned:
            reasons.append((resigned[term.name], "it had resigned"))
        if term.removal is not None and term.removal.is_certain:
            reasons.append((term.removal.done, "somebody had removed it"))
        if reasons:
            ends[term.token] = min(reasons)
    return ends
