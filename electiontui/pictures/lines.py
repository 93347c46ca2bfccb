"""Terms as lines of text, for where nothing else can be shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from election_core import Candidate, TermLog

from ..text import fit, width
from .axis import Local, time_marks, wall_now
from .lanes import Places, Window, lanes_of
from .raster import PARTLY, UNWATCHED, cover_of, raster

__all__ = ["timeline_text"]


def timeline_text(
    log: TermLog,
    queue: Sequence[Candidate],
    window: Window,
    unwatched: Iterable[tuple[datetime, datetime]] = (),
    *,
    places: Places | None = None,
    local: Local = wall_now,
) -> str:
    """The timeline as lines of text, the lanes ``window.columns`` wide; ``╱`` was not watched."""
    lanes = lanes_of(log, queue, window, places)
    labels = [lane.mark + lane.label for lane in lanes]
    wide = max(map(width, labels))
    cover = cover_of(log, window, window.until, unwatched)
    lines = [
        f"{fit(label, wide)} ┤{raster(lane, window, window.until, cover)}".rstrip()
        for label, lane in zip(labels, lanes, strict=True)
    ]
    return "\n".join([*lines, " " * wide + " └" + _ticks(window, local, cover)])


def _ticks(window: Window, local: Local, cover: str) -> str:
    line = [UNWATCHED if over in (PARTLY, UNWATCHED) else "─" for over in cover]
    for column, label in time_marks(window, local):
        if column + len(label) <= window.columns:
            line[column : column + len(label)] = label
    return "".join(line)
