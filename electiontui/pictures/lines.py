"""Terms as lines of text, for where nothing else can be shown. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from election_core import Candidate, TermLog

from ..text import fit, width
from .lanes import Window, lanes_of, raster, time_marks

__all__ = ["timeline_text"]


def timeline_text(log: TermLog, queue: Sequence[Candidate], window: Window) -> str:
    """The timeline as lines of text, the lanes ``window.columns`` wide."""
    lanes = lanes_of(log, queue, window)
    labels = [lane.mark + lane.label for lane in lanes]
    wide = max(map(width, labels))
    lines = [
        f"{fit(label, wide)} ┤{raster(lane, window, window.until)}".rstrip()
        for label, lane in zip(labels, lanes, strict=True)
    ]
    return "\n".join([*lines, " " * wide + " └" + _ticks(window)])


def _ticks(window: Window) -> str:
    line = ["─"] * window.columns
    for column, label in time_marks(window):
        if column + len(label) <= window.columns:
            line[column : column + len(label)] = label
    return "".join(line)
