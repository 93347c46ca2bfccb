"""The storm's log: a JSON object per line, appended by all processes, in a time that they all share.

A line is one ``write`` to a file opened for appending, so lines never mix and a killed process loses none.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

__all__ = ["CROWD", "ELECTION", "ENTRIES", "PREFIX", "RESOURCE", "Log", "Record", "now", "read_log"]

Record = dict[str, Any]
"""``t``: when it happened, ``who``: ``c0``, ``c1``, … or ``storm``, ``what``: the kind, and that kind's fields."""

PREFIX, ELECTION, CROWD = "election", "storm", "crowd-"
RESOURCE = b"ledger/resource"
"""Written by every guarded write, so its version counts them."""
ENTRIES = b"ledger/entries/"
"""One key per guarded write, ``<token>/<seq>``, never written again: its revision is the write's place in history."""

_CLOCK_ID = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now() -> float:
    """Seconds on the clock that runs through suspend and is the same in all processes of a machine."""
    return time.clock_gettime(_CLOCK_ID)


class Log:
    """One process's end of the log."""

    def __init__(self, path: str | Path, who: str, **always: object) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._always = {"who": who, **always}

    def write(self, what: str, t: float | None = None, **fields: Any) -> None:
        record = {"t": now() if t is None else t, **self._always, "what": what, **fields}
        os.write(self._fd, json.dumps(record, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        os.close(self._fd)


def read_log(path: str | Path) -> list[Record]:
    """All records, in the order of their time."""
    with Path(path).open() as lines:
        return sorted((json.loads(line) for line in lines), key=lambda record: record["t"])
