"""The notebook's kernel, where there is one, and which of its cells runs."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

__all__ = ["Cell", "cells_run", "current_cell", "has_widgets", "in_kernel"]


class Cell(NamedTuple):
    """One run of one cell."""

    place: str
    """The same for every run of the cell: its id, or its text where the front end tells no ids."""
    run: str


def _shell() -> Any:
    """The shell of a kernel, or ``None`` in a program, a terminal or another notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell if hasattr(shell, "kernel") else None


def in_kernel() -> bool:
    """Whether what is displayed can be renewed later: a loop alone says nothing, a terminal has one, too."""
    return _shell() is not None


def current_cell() -> Cell:
    """The cell that runs, for what is made again when it is run again."""
    shell = _shell()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    code = str(parent.get("content", {}).get("code", ""))
    place = parent.get("metadata", {}).get("cellId") or code
    return Cell(str(place), str(parent.get("header", {}).get("msg_id", "")))


def cells_run() -> int:
    """Grows with each cell that is run: a sign that somebody is there."""
    return int(getattr(_shell(), "execution_count", 0))


def has_widgets() -> bool:
    """Whether the live form can be shown: the extra ``notebook`` is installed."""
    try:
        import anywidget  # noqa: F401
    except ImportError:
        return False
    return True
