"""What it costs to hold: many campaigns that lead and do nothing, and many leases that are only renewed."""

from __future__ import annotations

import time

from ..bench import Bench
from ..figures import Figure
from ..process import ProcessFailed, RequestProcess, Unsupported

__all__ = ["run"]

_TTL = 30


def run(bench: Bench) -> list[Figure]:
    return [_campaigns(bench), *_leases(bench)]


def _campaigns(bench: Bench) -> Figure:
    count = bench.size(1000, 200)
    figure = Figure("holding.campaigns", f"idle CPU of {count:,} campaigns, TTL {_TTL} s", "%", {})
    for contestant in bench.contestants:
        with contestant.start(bench.endpoint) as process:
            try:
                process.ask("hold", names=bench.names(count), ttl=_TTL, timeout=120.0)
                figure.samples[contestant.name] = [_idle(process, bench)]
            except (Unsupported, ProcessFailed) as exc:
                figure.notes.append(f"{contestant.name}: {exc}")
    return figure


def _idle(process: RequestProcess, bench: Bench) -> float:
    """Percent of a core over whole periods of renewal, since the renewals of leases granted together come together."""
    time.sleep(2.0)
    window = bench.size(2, 1) * _TTL / 3
    before, began = process.cpu, time.monotonic()
    time.sleep(window)
    return (process.cpu - before) / (time.monotonic() - began) * 100


def _leases(bench: Bench) -> list[Figure]:
    count = bench.size(10_000, 1_000)
    cpu = Figure("holding.renewals", f"renewals of {count:,} leases on one stream, CPU each", "µs", {})
    share = Figure("holding.share", f"the same, TTL {_TTL} s, of a core", "%", {})
    left = Figure("holding.left", "the same, shortest time left of any lease", "TTL", {})
    window = bench.size(2, 1) * _TTL / 3
    with bench.helper("reader") as reader:
        reader.ask("sessions", count=count, ttl=_TTL, timeout=120.0)
        before, began = reader.cpu, time.monotonic()
        told = reader.ask("lowest", seconds=window, timeout=120.0)
        used, taken = reader.cpu - before, time.monotonic() - began
    cpu.samples["ours"] = [used / (count * 3 * taken / _TTL) * 1e6]
    share.samples["ours"] = [used / taken * 100]
    left.samples["ours"] = [told["remaining"] / _TTL]
    if told["alive"] != count:
        left.notes.append(f"ours: only {told['alive']} of {count} leases are alive")
    return [cpu, share, left]
