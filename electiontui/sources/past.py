"""What a view knows of the time before it began, and what it keeps for the next one."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from election_core import Candidate, Client, Monitor, Term, TermLog, TermLogs, Transition

from ..history.overview import joined
from ..history.paths import name_of, path_of, raw
from ..history.reading import Reader
from ..history.recorder import Recorder
from ..history.schema import HistoryUnusable
from ..history.tiles import Tiles
from ..prefixes import base_of
from ..watched import Watched

__all__ = ["Past"]

_CHANGES = 200
"""Changes of an election that its log begins with; older ones are read when they are looked at."""
_AT_ONCE = 50
_PICTURES = 100
"""Logs of long stretches that are kept for the next frame."""
_ANY_ERA = 1 << 40
"""Where nothing can be written, what is there is all there is."""

_Answer = TypeVar("_Answer")

_log = logging.getLogger("electiontui.history")


class Past:
    """The history below a view; where there is none, nothing is kept and nothing known.

    Attributes:
        trouble: why nothing is kept at present, or empty.
    """

    # The mutable state: the logs that learn and the revision from which on they know by themselves, what names are
    # relative to, which of them are to learn or have, the task that does it, and the pictures made last.

    def __init__(self, recorder: Recorder | None, news: Callable[[Iterable[str]], None]) -> None:
        """``news`` is told of elections of which more is known now."""
        self._recorder, self._news = recorder, news
        self._tiles = Tiles(self._file, lambda path: self._news([name_of(self._base, path)]))
        self._learning: asyncio.Task[None] | None = None
        self.forget()

    def forget(self) -> None:
        """Another view begins."""
        if self._learning is not None:
            self._learning.cancel()
        self._learning = None
        self._logs: TermLogs | None = None
        self._base, self._revision = "", 0
        self._wanted: dict[str, None] = {}
        self._asked: set[str] = set()
        self._wish = asyncio.Event()
        self._joined: dict[str, tuple[object, TermLog]] = {}

    @property
    def trouble(self) -> str:
        return "" if self._recorder is None else self._recorder.trouble

    def begin(self, client: Client, monitor: Monitor, logs: TermLogs, watched: Watched) -> None:
        """A monitor has begun."""
        if self._recorder is None:
            return
        base = base_of(monitor.prefixes)
        self._recorder.begin(client, monitor.prefixes, base, lambda: _leaders(monitor), lambda: monitor.revision)
        if self._logs is None:
            self._logs, self._base, self._revision = logs, base, monitor.revision
            learning = self._learn(logs, watched, [raw(prefix) for prefix in monitor.prefixes])
            self._learning = asyncio.get_running_loop().create_task(learning, name="history before")

    def saw(self, transition: Transition) -> None:
        """The next transition."""
        if self._recorder is not None:
            self._recorder.saw(transition)

    def watched(self, until: datetime) -> None:
        """All transitions until then have come."""
        if self._recorder is not None:
            self._recorder.watched(until)

    def lost(self) -> None:
        """Nobody knows what happens from now on."""
        if self._recorder is not None:
            self._recorder.lost()

    async def close(self) -> None:
        """Write what waits, in bounded time."""
        self._tiles.close()
        if self._learning is not None:
            self._learning.cancel()
            await asyncio.gather(self._learning, return_exceptions=True)
        if self._recorder is not None:
            await self._recorder.close()

    def want(self, names: Iterable[str]) -> None:
        """These are looked at: have their logs know what was before. Call it as often as you like."""
        if self._recorder is None:
            return
        new = [name for name in names if name not in self._asked]
        if new:
            self._asked.update(new)
            self._wanted.update(dict.fromkeys(new))
            self._wish.set()

    def drop(self, name: str) -> None:
        """An election is forgotten; should it come back, its log begins anew."""
        self._asked.discard(name)
        self._joined.pop(name, None)

    def log(self, name: str, log: TermLog, since: datetime, until: datetime, columns: int) -> TermLog:
        """The log to draw a stretch of time from: the one given, or with as much before it as was read by now."""
        first = log.terms_kept[0].began_at
        if since >= first or self._file() is None:
            return log
        parts = self._tiles.terms(path_of(self._base, name), since, until, columns)
        made_from = tuple(map(id, parts)), log.current, log.dropped, len(log.terms_kept), first
        known = self._joined.get(name)
        if known is None or known[0] != made_from:
            if len(self._joined) >= _PICTURES:
                self._joined.clear()
            known = self._joined[name] = made_from, joined(name, parts, log)
        return known[1]

    def _file(self) -> Path | None:
        """Where to read, once what was there before is complete; at once where nothing can be written."""
        recorder = self._recorder
        return recorder.path if recorder is not None and recorder.ready.is_set() else None

    async def _learn(self, logs: TermLogs, watched: Watched, prefixes: Sequence[bytes]) -> None:
        assert self._recorder is not None
        await self._recorder.ready.wait()
        if (file := self._recorder.path) is None:
            return
        era = self._recorder.era or _ANY_ERA
        watched.learn(await self._read(lambda reader: reader.watched_below(prefixes, watched.began), file) or [])
        while True:
            self._wish.clear()
            while self._wanted:
                names = [self._wanted.popitem()[0] for _ in range(min(len(self._wanted), _AT_ONCE))]
                asked = [(name, path_of(self._base, name)) for name in names if name in logs]
                found = await self._read(partial(_terms, asked, era, self._revision), file)
                for name, terms in (found or {}).items():
                    if name in logs and terms:
                        logs.learn(name, _before(terms, logs[name].terms_kept[0].began_at))
                self._news(found or ())
            await self._wish.wait()

    async def _read(self, question: Callable[[Reader], _Answer], file: Path) -> _Answer | None:
        try:
            return await asyncio.to_thread(_ask, file, question)
        except (HistoryUnusable, sqlite3.Error) as exc:
            _log.info("the past cannot be read: %s", exc)
            return None


def _ask(file: Path, question: Callable[[Reader], _Answer]) -> _Answer:
    with Reader(file) as reader:
        return question(reader)


def _terms(asked: Sequence[tuple[str, bytes]], era: int, revision: int, reader: Reader) -> dict[str, list[Term]]:
    return {name: reader.terms_before(path, era, revision, _CHANGES) for name, path in asked}


def _before(terms: Iterable[Term], edge: datetime) -> list[Term]:
    """What was found after a moment, but had happened before, is put there."""
    return [
        term._replace(
            began_at=min(term.began_at, edge), ended_at=None if term.ended_at is None else min(term.ended_at, edge)
        )
        for term in terms
    ]


def _leaders(monitor: Monitor) -> dict[str, Candidate | None]:
    return {name: state.leader for name, state in monitor.elections.items()}
