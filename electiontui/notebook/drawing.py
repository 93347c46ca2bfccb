"""Views as still pictures and text. Pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape

from election_core import ElectionState

from ..pictures.axis import Local, clock_text, span_text, time_marks
from ..pictures.lanes import Places, Window
from ..pictures.lines import timeline_text
from ..pictures.strip import lettered, strip_of
from ..pictures.svg import Paper, Strip, strips_svg, timeline_svg
from ..pictures.table import aligned
from ..text import fit, safe
from ..watched import Stretch
from .source import Look, Phase

__all__ = [
    "elections_svg",
    "elections_text",
    "leader_text",
    "phase_text",
    "still_html",
    "timeline_svg_of",
    "timeline_text_of",
]

_LEGEND = "a letter per leader · │ the next term · * several · ░ vacant · ╱ not watched · ? terms may be missing"


def leader_text(state: ElectionState, phase: Phase) -> str:
    """Who leads and how many wait, in harmless words."""
    if phase is Phase.NOT_YET:
        return "unknown"
    if state.leader is None:
        return "vacant"
    waiting = len(state) - 1
    return f"{safe(state.leader.value, 30) or '(empty)'}" + (f" +{waiting} waiting" if waiting else "")


def phase_text(look: Look, local: Local) -> str:
    """What has to be said where the present is not known, or nothing."""
    if look.phase in (Phase.WATCHED, Phase.CLOSED, Phase.NOT_YET) or look.silent_since is None:
        return f" · {look.phase.value}" if look.phase.value else ""
    return f" · {look.phase.value} SINCE {clock_text(local(look.silent_since), local(look.now))}"


def elections_svg(
    title: str, look: Look, window: Window, unwatched: Sequence[Stretch], local: Local, paper: Paper
) -> str:
    """A strip per election."""
    strips = [
        Strip(
            pair.state.name,
            list(pair.log.between(window.since, window.until))[::-1],
            note=leader_text(pair.state, look.phase),
        )
        for pair in look.pairs
    ]
    return strips_svg(title, strips, window, unwatched, local=local, paper=paper)


def elections_text(title: str, look: Look, window: Window, unwatched: Sequence[Stretch], local: Local) -> str:
    """A line per election, with who led when in letters."""
    if not look.pairs:
        return title
    header = ("ELECTION", "LEADER", "QUEUE", "TOKEN", f"WHO LED, LAST {span_text(int(window.span.total_seconds()))}")
    rows = [
        (
            safe(pair.state.name, 60) or '""',
            leader_text(pair.state, look.phase).partition(" +")[0],
            str(len(pair.state)),
            "–" if pair.state.leader is None else str(pair.state.leader.create_revision),
            lettered(strip_of(pair.log, window, look.now, unwatched)),
        )
        for pair in look.pairs
    ]
    lines = aligned([header, *rows], right=(2, 3))
    before = len(lines[0]) - len(header[-1])
    return "\n".join([title, *lines, fit("", before) + _times(window, local), _LEGEND])


def _times(window: Window, local: Local) -> str:
    line = [" "] * window.columns
    for column, label in time_marks(window, local):
        if column + len(label) <= window.columns:
            line[column : column + len(label)] = label
    return "".join(line).rstrip()


def timeline_svg_of(
    title: str,
    look: Look,
    window: Window,
    unwatched: Sequence[Stretch],
    places: Places,
    local: Local,
    paper: Paper,
) -> str:
    """A lane per candidate of the one election, and none where nothing was ever watched."""
    if look.phase is Phase.NOT_YET:
        return strips_svg(title, [Strip("unknown", ())], window, unwatched, local=local, paper=paper)
    state, log = look.pairs[0]
    return timeline_svg(title, log, state.queue, window, unwatched, places=places, local=local, paper=paper)


def timeline_text_of(
    title: str, look: Look, window: Window, unwatched: Sequence[Stretch], places: Places, local: Local
) -> str:
    """The same as lines."""
    if look.phase is Phase.NOT_YET:
        return title
    state, log = look.pairs[0]
    return f"{title}\n{timeline_text(log, state.queue, window, unwatched, places=places, local=local)}"


def still_html(svg: str, view: str, says: str) -> str:
    """A picture for a page, which the live form of the same view hides.

    An image, since front ends take anything else of an SVG out of pages that they do not trust.
    """
    data = b64encode(svg.encode()).decode("ascii")
    return f'<img class="electiontui-{escape(view)}" src="data:image/svg+xml;base64,{data}" alt="{escape(says)}">'
