"""``electiontui record``: keeps every change in a file, without a screen, until a signal comes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from election_core import InvalidConfig, Replica, utc_now

from ..history.recorder import Recorder
from ..history.retention import Keep
from ..history.writer import Saved
from ..prefixes import base_of
from ..recording import Header, RawRecorder, RawWriter, RecordingError
from ..sources.alarms import ViewAlarm
from ..sources.view import ClusterView
from ..text import safe
from . import ERROR, INVALID_INPUT, OK
from .campaigning.signals import Signals
from .metrics_options import CannotServe, Plan, metrics_at
from .roots import prefixes_of
from .running import run_command
from .settings import Settings
from .streams import say

if TYPE_CHECKING:
    from ..metrics.serving import Metrics

__all__ = ["Raw", "keep_raw", "raw_recorder", "record"]

_NEWS_EVERY = 0.1
"""Seconds; what nobody takes is kept, but not forever."""
_TOLD_EVERY = 600
"""Seconds between two lines on what was saved."""


class Raw(NamedTuple):
    """Where all that comes from etcd is written, too."""

    path: Path
    size: int
    """Bytes that it may take."""


def record(
    settings: Settings,
    patterns: Sequence[str],
    keep: float | None,
    keep_size: int | None,
    plan: Plan | None = None,
    raw: Raw | None = None,
) -> int:
    """Record until a signal comes, and serve metrics as planned; returns the exit code."""
    kept = None
    if keep is not None or keep_size is not None:
        kept = Keep(None if keep is None else int(keep), keep_size)
    try:
        with nullcontext() if plan is None else metrics_at(plan) as metrics:
            return run_command(_record(settings, patterns, kept, raw, metrics), interrupted=OK)
    except CannotServe as exc:
        say(str(exc))
        return ERROR
    except RecordingError as exc:
        say(str(exc))
        return INVALID_INPUT


async def _record(
    settings: Settings, patterns: Sequence[str], keep: Keep | None, raw: Raw | None, metrics: Metrics | None
) -> int:
    if settings.without_history and raw is None:
        raise InvalidConfig("--no-history leaves nothing to record; leave it out, or give --raw FILE.")
    recorder = None if settings.without_history else Recorder(settings.history, keep, _tell_trouble)
    view = ClusterView(settings.client, *prefixes_of(settings.prefixes, patterns), recorder=recorder)
    view.raw = None if raw is None else raw_recorder(raw, view.prefixes, view.client.endpoints)
    if metrics is not None:
        metrics.follow(view, base_of(settings.prefixes))
        say(f"metrics at {metrics.url}")
    with Signals() as signals:
        async with view:
            following = asyncio.create_task(_follow(view, recorder, settings))
            ends: list[asyncio.Future[Any]] = [signals.asked, following]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            if view.raw is not None:
                view.raw.end()
                await asyncio.to_thread(view.raw.writer.close)
    if not following.cancelled() and (defect := following.exception()) is not None:
        raise defect
    if recorder is not None:
        say(f"saved {recorder.saved.changes:,} changes, up to revision {recorder.saved.revision}")
        if recorder.trouble:
            say(f"not all was saved: {recorder.trouble}")
    if view.raw is not None:
        _tell_raw(view.raw)
    unsaved = (recorder is not None and recorder.trouble) or (view.raw is not None and view.raw.writer.failure)
    return ERROR if unsaved else OK


async def _follow(view: ClusterView, recorder: Recorder | None, settings: Settings) -> None:
    async with ViewAlarm(view, settings.alarm, base=base_of(settings.prefixes), output=2) as alarm:
        await _take_in(view, _Teller(view, recorder), alarm)


async def _take_in(view: ClusterView, told: _Teller, alarm: ViewAlarm) -> None:
    """Take in what comes, and say how it goes."""
    beats = 0
    while True:
        view.take_news()
        if beats % round(1 / _NEWS_EVERY) == 0:
            view.flush()
            view.note_watching(utc_now())
            if view.raw is not None:
                await keep_raw(view, view.raw)
                told.tell_raw(view.raw)
            if view.failure is not None:
                raise view.failure
            told.tell(beats * _NEWS_EVERY)
            alerts, complaints = alarm.tick()
            for sentence in (*(f"alert: {alert.says()}" for alert in alerts), *complaints):
                say(sentence)
        beats += 1
        await asyncio.sleep(_NEWS_EVERY)


class _Teller:
    # The mutable state: what was told last.

    def __init__(self, view: ClusterView, recorder: Recorder | None) -> None:
        self._view, self._recorder = view, recorder
        self._raw_failure: str | None = None
        self._is_begun, self._error = False, ""
        self._changes, self._next = 0, float(_TOLD_EVERY)

    def tell_raw(self, raw: RawRecorder) -> None:
        """Once where it fails; all else goes on."""
        if raw.writer.failure != self._raw_failure:
            self._raw_failure = raw.writer.failure
            say(str(self._raw_failure))

    def tell(self, now: float) -> None:
        """Once per second."""
        status, saved = self._view.status(), Saved() if self._recorder is None else self._recorder.saved
        if status.connected and (saved.revision or self._recorder is None) and not self._is_begun:
            self._is_begun = True
            where = " and ".join(safe(prefix) or "the root" for prefix in self._view.prefixes)
            number = f"{status.elections} election{'' if status.elections == 1 else 's'}"
            files = [] if self._recorder is None else [str(self._recorder.path)]
            files += [] if self._view.raw is None else [str(self._view.raw.writer.path)]
            say(f"recording {number} under {where} into {' and '.join(files)}")
        error = "" if status.connected else status.error or ""
        if error != self._error and (error or self._is_begun):
            say(f"disconnected: {error}" if error else "connected again")
            self._error = error
        if now >= self._next:
            self._next = now + _TOLD_EVERY
            if saved.changes > self._changes:
                say(f"saved {saved.changes - self._changes:,} changes, up to revision {saved.revision}")
                self._changes = saved.changes


def _tell_trouble(trouble: str) -> None:
    say(f"not saved at present, trying again: {trouble}" if trouble else "saved again")


def raw_recorder(raw: Raw, prefixes: Sequence[str], endpoints: Sequence[str]) -> RawRecorder:
    """What takes the inputs of the monitors.

    Raises:
        RecordingError: the file cannot be one of these prefixes, or is in use.
    """
    header = Header(Replica(prefixes).prefixes, utc_now().astimezone(), endpoints=tuple(endpoints))
    return RawRecorder(RawWriter(raw.path, header, size=raw.size))


async def keep_raw(view: ClusterView, raw: RawRecorder) -> None:
    """Call it once per second; where something had no room, the view begins anew."""
    raw.note_members(view.members.now)
    raw.tick(utc_now())
    if raw.needs_another_monitor:
        say(f"{raw.writer.path} could not be written as fast as changes came: everything is read afresh")
        await view.switch(*view.prefixes)


def _tell_raw(raw: RawRecorder) -> None:
    writer = raw.writer
    say(writer.failure or f"wrote {writer.lines:,} lines to {writer.path}")
