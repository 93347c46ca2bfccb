"""The leader resigns and the one that waits is elected: how long nobody leads.

The waiter is in line for some time before: long enough for everything to have settled, or a random time below 100 ms,
which is how often etcd's catch-up loop runs. All contestants have the same random times in the same order.

One hand-over follows the other without a pause. A waiter that was woken by the catch-up loop so begins the next one
just after a turn of the loop, and pays nearly a whole turn again. A row with random pauses shows what is paid at a
random phase of the loop.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import ExitStack

from ..bench import Bench
from ..contestants import Contestant
from ..figures import Figure
from ..process import RequestProcess

__all__ = ["run"]

_SETTLED = 150.0
_CATCH_UP = 100.0
_NOISE = 300
_BESIDE = 100


def run(bench: Bench) -> list[Figure]:
    settled = Figure("handover.settled", "hand-over, waiter settled 150 ms", "ms", {})
    quiet = Figure("handover.random", "hand-over, waiter joined 0–100 ms before", "ms", {})
    paused = Figure("handover.paused", "the same, random pauses in between", "ms", {})
    busy = Figure("handover.busy", f"the same, no pauses, while {_NOISE} puts/s are written", "ms", {})
    _race(bench, settled, lambda _: _SETTLED)
    _race(bench, quiet, lambda chance: chance.uniform(0, _CATCH_UP))
    _race(bench, paused, lambda chance: chance.uniform(0, _CATCH_UP), pause=_CATCH_UP)
    with bench.helper("writer") as writer:
        writer.ask("noise", rate=_NOISE)
        _race(bench, busy, lambda chance: chance.uniform(0, _CATCH_UP))
        writer.ask("quiet")
    return [settled, _beside(bench), quiet, paused, busy]


def _beside(bench: Bench) -> Figure:
    """In processes of their own, whose waiting clients hold many other campaigns, which have nothing to do."""
    figure = Figure("handover.beside", f"the same, {_BESIDE} idle campaigns beside the waiter", "ms", {})
    with ExitStack() as stack:
        processes = {each.name: stack.enter_context(each.start(bench.endpoint)) for each in bench.contestants}
        for process in processes.values():
            process.ask("hold", names=bench.names(_BESIDE), ttl=60, session=False)

        def turn(_: RequestProcess, contestant: Contestant) -> dict[str, list[float]]:
            names = bench.names(bench.size(20, 5))
            delays = [_SETTLED] * len(names)
            return {figure.key: processes[contestant.name].ask("handover", names=names, delays=delays)["samples"]}

        bench.race([figure], turn)
    return figure


def _race(bench: Bench, figure: Figure, delay: Callable[[random.Random], float], pause: float = 0.0) -> None:
    chances: dict[str, random.Random] = {}

    def turn(process: RequestProcess, contestant: Contestant) -> dict[str, list[float]]:
        chance = chances.setdefault(contestant.name, random.Random(figure.key))
        names = bench.names(bench.size(20, 5))
        delays = [delay(chance) for _ in names]
        if not pause:
            return {figure.key: process.ask("handover", names=names, delays=delays)["samples"]}
        samples: list[float] = []
        for name, each in zip(names, delays, strict=True):
            time.sleep(chance.uniform(0, pause) / 1000)
            samples += process.ask("handover", names=[name], delays=[each])["samples"]
        return {figure.key: samples}

    bench.race([figure], turn, floor=True)
