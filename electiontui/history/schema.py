"""The tables of a history file, and opening one.

One row of ``changes`` says who leads an election from one revision on. Rows chain: who led before is in the row before.
Revisions that begin anew under one cluster id, since etcd was wiped or restored, get an ``era`` of their own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

__all__ = ["GAP", "PROCLAIMED", "UNTIMED", "HistoryUnusable", "connect", "create", "why"]

GAP, UNTIMED, PROCLAIMED = 1, 2, 4
"""How a change is known: revisions before it were skipped; ``at`` is when it was found, and not when it happened; the
leader stayed."""

_APPLICATION = 0x656C6563
_BUSY = 10.0
"""Seconds to wait for another writer, who is done within a fraction of one."""

_UNWRITABLE = sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN

_FIRST = (
    "CREATE TABLE elections (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE) STRICT",
    """
    CREATE TABLE changes (
        election INTEGER NOT NULL,
        era INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        at INTEGER NOT NULL, -- microseconds since 1970, UTC
        how INTEGER NOT NULL,
        lease INTEGER, -- NULL: nobody leads
        created INTEGER,
        modified INTEGER,
        value BLOB,
        key BLOB, -- NULL: the election's path, a slash and the lease in hex
        PRIMARY KEY (election, era, revision)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX changes_by_time ON changes (election, at)",
    """
    CREATE TABLE watched (
        id INTEGER PRIMARY KEY,
        prefix BLOB NOT NULL,
        era INTEGER NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL,
        revision INTEGER NOT NULL -- everything up to it is kept
    ) STRICT
    """,
    "CREATE TABLE endpoints (endpoint TEXT PRIMARY KEY, seen INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE eras (id INTEGER PRIMARY KEY, cluster INTEGER NOT NULL) STRICT",
    "CREATE TABLE facts (name TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID",
)


def _first(file: sqlite3.Connection) -> None:
    for statement in _FIRST:
        file.execute(statement)


STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first,)
"""What makes each version of the tables from the one before; a step that was released is never changed."""


class HistoryUnusable(Exception):
    """The file cannot be used; the text says why and what to do."""


def why(path: Path, exc: Exception) -> str:
    """What keeps a file from being used, in words."""
    if isinstance(exc, HistoryUnusable):
        return str(exc)
    reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
    return f"{path}: {reason}; make room or a folder that may be written, or give another file with --history."


def create(path: Path) -> sqlite3.Connection:
    """Open a history to write to it, made or brought to the present version where need be.

    Raises:
        HistoryUnusable: it is no history, or a newer one.
        OSError, sqlite3.Error: it cannot be made or written.
    """
    # Values of candidates may be nobody else's business.
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
    file = _open(path, read_only=False)
    try:
        # Before anything is changed: it may be another program's.
        if not _version(file, path):
            # Only a file without tables takes it; freed pages can then be given back bit by bit.
            file.execute("PRAGMA auto_vacuum = INCREMENTAL")
        file.execute("PRAGMA journal_mode = WAL")
        # A commit survives the process; what a power cut takes is the last ones, and never the file.
        file.execute("PRAGMA synchronous = NORMAL")
        file.execute("PRAGMA journal_size_limit = 16777216")
        _migrate(file, path)
    except BaseException:
        file.close()
        raise
    return file


def connect(path: Path) -> sqlite3.Connection:
    """Open a history to read it.

    Raises:
        HistoryUnusable: there is none, or it is none of this version.
        sqlite3.Error: it cannot be read.
    """
    if not path.exists():
        raise HistoryUnusable(f"There is no history at {path}; `electiontui record` and the dashboard write one.")
    try:
        return _readable(_open(path, read_only=True), path)
    except sqlite3.OperationalError as exc:
        log = path.with_name(path.name + "-wal")
        if exc.sqlite_errorcode & 0xFF not in _UNWRITABLE or (log.is_file() and log.stat().st_size):
            raise
        # SQLite would make files beside it. Without them it can be read as it is, since nobody can write there.
        return _readable(_open(path, read_only=True, more="?immutable=1"), path)


def _readable(file: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    try:
        version = _version(file, path)
        if not version:
            raise HistoryUnusable(f"There is no history in {path} yet; somebody may be about to begin it.")
        if version < len(STEPS):
            raise HistoryUnusable(f"{path} is of an older electiontui; `electiontui record` brings it up to date.")
    except BaseException:
        file.close()
        raise
    return file


def _open(path: Path, *, read_only: bool, more: str = "") -> sqlite3.Connection:
    # Each connection is used by one thread at a time.
    uri = path.absolute().as_uri() + more
    file = sqlite3.connect(uri, uri=True, timeout=_BUSY, isolation_level=None, check_same_thread=False)
    if read_only:
        file.execute("PRAGMA query_only = ON")
    return file


def _version(file: sqlite3.Connection, path: Path) -> int:
    try:
        version, application, tables = _facts(file)
    except sqlite3.DatabaseError as exc:
        if isinstance(exc, sqlite3.OperationalError):
            raise
        raise HistoryUnusable(f"{path} is no history ({exc}); give another file with --history.") from exc
    if application != _APPLICATION and (application or tables):
        raise HistoryUnusable(f"{path} belongs to another program; give another file with --history.")
    if version > len(STEPS):
        raise HistoryUnusable(f"{path} was written by a newer electiontui; use that, or another --history FILE.")
    return version


def _facts(file: sqlite3.Connection) -> list[int]:
    """Version, application and number of tables, of one moment: another one may be making the file."""
    is_alone = not file.in_transaction
    if is_alone:
        file.execute("BEGIN")
    try:
        facts = ("PRAGMA user_version", "PRAGMA application_id", "SELECT count(*) FROM sqlite_schema")
        return [int(file.execute(each).fetchone()[0]) for each in facts]
    finally:
        if is_alone:
            file.execute("ROLLBACK")


def _migrate(file: sqlite3.Connection, path: Path) -> None:
    if _version(file, path) == len(STEPS):
        return
    file.execute("BEGIN IMMEDIATE")
    try:
        # Another one may have done it meanwhile.
        for step in STEPS[_version(file, path) :]:
            step(file)
        file.execute(f"PRAGMA application_id = {_APPLICATION}")
        file.execute(f"PRAGMA user_version = {len(STEPS)}")
        file.execute("COMMIT")
    except BaseException:
        file.execute("ROLLBACK")
        raise
