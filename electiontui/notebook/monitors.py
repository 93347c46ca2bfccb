"""The views of a monitor, or a term log, that a program has already."""

from __future__ import annotations

from collections.abc import Iterable

from election_core import Monitor, TermLog
from election_core.blocking import Monitor as BlockingMonitor

from .choice import choice_of
from .source import AnyMonitor, source_of
from .spans import Last, span_of
from .views import ElectionsView, StillView, TimelineView, View

__all__ = ["elections", "timeline"]


def _monitor_of(source: object, call: str) -> AnyMonitor:
    """The monitor that a user has given.

    Raises:
        TypeError: it is none; the message says how to get one.
    """
    if isinstance(source, Monitor | BlockingMonitor):
        return source
    kind = type(source).__name__
    raise TypeError(
        f"{call} shows what a monitor has seen, and a {kind} is none. Enter client.monitor() and give that, or let"
        ' connect("host:port") do all of it.'
    )


def timeline(source: AnyMonitor | TermLog, name: str | None = None, *, last: Last = "5m") -> View:
    """Who led one election when.

    Args:
        source: an entered monitor, of asyncio or `election_core.blocking`, or a term log, which gives a still picture.
        name: the election's name as in ``monitor.elections``; it need not exist yet. Not needed for a term log.
        last: the span shown, as ``"90s"`` or ``"1h30m"``, in seconds, or as a timedelta.

    Raises:
        TypeError: the source is something else, such as a client.
        ValueError: the span is malformed, or the name is missing.
    """
    if isinstance(source, TermLog):
        return StillView(source, span_of(last))
    monitor = _monitor_of(source, "timeline()")
    if name is None:
        raise ValueError('Which election? Give its name: timeline(monitor, "job").')
    return TimelineView(source_of(monitor), name, span_of(last))


def elections(
    monitor: AnyMonitor, *, match: str | Iterable[str] = (), sort: str = "name", last: Last = "5m"
) -> ElectionsView:
    """Every election that an entered monitor sees: leader, queue, and who led when.

    Args:
        monitor: of asyncio or `election_core.blocking`.
        match: a name, a pattern such as ``"orders/*"``, or several; all without.
        sort: ``name``, ``leader``, ``state``, ``held``, ``queue``, ``changes`` or ``revision``; ``-`` before it turns
            the order around.
        last: the span shown, as ``"90s"`` or ``"1h30m"``, in seconds, or as a timedelta.

    Raises:
        TypeError: it is no monitor.
        ValueError: the span or the order is malformed.
    """
    return ElectionsView(source_of(_monitor_of(monitor, "elections()")), choice_of(match, sort), span_of(last))
