"""Histories of days, made at once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from electiontui.history.rows import ticks
from electiontui.history.schema import create

__all__ = ["busy", "moved", "spread"]

_BUSY = """
WITH RECURSIVE turn (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM turn WHERE n < :changes)
INSERT INTO changes
SELECT 1, 1, n, :since + n * :every, 0,
    CASE WHEN n % 2 THEN 4096 + n END, CASE WHEN n % 2 THEN n END, CASE WHEN n % 2 THEN n END,
    CASE WHEN n % 2 THEN CAST('host-' || (n / 2 % 4) AS BLOB) END, NULL
FROM turn
"""


def busy(file: Path, path: bytes, since: datetime, until: datetime, per_second: float) -> int:
    """Four hosts that take turns in one election, watched all the while; the number of changes."""
    changes = int((until - since).total_seconds() * per_second)
    with closing(create(file)) as opened:
        opened.execute("BEGIN")
        opened.execute("INSERT INTO elections VALUES (1, ?)", (path,))
        opened.execute("INSERT INTO eras VALUES (1, 1)")
        opened.execute(_BUSY, {"changes": changes, "since": ticks(since), "every": int(1_000_000 / per_second)})
        prefix = path.rpartition(b"/")[0] + b"/"
        opened.execute("INSERT INTO watched VALUES (1, ?, 1, ?, ?, ?)", (prefix, ticks(since), ticks(until), changes))
        opened.execute("COMMIT")
    return changes


def moved(file: Path, by: timedelta) -> None:
    """As if all of it had happened at another time."""
    step = by // timedelta(microseconds=1)
    with closing(create(file)) as opened:
        opened.execute("UPDATE changes SET at = at + ?", (step,))
        opened.execute("UPDATE watched SET since = since + ?, until = until + ?", (step, step))


def spread(file: Path, ats: Sequence[datetime], watched: Sequence[tuple[datetime, datetime]]) -> None:
    """As if the last changes that were recorded, and no others, had happened then, while a recorder ran so."""
    with closing(create(file)) as opened:
        rows = opened.execute("SELECT election, era, revision FROM changes ORDER BY era, revision").fetchall()
        for row in rows[: -len(ats)]:
            opened.execute("DELETE FROM changes WHERE (election, era, revision) = (?, ?, ?)", row)
        for row, at in zip(rows[-len(ats) :], ats, strict=True):
            opened.execute("UPDATE changes SET at = ? WHERE (election, era, revision) = (?, ?, ?)", (ticks(at), *row))
        prefix, era, revision = opened.execute("SELECT prefix, era, max(revision) FROM watched").fetchone()
        opened.execute("DELETE FROM watched")
        opened.executemany(
            "INSERT INTO watched (prefix, era, since, until, revision) VALUES (?, ?, ?, ?, ?)",
            ((prefix, era, ticks(since), ticks(until), revision) for since, until in watched),
        )
