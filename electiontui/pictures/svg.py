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

from election_core import Candidate, Term, TermLog

from ..text import safe
from .axis import Local, time_marks, wall_now
from .colours import COLOURS, VACANT, Shade, shade_of
from .lanes import Places, Window, lanes_of

__all__ = ["Strip", "strips_svg", "timeline_svg"]

WIDTH = 900
"""Width in SVG units; the picture scales to what there is."""
_LABELS, _LANE, _AXIS, _TITLE = 200, 24, 26, 28
_PLOT = WIDTH - _LABELS - 12
# The lanes' ground is dark: all of the leaders' colours can be seen on it.
_GROUND, _INK, _RULE, _HATCH = "#1E1E1E", "#222222", "#3A3A3A", "#8A8A8A"
_BARS = (15, 10, 5)
"""Height of a bar by the pattern of its shade."""
_LOW = 3
_LEAST = 4
"""Least width of a term in tenths of SVG units, so that every term leaves a mark."""
Stretches = Sequence[tuple[datetime, datetime]]


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
) -> str:
    """Who led when, a lane per candidate; ``window.columns`` does not matter."""
    lanes = lanes_of(log, queue, window, places)
    strips = [Strip(lane.mark + lane.label, lane.terms, bold=lane.leads) for lane in lanes]
    return strips_svg(title, strips, window, unwatched, local=local, forgotten_before=_forgotten_before(log))


def _forgotten_before(log: TermLog) -> datetime | None:
    return log.terms_kept[0].began_at if log.dropped else None


def strips_svg(
    title: str,
    strips: Sequence[Strip],
    window: Window,
    unwatched: Stretches = (),
    *,
    local: Local = wall_now,
    forgotten_before: datetime | None = None,
) -> str:
    """Any strips below a title and above an axis of local time; what was not watched is hatched."""
    scale = Window(window.until, window.span, _PLOT)
    height = _TITLE + _LANE * len(strips) + _AXIS
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="100%" viewBox="0 0 {WIDTH} {height}"'
        f' font-family="ui-monospace, monospace" font-size="12" fill="{_INK}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#FFFFFF"/>',
        f'<rect x="{_LABELS}" y="{_TITLE}" width="{_PLOT}" height="{_LANE * len(strips)}" fill="{_GROUND}"/>',
        f'<text x="8" y="19" font-weight="bold">{_text(title, 100)}</text>',
        *_axis(scale, height, local),
    ]
    for row, strip in enumerate(strips):
        parts += _bars(strip, _TITLE + row * _LANE, scale)
    parts += _hatched(unwatched, scale, _LANE * len(strips))
    for row, strip in enumerate(strips):
        parts += _words(strip, _TITLE + row * _LANE, scale)
    if forgotten_before is not None and (at := scale.column(forgotten_before)) > 0:
        x = _LABELS + min(at, _PLOT) / 2
        parts.append(f'<text x="{x:.1f}" y="{_TITLE + 16}" text-anchor="middle" fill="#FFFFFF">… forgotten</text>')
    return "\n".join([*parts, "</svg>"])


def _axis(scale: Window, height: int, local: Local) -> Iterable[str]:
    bottom = height - _AXIS
    for column, label in time_marks(Window(scale.until, scale.span, _PLOT // 8), local):
        x = _LABELS + column * 8
        yield f'<path d="M{x} {_TITLE}V{bottom}" stroke="{_RULE}"/>'
        yield f'<text x="{x}" y="{bottom + 16}" text-anchor="middle" font-size="10">{escape(label)}</text>'


def _bars(strip: Strip, top: int, scale: Window) -> Iterable[str]:
    shades: defaultdict[Shade | None, list[Term]] = defaultdict(list)
    for term in strip.terms:
        shades[None if term.leader is None else shade_of(term.first_value)].append(term)
    for shade, terms in shades.items():
        height, colour = (_LOW, VACANT) if shade is None else (_BARS[shade.pattern], COLOURS[shade.colour])
        middle = top + _LANE / 2 + (0 if shade else 6)
        yield f'<path d="{_path(terms, middle, scale)}" stroke="{colour}" stroke-width="{height}"/>'


def _path(terms: Iterable[Term], middle: float, scale: Window) -> str:
    """Strokes from the beginning to the end of each term, relative to the one before: that is short."""
    pieces, last = [], 0
    for term in terms:
        begin = min(max(round(scale.column(term.began_at) * 10), 0), _PLOT * 10 - _LEAST)
        end = min(round(scale.column(term.ended_at or scale.until) * 10), _PLOT * 10)
        end = max(end, begin + _LEAST)
        pieces.append(f"m{_tenths(begin - last)} 0h{_tenths(end - begin)}")
        last = end
    return f"M{_LABELS} {middle:g}" + "".join(pieces)


def _tenths(number: int) -> str:
    return f"{number / 10:g}"


def _hatched(unwatched: Stretches, scale: Window, height: int) -> Iterable[str]:
    middle = _TITLE + height / 2
    for since, until in unwatched:
        begin, end = max(scale.column(since), 0.0), min(scale.column(until), float(_PLOT))
        if begin < end:
            line = f'd="M{_LABELS + begin:.1f} {middle:g}H{_LABELS + end:.1f}" stroke-width="{height}"'
            yield f'<path {line} stroke="{_GROUND}"/>'
            yield f'<path {line} stroke="{_HATCH}" stroke-dasharray="1 5"/>'


def _words(strip: Strip, top: int, scale: Window) -> Iterable[str]:
    weight = ' font-weight="bold"' if strip.bold else ""
    yield f'<text x="8" y="{top + 16}"{weight}>{_text(strip.label, 26)}</text>'
    legible = f'fill="#FFFFFF" stroke="{_GROUND}" stroke-width="3" paint-order="stroke"'
    for at, mark in _unknown(strip.terms, scale):
        yield f'<text x="{_LABELS + at:.1f}" y="{top + 16}" font-size="11" {legible}>{mark}</text>'
    if strip.note:
        yield f'<text x="{WIDTH - 14}" y="{top + 16}" text-anchor="end" {legible}>{_text(strip.note, 40)}</text>'


def _unknown(terms: Sequence[Term], scale: Window) -> Iterable[tuple[float, str]]:
    """Where a term within the window began before it was seen, or ended inside a gap."""
    for term in terms:
        if not term.began_known and not term.is_vacant and 0 <= (at := scale.column(term.began_at)) <= _PLOT:
            yield at + 1, "≥"
        if not term.ended_known and term.ended_at and 0 <= (at := scale.column(term.ended_at)) <= _PLOT:
            yield at - 8, "?"


def _text(text: str, cells: int) -> str:
    return escape(safe(text, cells))
