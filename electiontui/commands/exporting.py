"""``electiontui exporter``: metrics of every election, served until a signal comes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from election_core import utc_now

from ..patterns import is_plain_name
from ..prefixes import base_of
from ..sources import ClusterView
from . import ERROR
from .campaigning.signals import Signals
from .metrics_options import CannotServe, Plan, metrics_at
from .roots import prefixes_of
from .running import run_command
from .settings import Settings
from .streams import say

if TYPE_CHECKING:
    from ..metrics.serving import Metrics

__all__ = ["export"]

_INTERVAL, _STATUS_INTERVAL = 0.25, 4
"""Seconds between two looks at what is new, and looks between two at the connection."""


def export(settings: Settings, patterns: Sequence[str], plan: Plan) -> int:
    """Serve metrics of the elections that match until a signal comes; returns the exit code."""
    try:
        # Whoever only counts is given no way to write.
        with metrics_at(plan) as metrics:
            return run_command(_export(replace(settings, read_only=True), patterns, metrics))
    except CannotServe as exc:
        say(str(exc))
        return ERROR


async def _export(settings: Settings, patterns: Sequence[str], metrics: Metrics) -> None:
    prefixes = settings.prefixes
    if patterns and all(map(is_plain_name, patterns)):
        # Reading no more than these elections' keys is all that some users are allowed to.
        prefixes = prefixes_of(prefixes, patterns)
    view = ClusterView(settings.client, *prefixes)
    metrics.follow(view, base_of(settings.prefixes))
    with Signals() as signals:
        async with view:
            say(f"metrics at {metrics.url}")
            await _look_until(signals.asked, view)


async def _look_until(stopped: asyncio.Future[int], view: ClusterView) -> None:
    narrator = _Narrator()
    looks = 0
    while not stopped.done():
        view.take_news()
        view.flush()
        if looks % _STATUS_INTERVAL == 0:
            view.note_watching(utc_now())
            narrator.look(view)
        looks += 1
        await asyncio.wait({stopped}, timeout=_INTERVAL)


class _Narrator:
    """Says on stderr when etcd is away, and when it is back."""

    # The mutable state is what was said last.

    def __init__(self) -> None:
        self._connected: bool | None = None

    def look(self, view: ClusterView) -> None:
        """Say what has changed.

        Raises:
            BaseException: what ended the view, by a defect.
        """
        if view.failure is not None:
            raise view.failure
        status = view.status()
        if status.connected and self._connected is not True:
            say("etcd is watched" if self._connected is None else "connected again")
            self._connected = True
        elif not status.connected and status.error is not None and self._connected is not False:
            say(f"disconnected: {status.error}" if self._connected else f"{status.error} Trying again.")
            self._connected = False
