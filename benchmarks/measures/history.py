"""What a history costs: writing a change, the file, reading a day of it, and a frame of that day."""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from election_core import Candidate, TermLog, Transition
from electiontui.history.overview import joined, overview
from electiontui.history.schema import connect
from electiontui.history.writer import Begin, Change, Writer
from electiontui.pictures.lanes import Window, lanes_of
from electiontui.pictures.raster import cover_of, raster

from ..bench import Bench
from ..figures import Figure

__all__ = ["run"]

_PATH = b"election/orders/eu-west"
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_PER_SECOND, _DAY = 10, timedelta(days=1)
_HOSTS = tuple(b"app-%02d.eu-west.example.net:8443" % number for number in range(4))
_PIECES, _COLUMNS = 4, 118


def run(bench: Bench) -> list[Figure]:
    event = Figure("history.event", "history, CPU a change, loop and thread together", "µs", {"ours": []})
    size = Figure("history.size", "history, a million changes", "MB", {"ours": []})
    day = Figure("history.day", f"a quarter of a day at {_PER_SECOND} changes/s, read in a thread", "s", {"ours": []})
    frame = Figure("history.frame", f"a frame of that day, {_COLUMNS} columns", "ms", {"ours": []})
    number = int(_DAY.total_seconds() * _PER_SECOND) // bench.size(1, 20)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "history.db")
        event.samples["ours"].append(_write(file, number) / number * 1e6)
        size.samples["ours"].append(file.stat().st_size / number)
        parts = []
        span = timedelta(seconds=number / _PER_SECOND)
        with closing(connect(file)) as opened:
            for piece in range(_PIECES):
                began = time.perf_counter()
                since = _BEGAN + span / _PIECES * piece
                parts.append(overview(opened, _PATH, "", since, since + span / _PIECES, span / _COLUMNS))
                day.samples["ours"].append(time.perf_counter() - began)
    known = [part for part in parts if part is not None]
    for _ in range(bench.size(20, 3)):
        frame.samples["ours"].append(_frame(known, span) * 1000)
    return [event, size, day, frame]


def _write(file: Path, number: int) -> float:
    """Seconds of CPU that the changes take, from a transition to the commit."""
    began, used = time.perf_counter(), time.process_time()
    writer = Writer(file, None)
    writer.put(Begin(1))
    writer.start()
    leader: Candidate | None = None
    for turn in range(1, number + 1):
        revision, before = 3 * turn, leader
        lease = 0x694D7F0000000000 + revision
        leader = None if before else Candidate(_PATH + b"/%x" % lease, _HOSTS[turn // 2 % 4], lease, revision, revision)
        at = _BEGAN + timedelta(seconds=turn / _PER_SECOND)
        change = Change(_PATH, Transition("orders/eu-west", revision, before, leader, False, at))
        while not writer.put(change):
            time.sleep(0.01)
    if not writer.close(120.0):
        raise RuntimeError(f"not written within {time.perf_counter() - began:.0f} s: {writer.trouble}")
    return time.process_time() - used


def _frame(parts: list[TermLog], span: timedelta) -> float:
    """Seconds of CPU for what the timeline draws at each key."""
    began = time.thread_time()
    until = _BEGAN + span
    log = joined("orders", parts, TermLog("orders", None, until))
    window = Window(until, span, _COLUMNS)
    lanes = lanes_of(log, (), window)
    cover = cover_of(log, window, until)
    for lane in lanes:
        raster(lane, window, until, cover)
    return time.thread_time() - began
