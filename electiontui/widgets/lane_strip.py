"""Lines of the timeline in colour: a lane with its label, and the axis."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ..pictures.colours import COLOURS, VACANT, letter_of
from ..pictures.lanes import Lane
from ..pictures.raster import FORGOTTEN, UNWATCHED
from ..text import fit

__all__ = ["AXIS", "LaneStyle", "axis_strip", "lane_strip"]

AXIS = 2
"""Lines of the axis."""
_SOLID = "█"
_PATTERNS = (_SOLID, "▚", "▤")
# Leaders' colours are made for a dark ground, on which all of them can be seen.
_GROUND, _QUIET, _BRIGHT = Style(bgcolor="#1E1E1E"), Style(color="#A0A0A0"), Style(color="#FFFFFF")


@dataclass(frozen=True, slots=True)
class LaneStyle:
    """What a lane's line is drawn in, apart from the colour of its own."""

    base: Style
    label: Style
    muted: Style
    colourless: bool
    is_dark: bool


def lane_strip(
    lane: Lane, drawn: str, gutter: int, cells: int, style: LaneStyle, cursor: int | None, *, labelled: bool = True
) -> Strip:
    """The lane's label and what `raster` made of it, ``cells`` wide; the cursor is a column of it."""
    mark = "★ " if lane.leads and not lane.vacant else "◌ " if lane.waits else "  "
    head = fit(mark + lane.label if labelled else "", gutter - 2) + " ┤"
    segments = [Segment(head, style.base + style.label + Style(bold=lane.leads))]
    own_ground = not style.is_dark and not style.colourless
    ground = style.base + _GROUND if own_ground else style.base
    quiet, bright = (ground + _QUIET, ground + _BRIGHT) if own_ground else (ground + style.muted, ground + style.label)
    colour, solid = _colour_of(lane), _solid_of(lane, style)
    full = ground + Style(color=colour)
    # Full blocks get a ground of their own colour: some fonts leave a seam between them.
    seamless = full + Style(bgcolor=colour) if solid == _SOLID else full
    styles = {_SOLID: seamless, UNWATCHED: quiet, FORGOTTEN: quiet}
    for (glyph_style, at_cursor), run in groupby(
        enumerate(drawn), lambda each: (styles.get(each[1], full), each[0] == cursor)
    ):
        text = "".join(char for _, char in run).replace(_SOLID, solid)
        if at_cursor:
            # On a full block it stands on the block's own colour.
            glyph_style = seamless + Style(color="#000000") if text == _SOLID else bright
            text = "│"
        segments.append(Segment(text, glyph_style))
    return Strip(segments).adjust_cell_length(cells, style.base)


def axis_strip(head: str, text: str, cells: int, style: Style, cursor: int | None) -> Strip:
    """A line below the lanes, with the foot of the cursor."""
    segments = [Segment(head + text, style)]
    if cursor is not None:
        segments = [
            Segment(head + text[:cursor], style),
            Segment("▲", style + Style(bold=True)),
            Segment(text[cursor + 1 :], style),
        ]
    return Strip(segments).adjust_cell_length(cells, style)


def _colour_of(lane: Lane) -> str:
    return VACANT if lane.shade is None else COLOURS[lane.shade.colour]


def _solid_of(lane: Lane, style: LaneStyle) -> str:
    """What stands for a full block."""
    if lane.shade is None or lane.identity is None:
        return _SOLID
    return letter_of(lane.identity.value) if style.colourless else _PATTERNS[lane.shade.pattern]
