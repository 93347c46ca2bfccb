"""Terms as SVG, for notebooks. Pure, standard library only.

One merged path per lane: a lane of 500 terms is one element, so a picture of 20 of them stays below 150 kB.
Every text goes through `text.safe`, which leaves nothing that XML forbids, and is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from election_core import Candidate, Term, TermLog

from ..text import safe
from .lanes import Window, lanes_of, time_marks

__all__ = ["Strip", "strips_svg", "timeline_svg"]

WIDTH = 900
"""Width in SVG units; the picture scales to what there is."""
_LABELS, _LANE, _BAR, _AXIS, _TITLE = 200, 24, 15, 26, 28
_PLOT = WIDTH - _LABELS - 12
# Okabe and Ito's colours, which tell apart for every eye; a vacancy is lower, too.
_LED, _VACANT, _INK, _RULE = "#0072B2", "#D55E00", "#222222", "#DDDDDD"
_LEAST = 1.0
"""Least width of a term in SVG units, so that every term leaves a mark."""


@dataclass(frozen=True, slots=True)
class Strip:
    """One line of a picture: a label, some facts, and the terms to draw."""

    label: str
    terms: Sequence[Term]
    bold: bool = False
    note: str = ""


def timeline_svg(title: str, log: TermLog, queue: Sequence[Candidate], window: Window) -> str:
    """Who led when, a lane per candidate; ``window.columns`` does not matter."""
    strips = [Strip(lane.mark + lane.label, lane.terms, bold=lane.leads) for lane in lanes_of(log, queue, window)]
    return strips_svg(title, strips, window)


def strips_svg(title: str, strips: Sequence[Strip], window: Window) -> str:
    """Any strips below a title and above an axis of local time."""
    scale = Window(window.until, window.span, _PLOT)
    height = _TITLE + _LANE * len(strips) + _AXIS
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="100%" viewBox="0 0 {WIDTH} {height}"'
        f' font-family="ui-monospace, monospace" font-size="12" fill="{_INK}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#FFFFFF"/>',
        f'<text x="8" y="19" font-weight="bold">{_text(title, 100)}</text>',
        *_axis(scale, height),
    ]
    for row, strip in enumerate(strips):
        parts += _strip(strip, _TITLE + row * _LANE, scale)
    return "\n".join([*parts, "</svg>"])


def _axis(scale: Window, height: int) -> Iterable[str]:
    bottom = height - _AXIS
    for column, label in time_marks(Window(scale.until, scale.span, _PLOT // 8)):
        x = _LABELS + column * 8
        yield f'<path d="M{x} {_TITLE}V{bottom}" stroke="{_RULE}"/>'
        yield f'<text x="{x}" y="{bottom + 16}" text-anchor="middle" font-size="10">{escape(label)}</text>'


def _strip(strip: Strip, top: int, scale: Window) -> Iterable[str]:
    weight = ' font-weight="bold"' if strip.bold else ""
    yield f'<text x="8" y="{top + 16}"{weight}>{_text(strip.label, 26)}</text>'
    middle = top + _LANE / 2
    led = _path([term for term in strip.terms if not term.is_vacant], middle, _BAR, scale)
    vacant = _path([term for term in strip.terms if term.is_vacant], middle, _BAR / 3, scale)
    if led:
        yield f'<path d="{led}" fill="{_LED}"/>'
    if vacant:
        yield f'<path d="{vacant}" fill="{_VACANT}"/>'
    for at, mark in _unknown(strip.terms, scale):
        yield f'<text x="{_LABELS + at:.1f}" y="{top + 16}" font-size="11" fill="#FFFFFF">{mark}</text>'
    if strip.note:
        yield (
            f'<text x="{WIDTH - 14}" y="{top + 16}" text-anchor="end" stroke="#FFFFFF" stroke-width="3"'
            f' paint-order="stroke">{_text(strip.note, 40)}</text>'
        )


def _path(terms: Iterable[Term], middle: float, height: float, scale: Window) -> str:
    pieces = []
    for term in terms:
        begin = min(max(scale.column(term.began_at), 0.0), _PLOT - _LEAST)
        end = scale.column(term.ended_at or scale.until)
        wide = max(min(end, _PLOT) - begin, _LEAST)
        pieces.append(f"M{_LABELS + begin:.1f} {middle - height / 2:.1f}h{wide:.1f}v{height:.1f}h-{wide:.1f}z")
    return "".join(pieces)


def _unknown(terms: Sequence[Term], scale: Window) -> Iterable[tuple[float, str]]:
    """Where a term within the window began before it was seen, or ended inside a gap."""
    for term in terms:
        if not term.began_known and not term.is_vacant and 0 <= (at := scale.column(term.began_at)) <= _PLOT:
            yield at + 1, "≥"
        if not term.ended_known and term.ended_at and 0 <= (at := scale.column(term.ended_at)) <= _PLOT:
            yield at - 8, "?"


def _text(text: str, cells: int) -> str:
    return escape(safe(text, cells))
