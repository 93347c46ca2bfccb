"""Live views for notebooks: write one as the last line of a cell and it goes on while other cells run.

::

    stack = AsyncExitStack()                           # its aclose() in the last cell ends it all
    client = await stack.enter_async_context(Client("10.0.0.1:2379"))
    monitor = await stack.enter_async_context(client.monitor())

    timeline(monitor, "job", last="5m")                # who led when, a lane per candidate
    elections(monitor)                                 # every election, one line each

A view shows what its monitor has recorded. It is renewed at most four times per second, and stays as it was last once
`View.stop` is called or its monitor is closed. It draws SVG, and text where that cannot be shown. What was not watched
while the view was renewed is hatched: nobody knows who led then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any

from election_core import ElectionState, Monitor, TermLog, utc_now

from .durations import parse_duration
from .pictures.lanes import Places, Window
from .pictures.lines import timeline_text
from .pictures.svg import Strip, strips_svg, timeline_svg
from .pictures.table import table
from .rows import duration
from .text import safe
from .wall import Wall
from .watched import Stretch, Watched

__all__ = ["View", "elections", "timeline"]

FRAME_INTERVAL = 0.25
"""Least time between two frames in seconds."""
SLOWEST_FRAME_INTERVAL = 2.0
_FRESH = timedelta(seconds=3)
"""Without a sign of life for longer than this nobody knows whether the leaders lead."""
_TEXT_COLUMNS = 72
_MOST_ELECTIONS = 100
Last = str | float | timedelta


def timeline(source: Monitor | TermLog, name: str | None = None, *, last: Last = "5m") -> View:
    """Who led one election when.

    Args:
        source: an entered monitor, or a term log, which gives a still picture.
        name: the election's name as in ``monitor.elections``; it need not exist yet. Not needed for a term log.
        last: the span shown, as ``"90s"`` or ``"1h30m"``, in seconds, or as a timedelta.

    Raises:
        ValueError: the span is malformed, or the name is missing.
    """
    if isinstance(source, TermLog):
        return _Still(source, _span(last))
    if name is None:
        raise ValueError('Which election? Give its name: timeline(monitor, "job").')
    return _Timeline(source, name, _span(last))


def elections(monitor: Monitor, *, last: Last = "5m") -> View:
    """Every election that an entered monitor sees, the first 100 by name: leader, queue, and who led when.

    Raises:
        ValueError: the span is malformed.
    """
    return _Elections(monitor, _span(last))


def _span(last: Last) -> timedelta:
    if isinstance(last, str):
        return timedelta(seconds=parse_duration(last))
    span = last if isinstance(last, timedelta) else timedelta(seconds=last)
    if span <= timedelta(0):
        raise ValueError(f"The span must be longer than zero; got last={last!r}.")
    return span


class View:
    """Something that a notebook shows. Not live by itself; see `timeline` and `elections`."""

    def __init__(self, span: timedelta) -> None:
        self._span = span

    def svg(self) -> str:
        """The picture as of now."""
        raise NotImplementedError

    def __str__(self) -> str:
        """The same as text."""
        raise NotImplementedError

    def stop(self) -> None:
        """Renew it no more; what is shown stays. Calling it again does nothing."""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": str(self)}

    def _window(self, columns: int = _TEXT_COLUMNS) -> Window:
        return Window(utc_now(), self._span, columns)


class _Still(View):
    def __init__(self, log: TermLog, span: timedelta) -> None:
        super().__init__(span)
        self._log = log

    def svg(self) -> str:
        return timeline_svg(self._log.name, self._log, _queue_of(self._log), self._window())

    def __str__(self) -> str:
        return timeline_text(self._log, _queue_of(self._log), self._window())


def _queue_of(log: TermLog) -> tuple[Any, ...]:
    leader = log.current.leader
    return () if leader is None else (leader,)


class _Live(View):
    """Renews its frames, from a task on the kernel's event loop, when its monitor has something to report."""

    # The mutable state: whether something has changed, the one task that draws, when etcd was watched and what the wall
    # clock showed, as noted with each frame.

    def __init__(self, monitor: Monitor, span: timedelta, began: datetime) -> None:
        super().__init__(span)
        self._monitor = monitor
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._watched = Watched(began)
        self._watched.seen(began)
        self._wall = Wall()
        monitor.on("change", lambda _: self._changed.set())

    def _note(self) -> None:
        """Note whether etcd is watched."""
        now, silent = utc_now(), timedelta(seconds=self._monitor.staleness)
        self._wall.note(now, datetime.now(UTC))
        if self._monitor.connected and silent < _FRESH and not self._is_closed:
            self._watched.seen(now - silent)
        else:
            self._watched.lost(now - silent)

    def _unwatched(self, window: Window) -> list[Stretch]:
        self._note()
        return list(self._watched.unwatched(window.since, window.until))

    def _ipython_display_(self) -> None:
        from IPython.display import display

        show: Callable[..., Any] = display
        handle = show(self._repr_mimebundle_(), raw=True, display_id=True)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # no notebook, nothing could renew it
        self.stop()
        # In the cell's own context its frames would count as output of a cell that has ended, which the programs
        # that execute notebooks without a browser drop.
        self._task = loop.create_task(self._renew(handle), name="electiontui view", context=Context())

    async def _renew(self, handle: Any) -> None:
        """Until the monitor is closed: a frame per change, at most four per second, and one per drawn unit of time."""
        idle = min(max(self._span.total_seconds() / 900, FRAME_INTERVAL), SLOWEST_FRAME_INTERVAL)
        while not self._is_closed:
            await asyncio.sleep(FRAME_INTERVAL)
            try:
                async with asyncio.timeout(idle - FRAME_INTERVAL):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            handle.update(self._repr_mimebundle_(), raw=True)

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    @property
    def is_live(self) -> bool:
        """Whether it is still renewed."""
        return self._task is not None and not self._task.done()

    @property
    def _is_closed(self) -> bool:
        return bool(self._monitor.closed)

    def _suffix(self) -> str:
        if self._is_closed:
            return " · monitor closed"
        silent = self._monitor.staleness
        if not self._monitor.connected:
            return f" · DISCONNECTED {duration(silent)}"
        return f" · NO SIGN OF LIFE FOR {duration(silent)}" if silent > _FRESH.total_seconds() else ""


