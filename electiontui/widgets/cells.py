"""What the cells of a table hold, and how wide its columns are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.style import Style

from ..rows import Column

__all__ = ["Cell", "Painted", "column_widths"]


class Painted(NamedTuple):
    """A cell in several colours: pieces of harmless text, each with its style."""

    runs: tuple[tuple[str, Style], ...]


Cell = tuple[str, str] | Painted
"""Harmless text, and the name of a component class such as ``leading``, or ``""``; or what is painted."""


def column_widths(columns: Sequence[Column], width: int) -> list[tuple[Column, int]]:
    """The columns that fit a table of ``width`` cells, and how many cells each gets, one cell apart."""
    shown = [column for column in columns if width >= column.drop_below]
    spare = max(width - sum(column.cells + 1 for column in shown) - 1, 0)
    shares = sum(column.grows for column in shown) or 1
    return [(column, column.cells + spare * column.grows // shares) for column in shown]
