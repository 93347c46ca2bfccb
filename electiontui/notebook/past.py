"""What a history file knows of elections from before somebody began to watch them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from election_core import Term, TermLog

from ..history.paths import covers, name_of, path_of, raw
from ..history.reading import Reader
from ..history.schema import HistoryUnusable, why
from ..prefixes import base_of

__all__ = ["with_past"]


def with_past(
    file: Path, prefix: str, seen: Mapping[str, TermLog], fits: Callable[[str], bool], since: datetime, now: datetime
) -> list[TermLog]:
    """The logs of what was seen, by name, with what was before it, and those of elections that are gone.

    Args:
        file: the history.
        prefix: what was watched.
        seen: the logs by the name of the election.
        fits: whether an election is asked for.
        since: how far back.
        now: the present.

    Raises:
        HistoryUnusable: the file is no history, or cannot be read.
    """
    base = base_of((prefix,))
    try:
        with Reader(file) as reader:
            names = {name_of(base, path) for path in reader.elections() if covers([raw(prefix)], path)}

            def before(name: str) -> list[Term]:
                until = seen[name].terms_kept[0].began_at if name in seen else now
                return list(reader.terms(path_of(base, name), since, until))

            found = {name: before(name) for name in names if fits(name)}
    except sqlite3.Error as exc:
        raise HistoryUnusable(why(file, exc)) from exc
    logs = [_joined(name, found.get(name, []), seen.get(name)) for name in sorted({*found, *seen})]
    return [log for log in logs if log is not None]


def _joined(name: str, past: Sequence[Term], recent: TermLog | None) -> TermLog | None:
    if recent is None:
        return TermLog.of(name, past) if past else None
    earlier = _without(past, recent.terms_kept)
    log = TermLog.of(name, recent.terms_kept, limit=len(earlier) + len(recent.terms_kept))
    log.learn(earlier)
    return log


def _without(past: Sequence[Term], recent: Sequence[Term]) -> Sequence[Term]:
    """What is not told by the recent ones: a recorder may have heard of their beginning a moment earlier."""
    later = {term.leader.key for term in recent[1:] if term.leader is not None}
    end = len(past)
    while end and (leader := past[end - 1].leader) is not None and leader.key in later:
        end -= 1
    if (first := recent[0].leader) is not None:
        same = [at for at, term in enumerate(past[:end]) if term.leader and term.leader.is_same_candidate(first)]
        end = same[-1] + 1 if same else end
    return past[:end]
