"""CPU time of a program that watches many elections with a monitor, per event, beside a bare reader of the watch."""

from __future__ import annotations

from typing import Any

from ..bench import Bench
from ..figures import Figure
from ..process import RequestProcess

__all__ = ["run"]

_PREFIX = "ingest/"
_RATE = 500


def run(bench: Bench) -> list[Figure]:
    many = bench.size(100_000, 20_000)
    one = Figure("ingest.one", "monitor, CPU an event, 1 a revision, no pause", "µs", {})
    hundred = Figure("ingest.hundred", "monitor, CPU an event, 100 a revision, no pause", "µs", {})
    paced = Figure("ingest.paced", f"the same, 1 a revision, {_RATE}/s", "µs", {})
    few = Figure("ingest.few", "the same, no pause, 10 elections", "µs", {})
    lots = Figure("ingest.many", f"the same, no pause, {many:,} elections", "µs", {})
    with bench.helper("writer") as writer:
        for figure, batch, elections, rate in (
            (one, 1, 1000, None),
            (hundred, 100, 1000, None),
            (paced, 1, 1000, _RATE),
            (few, 1, 10, None),
            (lots, 1, many, None),
        ):
            writer.ask("fill", prefix=_PREFIX, elections=elections, timeout=120.0)
            _measure(bench, writer, figure, {"batch": batch, "elections": elections, "rate": rate})
            writer.ask("clear", prefix=_PREFIX, timeout=120.0)
    return [one, hundred, paced, few, lots]


def _measure(bench: Bench, writer: RequestProcess, figure: Figure, load: dict[str, Any]) -> None:
    """Monitor and bare reader in turns, each in a process that is warm after the first."""
    batch = load["batch"] or 1
    count = bench.size(2000, 500) // (1 if batch == 1 else 10)
    with bench.helper("reader") as monitor, bench.helper("reader") as bare:
        for turn in range(-1, bench.rounds):
            for name, process, command in (("ours", monitor, "monitor"), ("bare", bare, "bare")):
                process.ask(command, prefix=_PREFIX)
                before = process.cpu
                told = writer.ask("proclaim", prefix=_PREFIX, count=count, **load)
                read = process.ask("seen", revision=told["revision"])
                used = process.cpu - before
                process.ask("stop")
                if turn >= 0:
                    figure.samples.setdefault(name, []).append(used / (batch * count) * 1e6)
                    _check(figure, name, read, batch, count)


def _check(figure: Figure, name: str, read: dict[str, int], batch: int, count: int) -> None:
    """Say so where events were lost, or where etcd sent several revisions in one message."""
    if read["events"] != batch * count:
        figure.notes.append(f"{name}: {read['events']} of {batch * count} events")
    if name == "bare" and read["messages"] < 0.9 * count:
        figure.notes.append(f"etcd sent {count} revisions in {read['messages']} messages")
