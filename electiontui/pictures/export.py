"""The timeline of one election as a file: CSV, JSON or SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from election_core import Candidate, Term, TermLog

from ..records import as_csv, as_json
from ..text import readable
from .axis import Local
from .lanes import Window
from .svg import timeline_svg

__all__ = ["FORMS", "exported"]

FORMS = ("csv", "json", "svg")
"""By the end of the file's name."""
_COLUMNS = ("leader", "value", "key", "lease", "token", "began", "began_known", "ended", "ended_known", "seconds")
Stretches = Sequence[tuple[datetime, datetime]]


def exported(
    form: str,
    log: TermLog,
    queue: Sequence[Candidate],
    span: timedelta,
    now: datetime,
    unwatched: Stretches,
    local: Local,
) -> str:
    """All terms that are remembered, as CSV or JSON, or the last ``span`` of them as SVG.

    Raises:
        ValueError: there is no such form; the message names those there are.
    """
    if form == "csv":
        return as_csv(_COLUMNS, (_facts(term, now) for term in log.terms_kept))
    if form == "json":
        return as_json(
            {
                "election": log.name,
                "as_of": now.isoformat(),
                "forgotten": log.dropped,
                "not_watched": [[since.isoformat(), until.isoformat()] for since, until in unwatched],
                "terms": [_facts(term, now) for term in log.terms_kept],
            }
        )
    if form == "svg":
        title = f"{log.name} · {local(now):%Y-%m-%d %H:%M:%S}"
        return timeline_svg(title, log, queue, Window(now, span, 100), unwatched, local=local)
    raise ValueError(f"The name must end in {', '.join('.' + each for each in FORMS)}, which says what to write.")


def _facts(term: Term, now: datetime) -> dict[str, object]:
    leader = term.leader
    return {
        "leader": "" if leader is None else readable(term.first_value),
        "value": "" if leader is None else readable(leader.value),
        "key": "" if leader is None else readable(leader.key),
        "lease": "" if leader is None else f"{leader.lease_id:x}",
        "token": None if leader is None else leader.create_revision,
        "began": term.began_at.isoformat(),
        "began_known": term.began_known,
        "ended": None if term.ended_at is None else term.ended_at.isoformat(),
        "ended_known": term.ended_known,
        "seconds": round(term.duration(now).total_seconds(), 3),
    }