class _Timeline(_Live):
    def __init__(self, monitor: Monitor, name: str, span: timedelta) -> None:
        super().__init__(monitor, span, monitor.log(name).terms_kept[0].began_at)
        self._name = name
        self._places = Places()

    def svg(self) -> str:
        title = f"{self._name} · {_leader_text(self._state)}{self._suffix()}"
        return timeline_svg(
            title, self._monitor.log(self._name), *self._seen(), places=self._places, local=self._wall.local
        )

    def __str__(self) -> str:
        title = f"{safe(self._name)} · {_leader_text(self._state)}{self._suffix()}"
        log = self._monitor.log(self._name)
        return f"{title}\n{timeline_text(log, *self._seen(), places=self._places, local=self._wall.local)}"

    def _seen(self) -> tuple[tuple[Any, ...], Window, list[Stretch]]:
        window = self._window()
        return self._queue, window, self._unwatched(window)

    @property
    def _state(self) -> ElectionState | None:
        found: Mapping[str, ElectionState] = self._monitor.elections
        return found.get(self._name)

    @property
    def _queue(self) -> tuple[Any, ...]:
        return () if self._state is None else self._state.queue


class _Elections(_Live):
    def __init__(self, monitor: Monitor, span: timedelta) -> None:
        logs = (monitor.log(name) for name in list(monitor.elections)[:_MOST_ELECTIONS])
        super().__init__(monitor, span, min((log.terms_kept[0].began_at for log in logs), default=utc_now()))

    def svg(self) -> str:
        window = self._window()
        shown = self._shown()
        strips = [
            Strip(
                state.name,
                list(self._monitor.log(state.name).between(window.since, window.until)),
                note=_leader_text(state),
            )
            for state in shown
        ]
        unwatched = self._unwatched(window)
        return strips_svg(self._title(len(shown)), strips, window, unwatched, local=self._wall.local)

    def __str__(self) -> str:
        shown = self._shown()
        return "\n".join([self._title(len(shown)), *table(shown)])

    def _shown(self) -> list[ElectionState]:
        found = sorted(self._monitor.elections.items())
        return [state for _, state in found[:_MOST_ELECTIONS]]

    def _title(self, shown: int) -> str:
        total = len(self._monitor.elections)
        more = "" if shown == total else f", {total - shown} not shown"
        return f"{total} election{'' if total == 1 else 's'} under {safe(self._monitor.prefix)!r}{more}{self._suffix()}"


def _leader_text(state: ElectionState | None) -> str:
    if state is None or state.leader is None:
        return "vacant"
    waiting = len(state) - 1
    return f"{safe(state.leader.value, 30) or '(empty)'}" + (f" +{waiting} waiting" if waiting else "")
