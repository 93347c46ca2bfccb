"""A monitor's first read of many elections: how long until all are there in order, and what they take in memory."""

from __future__ import annotations

from ..bench import Bench
from ..figures import Figure

__all__ = ["run"]

_PREFIX = "load/"
_CANDIDATES = 3


def run(bench: Bench) -> list[Figure]:
    elections = bench.size(10_000, 2_000)
    loading = Figure("load.time", f"{elections:,} elections × {_CANDIDATES} loaded", "s", {})
    memory = Figure("load.memory", "memory a candidate, Python's objects", "B", {})
    resident = Figure("load.resident", "memory a candidate, growth of the process", "B", {})
    with bench.helper("writer") as writer:
        writer.ask("fill", prefix=_PREFIX, elections=elections, candidates=_CANDIDATES, timeout=120.0)
        for traced in (False, True):
            for turn in range(-1, bench.rounds if not traced else 0):
                with bench.helper("reader") as reader:
                    told = reader.ask("load", prefix=_PREFIX, traced=traced)
                if traced:
                    memory.samples["ours"] = [told["traced"] / told["candidates"]]
                elif turn >= 0:
                    loading.samples.setdefault("ours", []).append(told["ms"] / 1000)
                    resident.samples.setdefault("ours", []).append(told["resident"] / told["candidates"])
                if (told["elections"], told["candidates"]) != (elections, elections * _CANDIDATES):
                    loading.notes.append(f"ours: loaded {told['elections']} × {told['candidates']}")
        writer.ask("clear", prefix=_PREFIX, timeout=120.0)
    return [loading, memory, resident]
