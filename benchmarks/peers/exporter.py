"""The exporter as users start it, whose event loop also says, each second, for how long it stood still in it at most.

Run with the options of `electiontui exporter`; a line of stdout is the longest pause of a second in milliseconds.
"""

from __future__ import annotations

import asyncio
import sys
import time

from electiontui.cli import main
from electiontui.commands import exporting
from electiontui.sources import ClusterView

_PULSE = 0.001


def _note_pauses() -> None:
    look_until = exporting._look_until

    async def noted(stopped: asyncio.Future[int], view: ClusterView) -> None:
        pulse = asyncio.create_task(_pulse())
        await look_until(stopped, view)
        pulse.cancel()

    exporting._look_until = noted


async def _pulse() -> None:
    second = now = time.perf_counter()
    longest = 0.0
    while True:
        await asyncio.sleep(_PULSE)
        before, now = now, time.perf_counter()
        longest = max(longest, now - before - _PULSE)
        if now - second >= 1.0:
            print(longest * 1000, flush=True)
            second, longest = now, 0.0


if __name__ == "__main__":
    _note_pauses()
    main(["exporter", *sys.argv[1:]])
