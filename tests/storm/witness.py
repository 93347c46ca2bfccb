"""A monitor that watches a storm and is recorded: what it told live, beside what a replay of its recording tells."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from election_core import Client, ElectionError, MonitorInput, Replica, Transition, utc_now
from electiontui.recording import Header, RawRecorder, RawWriter, Recording

from .log import PREFIX

__all__ = ["Witness", "compared", "recording_of"]

_SIZE = 4_000_000_000
"""Bytes; only in one piece a recording has everything."""
_LOOK_EVERY = 0.5
_PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class Compared:
    """What a replay made of a recording, beside what was seen live."""

    live: int
    """Transitions that the monitor told."""
    replayed: int
    inputs: int
    monitors: int
    """How many there were, one after the other; one, unless something has ended it."""
    differs: str | None
    """The first difference, or ``None``."""


def recording_of(log: Path) -> Path:
    """Where the monitor of a storm is recorded."""
    return log.with_suffix(".raw")


def compared(path: Path, live: Sequence[Transition]) -> Compared:
    """Feed a replica from a recording, and compare what it tells with what was told live, times included.

    Raises:
        RecordingError: it is damaged.
    """
    recording = Recording(path)
    replica, told, inputs, monitors = Replica(recording.header.prefixes), list[Transition](), 0, 0
    for what, _ in recording.read():
        if isinstance(what, MonitorInput):
            inputs += 1
            told += replica.take(what)
        elif what.kind == "begin":
            monitors += 1
            replica = Replica(recording.header.prefixes)
    return Compared(len(live), len(told), inputs, monitors, _difference(live, told))


def _difference(live: Sequence[Transition], told: Sequence[Transition]) -> str | None:
    for number, (one, other) in enumerate(zip(live, told, strict=False)):
        if one != other:
            return f"number {number}: live {one}, replayed {other}"
    more: Iterable[Transition] = live[len(told) :] or told[len(live) :]
    return next((f"only {'live' if len(live) > len(told) else 'replayed'}: {each}" for each in more), None)


class Witness:
    """``async with Witness(...) as witness``; ask it with `compare` once that is left."""

    # The mutable state: what was told, and the task that watches.

    def __init__(self, log: Path, endpoints: Sequence[str]) -> None:
        self._path, self._endpoints = recording_of(log), endpoints
        self._live: list[Transition] = []
        self._watching: asyncio.Task[None] | None = None
        self._raw: RawRecorder | None = None

    async def __aenter__(self) -> Witness:
        prefixes = Replica([f"{PREFIX}/"]).prefixes
        header = Header(prefixes, utc_now().astimezone(), endpoints=tuple(self._endpoints))
        self._raw = RawRecorder(RawWriter(self._path, header, size=_SIZE))
        self._watching = asyncio.create_task(self._watch(self._raw, prefixes))
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._watching is not None
        assert self._raw is not None
        self._watching.cancel()
        with suppress(asyncio.CancelledError):
            await self._watching
        self._raw.end()
        await asyncio.to_thread(self._raw.writer.close)

    async def _watch(self, raw: RawRecorder, prefixes: Sequence[str]) -> None:
        async with Client(self._endpoints, timeout=_PATIENCE) as client:
            while True:
                monitor = client.monitor(prefixes)
                raw.attach(monitor, lambda: client.cluster_id)
                monitor.on("change", self._live.append)
                with suppress(ElectionError):
                    async with monitor:
                        while not monitor.closed:
                            raw.tick(utc_now())
                            monitor.take_unread()
                            await asyncio.sleep(_LOOK_EVERY)

    async def compare(self) -> dict[str, Any]:
        """What `compared` says, for the log, and why not everything was written, if so."""
        assert self._raw is not None
        found = asdict(await asyncio.to_thread(compared, self._path, self._live))
        unwritten = "there was no room for some of it" if self._raw.writer.overflown else None
        return found | {"failure": self._raw.writer.failure or unwritten}
