"""Writes a history, in a thread of its own: in batches, again where it failed, and never in anybody's way."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from election_core import Candidate, Transition

from .paths import covers
from .retention import Keep, Retention
from .rows import packed, ticks
from .schema import GAP, PROCLAIMED, UNTIMED, HistoryUnusable, create, why

__all__ = ["Begin", "Change", "Found", "Saved", "Seen", "Writer"]

ROOM = 200_000
"""Messages that wait to be written; what comes beyond is not kept, and the time is not counted as watched."""
_BATCH = 5_000
_GATHER = 0.2
"""Seconds for which a batch is gathered."""
_RETRY = 5.0
"""Seconds after which what failed is tried again."""

_log = logging.getLogger("electiontui.history")


class Change(NamedTuple):
    """A transition that was seen, or found in etcd's own past (``untimed``)."""

    path: bytes
    transition: Transition
    untimed: bool = False


class Found(NamedTuple):
    """Who led all the elections below some prefixes, by their paths, when the watching began."""

    prefixes: Sequence[bytes]
    leaders: Mapping[bytes, Candidate | None]
    revision: int
    at: datetime


class Seen(NamedTuple):
    """All changes below a prefix from ``since`` to ``until``, and up to ``revision``, came before this."""

    prefix: bytes
    since: datetime
    until: datetime
    revision: int


class Begin(NamedTuple):
    """The era that all that follows belongs to."""

    era: int


class Saved(NamedTuple):
    """What is in the file, for good."""

    changes: int = 0
    """How many this writer has written."""
    revision: int = 0
    """All that was seen up to there."""


Message = Change | Found | Seen | Begin


