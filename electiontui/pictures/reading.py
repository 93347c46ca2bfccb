"""The reading cursor of the timeline: from edge to edge, and what it reads. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from election_core import Term, TermLog

from ..text import safe
from .axis import Local, clock_text
from .lanes import Window, term_at

__all__ = ["Reading", "edge", "read", "reading_text"]

_WHO_CELLS = 40


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of a moment."""

    at: datetime
    term: Term | None
    """What lasted then; ``None`` where nothing was seen."""
    changes: int
    """How many terms began within the cell of the picture that the moment lies in."""
    cell: timedelta
    """What that cell stands for."""


def edge(log: TermLog, at: datetime | None, by: int, now: datetime) -> datetime | None:
    """The nearest moment after (``by`` > 0) or before ``at`` at which a term or vacancy began or ended.

    Without ``at`` it is looked for back from now. ``None``: there is none.
    """
    start = now if at is None else at
    began = (term.began_at for term in log.terms_kept)
    if by > 0:
        return min((each for each in began if start < each <= now), default=None)
    return max((each for each in began if each < start), default=None)


def read(log: TermLog, at: datetime, window: Window) -> Reading:
    """What is known of a moment, in this picture."""
    left = window.moment(int(window.column(at)))
    # Terms that begin at the left edge of a cell are drawn into it.
    changes = log.changes(left - timedelta(microseconds=1), left + window.cell - timedelta(microseconds=1))
    return Reading(at, term_at(log, at), changes, window.cell)


def reading_text(reading: Reading, now: datetime, local: Local, revision: int | None, unwatched: timedelta) -> str:
    """The reading in one line: who, from when to when, how long, token, revision, and changes of the cell.

    Args:
        revision: the revision at which the term began, where it was seen.
        unwatched: how much of the term was not watched.
    """
    today, term = local(now), reading.term
    parts = [clock_text(local(reading.at), today)]
    if term is None:
        parts.append("too many to tell" if reading.changes else "not watched, or forgotten")
    else:
        who = "vacant" if term.leader is None else safe(term.leader.value, _WHO_CELLS) or "(empty)"
        begin = ("" if term.began_known else "≥ ") + clock_text(local(term.began_at), today)
        end = "now" if term.ended_at is None else clock_text(local(term.ended_at), today)
        end += "" if term.ended_known else "?"
        parts += [who, f"from {begin} to {end}", _length(term, now)]
        if term.leader is not None:
            parts.append(f"token {term.leader.create_revision}")
        if revision is not None:
            parts.append(f"rev {revision}")
        if unwatched > timedelta(0):
            parts.append(f"{_seconds(unwatched)} of it not watched")
    if reading.changes > 1:
        parts.append(f"{reading.changes} changes in this cell of {_seconds(reading.cell)}")
    return "  ".join(parts)


def _length(term: Term, now: datetime) -> str:
    known = term.began_known and term.ended_known
    return ("" if known else "≥ " if term.ended_known else "about ") + _seconds(term.duration(now))


def _seconds(length: timedelta) -> str:
    seconds = length.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    if hours < 24:
        return f"{hours:02}:{minute:02}:{second:02}"
    return f"{hours // 24}d{hours % 24:02}h{minute:02}m"
