"""What renews the views of one monitor: one task in its event loop, or one thread, however often cells are run."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextvars import Context
from typing import Protocol

from election_core.blocking import Monitor as BlockingMonitor

from .kernel import Cell
from .one_per import OnePer
from .source import Source

__all__ = ["FRAME_INTERVAL", "Renewal", "Showing", "renewal_of"]

FRAME_INTERVAL = 0.25
"""Seconds between two looks at the monitor, and so the least time between two frames."""
_MOST_SHOWN = 64
"""Views that are renewed at a time, in all cells; of more the oldest stands still."""

_log = logging.getLogger("electiontui.notebook")


class Showing(Protocol):
    """One view where it is shown."""

    @property
    def cell(self) -> Cell: ...

    @property
    def is_over(self) -> bool:
        """Whether nobody can see it any more."""
        ...

    def tick(self) -> None:
        """Look, and show what is new."""

    def stop(self) -> None:
        """Show how things are for the last time; what is shown stays. Calling it again does nothing."""

    def remove(self) -> None:
        """It was replaced: nothing is shown any more."""


class Renewal:
    """Ticks from the first view on until the monitor is closed, and notes even without a view what was watched."""

    # The mutable state: the views that are renewed, and the task or thread, of which there is never a second one. Views
    # are ticked, stopped and replaced under the lock, since a cell runs in another thread than what renews them.

    def __init__(self, source: Source) -> None:
        self._source = source
        self._showings: list[Showing] = []
        self._lock = threading.RLock()
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()

    @property
    def runs(self) -> bool:
        """Whether anything is renewed."""
        task, thread = self._task, self._thread
        return (task is not None and not task.done()) or (thread is not None and thread.is_alive())

    def begin(self) -> None:
        """Tick from now on, where a loop or a thread can be had for it."""
        if self.runs or self._source.closed or self._ending.is_set():
            return
        if isinstance(self._source.monitor, BlockingMonitor):
            self._thread = threading.Thread(
                target=Context().run, args=(self._tick_in_thread,), name="electiontui views", daemon=True
            )
            self._thread.start()
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # no notebook, nothing could renew it
        # In the cell's own context its frames would count as output of a cell that has ended, which the programs
        # that execute notebooks without a browser drop.
        self._task = loop.create_task(self._tick_in_loop(), name="electiontui views", context=Context())

    def add(self, showing: Showing) -> None:
        """Renew a view; those of earlier runs of its cell are replaced, whatever monitor they are of."""
        for renewal in _RENEWALS.all():
            renewal._replace(showing.cell)
        self.begin()
        with self._lock:
            self._showings.append(showing)
            for each in self._showings[:-_MOST_SHOWN]:
                self.stop(each)

    def stop(self, showing: Showing) -> None:
        """Renew it no more; what is shown stays."""
        with self._lock:
            if showing in self._showings:
                self._showings.remove(showing)
            showing.stop()

    def shows(self, showing: Showing) -> bool:
        return self.runs and showing in self._showings

    def end(self) -> None:
        """Stop all views and wait for the end of the thread."""
        self._ending.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _replace(self, cell: Cell) -> None:
        with self._lock:
            old = [each for each in self._showings if each.cell.place == cell.place and each.cell.run != cell.run]
            self._showings = [each for each in self._showings if each not in old]
            for each in old:
                each.remove()

    async def _tick_in_loop(self) -> None:
        while not self._source.closed:
            await asyncio.sleep(FRAME_INTERVAL)
            self._tick()
        self._stop_all()

    def _tick_in_thread(self) -> None:
        while not self._ending.wait(FRAME_INTERVAL) and not self._source.closed:
            self._tick()
        self._stop_all()

    def _tick(self) -> None:
        self._source.note()
        with self._lock:
            self._showings = [each for each in self._showings if not each.is_over]
            for showing in list(self._showings):
                try:
                    showing.tick()
                except Exception:  # noqa: BLE001 - a defect in one view must not end the others
                    _log.exception("a view is renewed no more")
                    self._showings = [each for each in self._showings if each is not showing]

    def _stop_all(self) -> None:
        with self._lock:
            for showing in list(self._showings):
                self.stop(showing)


_RENEWALS: OnePer[Source, Renewal] = OnePer(Renewal)


def renewal_of(source: Source) -> Renewal:
    """The one renewal of a source."""
    return _RENEWALS.of(source)
