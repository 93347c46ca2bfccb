"""Opening a file to go on with it: which era follows, and up to where its past is known. For a thread."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from .rows import ticks
from .schema import create

__all__ = ["Known", "decide", "look"]


_NEWEST = """
SELECT max((
    SELECT revision FROM changes WHERE election = elections.id AND era = ? ORDER BY revision DESC LIMIT 1
)) FROM elections
"""


class Known(NamedTuple):
    """What a file says before anything is added to it."""

    era: int
    """The last one; 0 where there is none."""
    cluster: int
    revision: int
    """The newest revision of the era."""
    kept: tuple[int, ...]
    """For each prefix the revision up to which everything below it is kept."""


def look(path: Path, prefixes: Sequence[bytes], endpoints: Sequence[str], now: datetime) -> Known:
    """Make the file where need be, and note under which endpoints its cluster is known.

    Raises:
        HistoryUnusable, OSError, sqlite3.Error: it cannot be used.
    """
    with closing(create(path)) as file:
        file.execute("BEGIN IMMEDIATE")
        file.executemany(
            "INSERT OR REPLACE INTO endpoints VALUES (?, ?)", ((endpoint, ticks(now)) for endpoint in endpoints)
        )
        file.execute("COMMIT")
        era, cluster = file.execute("SELECT id, cluster FROM eras ORDER BY id DESC LIMIT 1").fetchone() or (0, 0)
        stretches = file.execute("SELECT prefix, revision FROM watched WHERE era = ?", (era,)).fetchall()
        # A recorder that was killed early has noted no stretch yet, but changes.
        (changed,) = file.execute(_NEWEST, (era,)).fetchone()
    newest = max(changed or 0, *(revision for _, revision in stretches), 0)
    kept = (max((rev for each, rev in stretches if prefix.startswith(each)), default=0) for prefix in prefixes)
    return Known(era, cluster, newest, tuple(kept))


def decide(path: Path, known: Known, cluster: int, revision: int, *, over: int) -> int:
    """The era to go on in.

    Args:
        path: the file.
        known: what `look` has found, before ``revision`` was read.
        cluster: the id of the cluster that answers.
        revision: etcd's newest one, by a linearizable read: it is no older than what was known, unless revisions have
            begun anew.
        over: the last era that has ended for certain; 0 for none. A later one was begun by another writer who knows.

    Raises:
        HistoryUnusable, OSError, sqlite3.Error: it cannot be used.
    """
    cluster = cluster - (1 << 64) if cluster >= 1 << 63 else cluster
    if known.era > over and known.cluster == cluster and revision >= known.revision:
        return known.era
    with closing(create(path)) as file:
        file.execute("BEGIN IMMEDIATE")
        era, last = file.execute("SELECT id, cluster FROM eras ORDER BY id DESC LIMIT 1").fetchone() or (0, 0)
        # Another writer that has noticed the same has begun it already.
        if era <= known.era or last != cluster:
            era += 1
            file.execute("INSERT INTO eras VALUES (?, ?)", (era, cluster))
        file.execute("COMMIT")
    return int(era)
