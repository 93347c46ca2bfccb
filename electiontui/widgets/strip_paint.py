"""Strips as coloured text: a colour and pattern for each leader, a letter for each where there are no colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter

from rich.color import Color
from rich.style import Style

from ..pictures.colours import COLOURS, VACANT, shade_of
from ..pictures.strip import Kind, Slot, lettered
from .cells import Painted

__all__ = ["paint"]

_PATTERNS = " ░▒"
_SEAM, _GAP = "▏", "?"


def _ink(colour: str) -> str:
    """Black or white, whichever is read better on it."""
    red, green, blue = Color.parse(colour).get_truecolor()
    return "#000000" if 0.3 * red + 0.59 * green + 0.11 * blue > 110 else "#FFFFFF"


_GROUNDS = tuple(Style(color=_ink(colour), bgcolor=colour) for colour in COLOURS)
_VACANT = Style(color=VACANT)
_EMPTY = {kind: kind.value for kind in Kind}


def paint(slots: Sequence[Slot], muted: Style, *, colours: bool) -> Painted:
    """The cells of a strip; ``muted`` is for what was not watched. Without ``colours`` letters stand for leaders."""
    return Painted(tuple(_merged(_coloured(slots, muted)) if colours else [(lettered(slots), Style())]))


def _coloured(slots: Iterable[Slot], muted: Style) -> Iterable[tuple[str, Style]]:
    for slot, alike in groupby(slots):
        count = len(list(alike))
        if slot.kind is Kind.LED:
            shade = shade_of(slot.value)
            yield (_mark(slot) or _PATTERNS[shade.pattern]) * count, _GROUNDS[shade.colour]
        else:
            mark = _GAP if slot.gap else _EMPTY[slot.kind]
            yield mark * count, _VACANT if slot.kind is Kind.VACANT else muted


def _mark(slot: Slot) -> str:
    """What has happened in a cell: several changes by their number, a single one by a seam."""
    if slot.gap:
        return _GAP
    if slot.begins > 1:
        return str(min(slot.begins, 9))
    return _SEAM if slot.begins else ""


def _merged(cells: Iterable[tuple[str, Style]]) -> Iterable[tuple[str, Style]]:
    for style, alike in groupby(cells, key=itemgetter(1)):
        yield "".join(text for text, _ in alike), style
