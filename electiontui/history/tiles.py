"""Long stretches of the past for pictures: read in pieces by a thread, and kept while they may be looked at again."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from election_core import TermLog, utc_now

from .overview import overview
from .reading import Reader
from .schema import HistoryUnusable

__all__ = ["Tiles"]

_PER_SPAN = 4
"""Pieces that a picture consists of: one step of panning is one more."""
_TERMS = 100_000
"""Terms of all pieces that are kept; beyond it those go that were looked at longest ago."""
_PENDING = 256
"""Pieces that may wait to be read; beyond it the oldest wishes are given up."""
_STALE = timedelta(seconds=10)
"""After so long a piece that was not over when it was read is read once more, or after a longer cell of it."""

_log = logging.getLogger("electiontui.history")


class _Key(NamedTuple):
    path: bytes
    size: int
    """Microseconds."""
    number: int
    columns: int

    @property
    def cell(self) -> timedelta:
        return timedelta(microseconds=self.size) * _PER_SPAN / self.columns


class _Tile(NamedTuple):
    log: TermLog | None
    read_at: datetime


class Tiles:
    """For one event loop.

    Attributes:
        version: another one whenever a piece has come.
    """

    # The mutable state: the attribute, the pieces by when they were looked at last, which are wanted, and the task that
    # reads them.

    def __init__(self, file: Callable[[], Path | None], came: Callable[[bytes], None]) -> None:
        """``file``: where to read, once that is known; ``came`` is told of each election that a piece has come of."""
        self.version = 0
        self._file, self._came = file, came
        self._tiles: OrderedDict[_Key, _Tile] = OrderedDict()
        self._kept = 0
        self._wanted: dict[_Key, None] = {}
        self._reading: asyncio.Task[None] | None = None

    def terms(self, path: bytes, since: datetime, until: datetime, columns: int) -> list[TermLog]:
        """The pieces that there are of a stretch of time, oldest first; those that are missing are read."""
        size = max(int((until - since) / timedelta(microseconds=1)) // _PER_SPAN, 1)
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        first = int((since - epoch) / timedelta(microseconds=1)) // size
        last = int((until - epoch) / timedelta(microseconds=1)) // size
        found = []
        for number in range(first, last + 1):
            key = _Key(path, size, number, columns)
            tile = self._tiles.get(key)
            if tile is None or self._is_stale(key, tile):
                self._want(key)
            if tile is not None:
                self._tiles.move_to_end(key)
                if tile.log is not None:
                    found.append(tile.log)
        return found

    def close(self) -> None:
        """Read no more."""
        self._wanted.clear()
        if self._reading is not None:
            self._reading.cancel()

    def _is_stale(self, key: _Key, tile: _Tile) -> bool:
        age = utc_now() - tile.read_at
        return tile.read_at < _moment(key.size * (key.number + 1)) and age > max(_STALE, key.cell)

    def _want(self, key: _Key) -> None:
        if self._file() is None:
            return
        self._wanted[key] = None
        while len(self._wanted) > _PENDING:
            del self._wanted[next(iter(self._wanted))]
        if self._reading is None or self._reading.done():
            self._reading = asyncio.get_running_loop().create_task(self._read(), name="history tiles")

    async def _read(self) -> None:
        while self._wanted and (file := self._file()) is not None:
            # The newest wish is what is looked at now.
            key, _ = self._wanted.popitem()
            at = utc_now()
            try:
                log = await asyncio.to_thread(_load, file, key)
            except (HistoryUnusable, sqlite3.Error) as exc:
                _log.info("the past cannot be read: %s", exc)
                log = None
            self._keep(key, _Tile(log, at))
            self.version += 1
            self._came(key.path)

    def _keep(self, key: _Key, tile: _Tile) -> None:
        before = self._tiles.pop(key, None)
        self._tiles[key] = tile
        self._kept += _weight(tile) - (0 if before is None else _weight(before))
        while self._kept > _TERMS and len(self._tiles) > 1:
            _, oldest = self._tiles.popitem(last=False)
            self._kept -= _weight(oldest)


def _weight(tile: _Tile) -> int:
    return 1 if tile.log is None else len(tile.log.terms_kept)


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def _load(file: Path, key: _Key) -> TermLog | None:
    since, size = _moment(key.size * key.number), timedelta(microseconds=key.size)
    with Reader(file) as reader:
        return overview(reader.file, key.path, "", since, since + size, key.cell)
