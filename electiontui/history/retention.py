"""How much of a history is kept: by age and by size, removed bit by bit beside the writing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple

from election_core import utc_now

from .rows import ticks

__all__ = ["Keep", "Kept", "Retention", "kept", "size_of"]

_EVERY = 30.0
"""Seconds between two looks."""
_SHARE = 100
"""What is older by less than this part of what is kept may stay."""
_AT_ONCE = 1_000
"""Rows that are removed in one transaction, within some milliseconds."""
_PAGES_AT_ONCE = 64
_LEAST = 1_000_000
"""Microseconds that are kept whatever their size."""
_ENOUGH = 0.9
"""Where a file is too large it is cut down to this share of what it may take."""


class Keep(NamedTuple):
    """What is to be kept at most; where nothing is said it stays as it was."""

    seconds: int | None = None
    size: int | None = None
    """Bytes of the file."""


class Kept(NamedTuple):
    """What is kept at most."""

    seconds: int = 90 * 86_400
    size: int = 1_000_000_000


class Retention:
    """Removes what is older, and the oldest where there is too much.

    Of each election the newest change before what is kept stays: it tells who led from there on. One that nobody led
    since is removed with all that is known of it.
    """

    # The mutable state: when it looks again, and up to where it has removed.

    def __init__(self) -> None:
        self._due = 0.0
        self._cut: int | None = None

    def begin(self, file: sqlite3.Connection, keep: Keep | None) -> None:
        """Go by this from now on, or by what somebody decided for this file before."""
        self._due = 0.0
        if keep is not None:
            file.execute("BEGIN IMMEDIATE")
            for name, number in keep._asdict().items():
                if number is not None:
                    file.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, number))
            file.execute("COMMIT")

    def run(self, file: sqlite3.Connection, is_needed: Callable[[], bool]) -> None:
        """Remove what is to go; stops soon, to go on later, once ``is_needed`` says that somebody waits."""
        if monotonic() < self._due:
            return
        keep, now = kept(file), ticks(utc_now())
        before = now - keep.seconds * 1_000_000
        (oldest,) = file.execute("SELECT min(since) FROM watched").fetchone()
        done, limit = True, keep.size
        # It looks at every election, so it is worth while only now and then.
        if oldest is not None and oldest < before - keep.seconds * 1_000_000 // _SHARE:
            done = self._remove(file, before, is_needed)
        while done and size_of(file) > limit:
            limit = int(keep.size * _ENOUGH)
            if self._cut is None:
                self._cut = oldest or before
            cut = max(before, self._cut)
            if now - cut < _LEAST:
                break
            self._cut = cut + (now - cut) // 10
            done = self._remove(file, self._cut, is_needed)
        if done:
            self._due = monotonic() + _EVERY

    def _remove(self, file: sqlite3.Connection, before: int, is_needed: Callable[[], bool]) -> bool:
        """Remove what was before a moment; whether all of it is gone."""
        for (election,) in file.execute("SELECT id FROM elections").fetchall():
            while _remove_some(file, election, before):
                if is_needed():
                    return False
        file.execute("BEGIN IMMEDIATE")
        file.execute("DELETE FROM watched WHERE until < ?", (before,))
        file.execute("UPDATE watched SET since = ? WHERE since < ?", (before, before))
        file.execute("COMMIT")
        while file.execute("PRAGMA freelist_count").fetchone()[0] > _PAGES_AT_ONCE:
            file.execute(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})").fetchall()
            if is_needed():
                return False
        return True


def _remove_some(file: sqlite3.Connection, election: int, before: int) -> bool:
    """Remove some changes of an election; whether there may be more."""
    edge = file.execute(
        "SELECT era, revision, lease FROM changes WHERE election = ? AND at < ?"
        " ORDER BY at DESC, era DESC, revision DESC LIMIT 1",
        (election, before),
    ).fetchone()
    if edge is None:
        return False
    era, revision, lease = edge
    doomed = file.execute(
        "SELECT era, revision FROM changes WHERE election = ? AND (era, revision) < (?, ?) LIMIT ?",
        (election, era, revision, _AT_ONCE),
    ).fetchall()
    is_over = lease is None and len(doomed) < _AT_ONCE and not _has_later(file, election, era, revision)
    if not doomed and not is_over:
        return False
    file.execute("BEGIN IMMEDIATE")
    file.executemany(
        "DELETE FROM changes WHERE election = ? AND era = ? AND revision = ?", ((election, *each) for each in doomed)
    )
    if is_over and not _has_later(file, election, era, revision):
        file.execute("DELETE FROM changes WHERE election = ?", (election,))
        file.execute("DELETE FROM elections WHERE id = ?", (election,))
    file.execute("COMMIT")
    return len(doomed) == _AT_ONCE


def _has_later(file: sqlite3.Connection, election: int, era: int, revision: int) -> bool:
    later = "SELECT 1 FROM changes WHERE election = ? AND (era, revision) > (?, ?) LIMIT 1"
    return file.execute(later, (election, era, revision)).fetchone() is not None


def kept(file: sqlite3.Connection) -> Kept:
    """What is kept of this file."""
    facts = dict(file.execute("SELECT name, number FROM facts"))
    return Kept(**{name: facts[name] for name in Kept._fields if name in facts})


def size_of(file: sqlite3.Connection) -> int:
    """Bytes that are in use."""
    pages, free, size = (
        int(file.execute(f"PRAGMA {fact}").fetchone()[0]) for fact in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size
