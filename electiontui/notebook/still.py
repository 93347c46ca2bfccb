"""A view as a picture that is drawn anew where something has changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from .allowance import Allowance
from .kernel import Cell, cells_run, current_cell

__all__ = ["Bundle", "Drawn", "StillShowing", "display"]

Bundle = dict[str, Any]
_MOST = 4_000_000
"""Bytes of pictures that are sent while no cell is run."""
_FOR_EVER = 1e12
_SLOWER = 50.0


class Drawn(Protocol):
    """A view, as far as pictures need it."""

    def bundle(self) -> Bundle:
        """The picture as of now, by MIME type."""
        ...

    def fingerprint(self) -> object:
        """Changes when the picture does, but for the time that has passed."""
        ...


def display(bundle: Bundle) -> Any:
    """Show it, and return the handle with which it can be renewed."""
    from IPython.display import display as show

    shown: Callable[..., Any] = show
    return shown(bundle, raw=True, display_id=True)


class StillShowing:
    """Draws a picture per change. Nothing acknowledges one, so a cell that is run counts as a sign that somebody is
    there, and with the time since then pictures come more slowly.

    Attributes:
        cell: where it is shown.
    """

    # The mutable state: what the last picture showed, and how much may be sent.

    def __init__(self, view: Drawn) -> None:
        self._view = view
        self.cell: Cell = current_cell()
        self._shown = view.fingerprint()
        self._cells_run, self._count = cells_run(), 0
        self._allowance = Allowance(time.monotonic(), most=_MOST, longest=_FOR_EVER, slower=_SLOWER)
        self._stopped = False
        self._handle = display(view.bundle())

    @property
    def is_over(self) -> bool:
        return False

    def tick(self) -> None:
        now = time.monotonic()
        if (run := cells_run()) != self._cells_run:
            self._cells_run = run
            self._allowance.heard(self._count, now)
        if self._allowance.may_send(now):
            self._draw_if_changed(now)

    def stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            self._draw_if_changed(time.monotonic())

    def remove(self) -> None:
        self._stopped = True

    def _draw_if_changed(self, now: float) -> None:
        fingerprint = self._view.fingerprint()
        if fingerprint == self._shown:
            return
        self._shown = fingerprint
        bundle = self._view.bundle()
        self._count += 1
        self._allowance.sent(self._count, sum(map(len, bundle.values())), now)
        self._handle.update(bundle, raw=True)