class Writer:
    """A file and a thread.

    Attributes:
        saved: what was committed.
        trouble: why nothing is written at present, or empty.
    """

    # The mutable state: the attributes, the messages that wait, the era, and the rows of the stretches that are
    # watched. Only the thread writes it, but for the messages, which a deque takes from any thread.

    def __init__(self, path: Path, keep: Keep | None, told: Callable[[str], None] = lambda trouble: None) -> None:
        """
        Args:
            path: the file; made where there is none.
            keep: what is kept from now on; ``None`` for what was decided before.
            told: is called from the thread with `trouble`, when something was written first and when it has changed.
        """
        self.path = path
        self.saved = Saved()
        self.trouble = ""
        self._is_begun = False
        self._keep, self._told = keep, told
        self._waiting: deque[Message] = deque()
        self._news, self._stop = threading.Event(), threading.Event()
        self._file: sqlite3.Connection | None = None
        self._retention = Retention()
        self._ids: dict[bytes, int] = {}
        self._stretches: dict[bytes, tuple[int, int]] = {}
        self._era = 0
        # A disk that hangs must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, message: Message) -> bool:
        """Have it written soon; False where too much waits already. From any thread, in a microsecond."""
        if len(self._waiting) >= ROOM:
            return False
        self._waiting.append(message)
        if not self._news.is_set():
            self._news.set()
        return True

    def close(self, timeout: float) -> bool:
        """Write what waits, in at most so many seconds; whether all was."""
        self._stop.set()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive() and not self._waiting

    def _run(self) -> None:
        retry_at = 0.0
        try:
            while not self._stop.is_set() or self._waiting:
                self._news.wait(_RETRY)
                self._stop.wait(max(_GATHER, retry_at - monotonic()))
                self._news.clear()
                retry_at = 0.0
                if not self._attempt():
                    self._news.set()
                    retry_at = monotonic() + _RETRY
                    if self._stop.is_set():
                        return
        except Exception as exc:  # noqa: BLE001 - nobody waits for this thread, and what it does not write has to be told
            _log.exception("the history's thread has ended")
            self._say(f"{self.path}: a defect ended the writing, please report it: {exc!r}")
        finally:
            if self._file is not None:
                self._file.close()

    def _attempt(self) -> bool:
        """Write all that waits; False where that failed, and is to be tried again."""
        try:
            if self._file is None:
                self._file = create(self.path)
                self._retention.begin(self._file, self._keep)
            while self._waiting:
                self._write(self._file, [self._waiting[n] for n in range(min(len(self._waiting), _BATCH))])
            if not self._stop.is_set():
                self._retention.run(self._file, lambda: bool(len(self._waiting) > _BATCH or self._stop.is_set()))
        except (sqlite3.Error, OSError, HistoryUnusable) as exc:
            self._fail(exc)
            return False
        self._say("")
        return True

    def _fail(self, exc: Exception) -> None:
        if self._file is not None:
            with suppress(sqlite3.Error):
                self._file.close()
            self._file = None
        self._say(why(self.path, exc))

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble or not self._is_begun:
            self._is_begun, self.trouble = True, trouble
            self._told(trouble)

    def _write(self, file: sqlite3.Connection, batch: list[Message]) -> None:
        """One transaction; messages go when it is committed."""
        stretches, era = dict(self._stretches), self._era
        written, revision = 0, self.saved.revision
        file.execute("BEGIN IMMEDIATE")
        # Between two transactions another one may have removed an election, and its number is free again.
        self._ids.clear()
        try:
            changes: list[Change] = []
            for message in batch:
                if isinstance(message, Change):
                    changes.append(message)
                    continue
                written += self._write_changes(file, changes)
                changes = []
                if isinstance(message, Found):
                    written += self._write_found(file, message)
                elif isinstance(message, Seen):
                    self._write_seen(file, message)
                    revision = message.revision
                else:
                    self._era, self._stretches = message.era, {}
            written += self._write_changes(file, changes)
            file.execute("COMMIT")
        except BaseException:
            self._stretches, self._era = stretches, era
            with suppress(sqlite3.Error):
                file.execute("ROLLBACK")
            raise
        for _ in batch:
            self._waiting.popleft()
        self.saved = Saved(self.saved.changes + written, revision)

    def _write_changes(self, file: sqlite3.Connection, changes: Iterable[Change]) -> int:
        return _insert(file, [self._row(file, change) for change in changes])

    def _row(self, file: sqlite3.Connection, change: Change) -> tuple[object, ...]:
        path, transition = change.path, change.transition
        how = GAP * transition.gap | UNTIMED * change.untimed
        if transition.kind == "proclaimed":
            how |= PROCLAIMED
        at = ticks(transition.observed_at)
        return (self._id(file, path), self._era, transition.revision, at, how, *packed(transition.after, path))

    def _id(self, file: sqlite3.Connection, path: bytes) -> int:
        number = self._ids.get(path)
        if number is None:
            found = file.execute("SELECT id FROM elections WHERE path = ?", (path,)).fetchone()
            if found is None:
                found = (file.execute("INSERT INTO elections (path) VALUES (?)", (path,)).lastrowid,)
            number = self._ids[path] = int(found[0])
        return number

    def _write_found(self, file: sqlite3.Connection, found: Found) -> int:
        """What is in the file already needs no second row; anything else happened while nobody watched."""
        paths = dict.fromkeys(found.leaders)
        known = (path for (path,) in file.execute("SELECT path FROM elections"))
        paths |= dict.fromkeys(path for path in known if covers(found.prefixes, path))
        rows: list[tuple[object, ...]] = []
        for path in paths:
            number, leader = self._id(file, path), found.leaders.get(path)
            columns = packed(leader, path)
            era, *last = file.execute(
                "SELECT era, lease, created, modified, value, key FROM changes"
                " WHERE election = ? AND (era, revision) <= (?, ?) ORDER BY era DESC, revision DESC LIMIT 1",
                (number, self._era, found.revision),
            ).fetchone() or (self._era, *packed(None, path))
            # Nobody leads on from one era to the next.
            if (era == self._era or leader is None) and tuple(last) == columns:
                continue
            stayed = era == self._era and (last[0], last[1], last[4]) == (columns[0], columns[1], columns[4])
            how = PROCLAIMED | UNTIMED if stayed and leader is not None else GAP | UNTIMED
            rows.append((number, self._era, found.revision, ticks(found.at), how, *columns))
        return _insert(file, rows)

    def _write_seen(self, file: sqlite3.Connection, seen: Seen) -> None:
        since, until = ticks(seen.since), ticks(seen.until)
        row, known = self._stretches.get(seen.prefix, (0, -1))
        # Who stood still for long may find that its row was removed, and the number given to another one's.
        if (
            known == since
            and file.execute(
                "UPDATE watched SET until = max(until, ?), revision = max(revision, ?)"
                " WHERE id = ? AND prefix = ? AND era = ? AND since <= ?",
                (until, seen.revision, row, seen.prefix, self._era, until),
            ).rowcount
        ):
            return
        made = file.execute(
            "INSERT INTO watched (prefix, era, since, until, revision) VALUES (?, ?, ?, ?, ?)",
            (seen.prefix, self._era, since, until, seen.revision),
        )
        self._stretches[seen.prefix] = int(made.lastrowid or 0), since


def _insert(file: sqlite3.Connection, rows: Sequence[tuple[object, ...]]) -> int:
    """How many were new. Who saw a change when it happened knows better than who found it later."""
    before = file.total_changes
    file.executemany(
        "INSERT INTO changes (election, era, revision, at, how, lease, created, modified, value, key)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET at = excluded.at, how = excluded.how, lease = excluded.lease,"
        " created = excluded.created, modified = excluded.modified, value = excluded.value, key = excluded.key"
        f" WHERE changes.how & {GAP | UNTIMED} > excluded.how & {GAP | UNTIMED}",
        rows,
    )
    return file.total_changes - before
