"""What the reading cursor says, with what only the view knows: revisions, and what was not watched. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from election_core import Candidate, Transition

from ..pictures.axis import Local
from ..pictures.reading import Reading, reading_text
from ..watched import Watched

__all__ = ["reading_line"]


def reading_line(reading: Reading, events: Iterable[Transition], watched: Watched, now: datetime, local: Local) -> str:
    """The reading in one line; ``events`` are the election's, as far as they are remembered."""
    term = reading.term
    if term is None:
        return reading_text(reading, now, local, None, timedelta(0))
    began = (event for event in events if event.observed_at == term.began_at)
    revision = next((event.revision for event in began if _began(event, term.leader)), None)
    stretches = watched.unwatched(term.began_at, term.ended_at or now)
    blind = sum((stretch.until - stretch.since for stretch in stretches), timedelta(0))
    return reading_text(reading, now, local, revision, blind)


def _began(event: Transition, leader: Candidate | None) -> bool:
    """Whether this transition made that leader lead, or ``None`` the vacancy."""
    if event.after is None or leader is None:
        return event.after is leader
    return event.kind != "proclaimed" and event.after.key == leader.key
