"""The dashboard as users start it, which also notes when its monitor has read everything for the first time.

Run with an endpoint, a prefix and the file to append that moment to, in monotonic seconds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from election_core import Monitor
from electiontui.cli import main


def _note_first_read(notes: Path) -> None:
    enter = Monitor.__aenter__

    def note() -> None:
        notes.write_text(str(time.monotonic()))

    async def noted(monitor: Monitor) -> Monitor:
        entered = await enter(monitor)
        note()
        return entered

    Monitor.__aenter__ = noted  # type: ignore[assignment, method-assign]


if __name__ == "__main__":
    _note_first_read(Path(sys.argv[3]))
    main(["--endpoints", sys.argv[1], "--prefix", sys.argv[2]])
