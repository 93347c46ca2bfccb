"""Terms as SVG, for notebooks and files. Pure, standard library only.

One merged path per lane: a lane of 500 terms is one element, so a picture of 20 of them stays below 150 kB.
Every text goes through `text.safe`, which leaves nothing that XML forbids, and is escaped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import NamedTuple

from election_core import Candidate, Term, TermLog

from ..text import safe
from .axis import Local, time_marks, wall_now
from .colours import COLOURS, VACANT, Shade, shade_of
from .lanes import Places, Window, lanes_of

__all__ = ["ANY_PAGE", "PAPER", "Paper", "Strip", "strips_svg", "timeline_svg"]

WIDTH = 900
"""Width in SVG units, and in pixels where there is that much room."""
_LABELS, _NOTES, _LANE, _AXIS, _TITLE = 200, 190, 24, 26, 28
# The lanes' ground is dark: all of the leaders' colours can be seen on it.
_GROUND, _RULE, _HATCH = "#1E1E1E", "#3A3A3A", "#8A8A8A"
_BARS = (15, 10, 5)
"""Height of a bar by the pattern of its shade."""
_LOW = 3
_LEAST = 4
"""Least width of a term in tenths of SVG units, so that every term leaves a mark."""
_GLYPH = 9
"""What a letter takes; one that would be cut is left out."""
_MARK = 26
"""Half of a time below the axis is at most so wide."""
_SEAM, _SEAMED = 12, 30
"""A term that has ended leaves this much ground before the next one, where it is at least so long, in tenths."""
_READ_OUT = 20
"""Strips that the alternative text goes through."""
Stretches = Sequence[tuple[datetime, datetime]]


class Paper(NamedTuple):
    """What a picture is drawn on and with."""

    page: str
    ink: str


PAPER = Paper("#FFFFFF", "#222222")
"""For files, which may be opened on any ground."""
ANY_PAGE = Paper("none", "#767676")
"""For pictures inside a page of any theme: this grey is read on white and on black."""


@dataclass(frozen=True, slots=True)
class Strip:
    """One line of a picture: a label, some facts, and the terms to draw."""

    label: str
    terms: Sequence[Term]
    bold: bool = False
    note: str = ""


def timeline_svg(
    title: str,
    log: TermLog,
    queue: Sequence[Candidate],
    window: Window,
    unwatched: Stretches = (),
    *,
    places: Places | None = None,
    local: Local = wall_now,
    paper: Paper = PAPER,
) -> str:
    """Who led when, a lane per candidate; ``window.columns`` does not matter."""
    lanes = lanes_of(log, queue, window, places)
    strips = [Strip(lane.mark + lane.label, lane.terms, bold=lane.leads) for lane in lanes]
    forgotten = _forgotten_before(log)
    return strips_svg(title, strips, window, unwatched, local=local, paper=paper, forgotten_before=forgotten)


def _forgotten_before(log: TermLog) -> datetime | None:
    return log.terms_kept[0].began_at if log.dropped else None


def strips_svg(
    title: str,
    strips: Sequence[Strip],
    window: Window,
    unwatched: Stretches = (),
    *,
    local: Local = wall_now,
    paper: Paper = PAPER,
    forgotten_before: datetime | None = None,
) -> str:
    """Any strips below a title and above an axis of local time; what was not watched is hatched."""
    left = _LABELS + (_NOTES if any(strip.note for strip in strips) else 0)
    scale = Window(window.until, window.span, WIDTH - left - 12)
    height = _TITLE + _LANE * len(strips) + _AXIS
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" style="max-width:100%;height:auto"'
        f' viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{_read_out(title, strips)}"'
        f' font-family="ui-monospace, monospace" font-size="12" fill="{paper.ink}">',
        f'<rect width="{WIDTH}" height="{height}" fill="{paper.page}"/>',
        f'<rect x="{left}" y="{_TITLE}" width="{scale.columns}" height="{_LANE * len(strips)}" fill="{_GROUND}"/>',
        f'<text x="8" y="19" font-weight="bold">{_text(title, 100)}</text>',
        *_axis(scale, left, height, local),
    ]
    for row, strip in enumerate(strips):
        parts += _bars(strip, left, _TITLE + row * _LANE, scale)
    parts += _hatched(unwatched, left, scale, _LANE * len(strips))
    for row, strip in enumerate(strips):
        parts += _words(strip, left, _TITLE + row * _LANE, scale)
    if forgotten_before is not None and (at := scale.column(forgotten_before)) > 0:
        x = left + min(at, scale.columns) / 2
        parts.append(f'<text x="{x:.1f}" y="{_TITLE + 16}" text-anchor="middle" fill="#FFFFFF">… forgotten</text>')
    return "\n".join([*parts, "</svg>"])


def _read_out(title: str, strips: Sequence[Strip]) -> str:
    """What a reader of the screen says in place of the picture."""
    words = [f"{strip.label.strip()}: {strip.note}" if strip.note else strip.label.strip() for strip in strips]
    more = [f"and {len(words) - _READ_OUT} more"] if len(words) > _READ_OUT else []
    return _text("; ".join([title, *words[:_READ_OUT], *more]), 2000)


def _axis(scale: Window, left: int, height: int, local: Local) -> Iterable[str]:
    bottom = height - _AXIS
    for column, label in time_marks(Window(scale.until, scale.span, scale.columns // 8), local):
        x = left + column * 8
        yield f'<path d="M{x} {_TITLE}V{bottom}" stroke="{_RULE}"/>'
        if x + _MARK <= WIDTH:
            yield f'<text x="{x}" y="{bottom + 16}" text-anchor="middle" font-size="10">{escape(label)}</text>'


def _bars(strip: Strip, left: int, top: int, scale: Window) -> Iterable[str]:
    shades: defaultdict[Shade | None, list[Term]] = defaultdict(list)
    for term in strip.terms:
        shades[None if term.leader is None else shade_of(term.first_value)].append(term)
    for shade, terms in shades.items():
        height, colour = (_LOW, VACANT) if shade is None else (_BARS[shade.pattern], COLOURS[shade.colour])
        middle = top + _LANE / 2 + (0 if shade else 6)
        yield f'<path d="{_path(terms, left, middle, scale)}" stroke="{colour}" stroke-width="{height}"/>'


def _path(terms: Iterable[Term], left: int, middle: float, scale: Window) -> str:
    """Strokes from the beginning to the end of each term, relative to the one before: that is short."""
    pieces, last, right = [], 0, scale.columns * 10
    for term in terms:
        begin = min(max(round(scale.column(term.began_at) * 10), 0), right - _LEAST)
        end = min(round(scale.column(term.ended_at or scale.until) * 10), right)
        if term.ended_at is not None and end - begin >= _SEAMED:
            end -= _SEAM
        end = max(end, begin + _LEAST)
        pieces.append(f"m{_tenths(begin - last)} 0h{_tenths(end - begin)}")
        last = end
    return f"M{left} {middle:g}" + "".join(pieces)


def _tenths(number: int) -> str:
    return f"{number / 10:g}"


def _hatched(unwatched: Stretches, left: int, scale: Window, height: int) -> Iterable[str]:
    middle = _TITLE + height / 2
    for since, until in unwatched:
        begin, end = max(scale.column(since), 0.0), min(scale.column(until), float(scale.columns))
        if begin < end:
            line = f'd="M{left + begin:.1f} {middle:g}H{left + end:.1f}" stroke-width="{height}"'
            yield f'<path {line} stroke="{_GROUND}"/>'
            yield f'<path {line} stroke="{_HATCH}" stroke-dasharray="1 5"/>'


def _words(strip: Strip, left: int, top: int, scale: Window) -> Iterable[str]:
    weight = ' font-weight="bold"' if strip.bold else ""
    yield f'<text x="8" y="{top + 16}"{weight}>{_text(strip.label, 26)}</text>'
    legible = f'fill="#FFFFFF" stroke="{_GROUND}" stroke-width="3" paint-order="stroke"'
    for at, mark in _unknown(strip.terms, scale):
        yield f'<text x="{left + at:.1f}" y="{top + 16}" font-size="11" {legible}>{mark}</text>'
    if strip.note:
        yield f'<text x="{_LABELS}" y="{top + 16}">{_text(strip.note, 25)}</text>'


def _unknown(terms: Sequence[Term], scale: Window) -> Iterable[tuple[float, str]]:
    """Where a term within the window began before it was seen, or ended inside a gap."""
    last = scale.columns - _GLYPH
    for term in terms:
        if not term.began_known and not term.is_vacant and 0 <= (at := scale.column(term.began_at)) <= last:
            yield at + 1, "≥"
        if not term.ended_known and term.ended_at and 0 <= (at := scale.column(term.ended_at)) <= scale.columns:
            yield at - 8, "?"


def _text(text: str, cells: int) -> str:
    return escape(safe(text, cells))
