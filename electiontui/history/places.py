"""Where histories are: one file for each cluster, found by the cluster's id or by the endpoints that it had."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from platformdirs import user_state_path

from .schema import HistoryUnusable, connect

__all__ = ["file_of", "find", "folder"]


def folder() -> Path:
    """The folder of all histories, below the state folder of the user."""
    return user_state_path("electiontui", appauthor=False) / "history"


def file_of(cluster_id: int) -> Path:
    """The history of one cluster, however its endpoints are written."""
    return folder() / f"{cluster_id:016x}.db"


def find(endpoints: Sequence[str]) -> Path:
    """The history of the cluster that one of these endpoints belonged to last; etcd is not asked.

    Raises:
        HistoryUnusable: there is none, or none of them.
    """
    found: list[tuple[int, Path]] = []
    others: list[str] = []
    for path in sorted(folder().glob("*.db")):
        try:
            with closing(connect(path)) as file:
                seen = dict(file.execute("SELECT endpoint, seen FROM endpoints"))
        except (HistoryUnusable, sqlite3.Error):
            continue
        latest = max((seen[each] for each in endpoints if each in seen), default=None)
        if latest is not None:
            found.append((latest, path))
        elif seen:
            at = datetime.fromtimestamp(max(seen.values()) / 1e6, UTC)
            others.append(f"{path.name} of {', '.join(sorted(seen))}, last written {at:%Y-%m-%d %H:%M} UTC")
    if found:
        return max(found)[1]
    told = f" There are: {'; '.join(others)}." if others else ""
    raise HistoryUnusable(
        f"No history of {', '.join(endpoints)} in {folder()}.{told} Give --endpoints, or a file with --history."
    )
