"""Which colour and pattern stands for a leader: the same in every election, view and notebook, in every run. Pure."""

from __future__ import annotations

import re
import zlib
from functools import lru_cache
from typing import NamedTuple

from ..text import raw

__all__ = ["COLOURS", "PATTERNS", "VACANT", "Shade", "letter_of", "shade_of"]

# Chosen so that any two of them, and the vacancies' colour, are told apart with full colour vision and with each kind
# of colour blindness; they stand in such an order that neighbours differ in lightness, too.
COLOURS = (
    "#B2C8A5",
    "#117733",
    "#EBAC23",
    "#F2F2F2",
    "#8400CD",
    "#00A76C",
    "#DDCC77",
    "#008DF9",
    "#9F0162",
    "#999933",
    "#FFB2FD",
    "#AA4499",
)
"""The colours, by number."""
PATTERNS = 3
"""Patterns in which each colour comes: solid, and two that are not."""
VACANT = "#E8590C"
"""What a vacancy is drawn in, always in a pattern of its own."""

_NUMBERED = re.compile(rb"(.*?)(\d{1,9})\D*", re.DOTALL)


class Shade(NamedTuple):
    """How a leader is drawn."""

    colour: int
    """Index into `COLOURS`."""
    pattern: int
    """0 is solid; up to `PATTERNS`."""


@lru_cache(maxsize=4096)
def shade_of(value: bytes | str) -> Shade:
    """The shade of a leader by its value.

    Values that differ in their last number alone, as those of hosts mostly do, get shades beside each other: up to 36
    of them are told apart.
    """
    content = raw(value)[:256]
    numbered = _NUMBERED.fullmatch(content)
    stem, number = (numbered[1], int(numbered[2])) if numbered else (content, 0)
    place = (zlib.crc32(stem) % len(COLOURS) + number) % (len(COLOURS) * PATTERNS)
    return Shade(place % len(COLOURS), place // len(COLOURS))


def letter_of(value: bytes | str) -> str:
    """One character that stands for a leader where there is no colour: the last digit of its last number, or its last
    letter."""
    content = raw(value)[:256]
    numbered = _NUMBERED.fullmatch(content)
    text = (numbered[2] if numbered else content).decode("ascii", "ignore")
    return next((char for char in reversed(text) if char.isalnum()), "#")
