"""The leader's process is killed, and the one that waits is elected once etcd has expired the lease.

The kill comes at a random time after the election, so that it falls anywhere between two renewals. Times are shares
of the TTL, which is the shortest that etcd grants unless configured otherwise.
"""

from __future__ import annotations

import random
import time

from ..bench import Bench
from ..contestants import Contestant
from ..figures import Figure
from ..process import RequestProcess

__all__ = ["run"]

_TTL = 2


def run(bench: Bench) -> list[Figure]:
    figure = Figure("crash", f"crash fail-over, TTL {_TTL} s", "TTL", {})
    chances: dict[str, random.Random] = {}

    def turn(waiter: RequestProcess, contestant: Contestant) -> dict[str, list[float]]:
        chance = chances.setdefault(contestant.name, random.Random(figure.key))
        (name,) = bench.names(1)
        with contestant.start(bench.endpoint) as leader:
            leader.ask("lead", name=name, ttl=_TTL)
            waiter.ask("join", name=name, ttl=_TTL)
            time.sleep(chance.uniform(0, _TTL))
            began = time.monotonic()
            leader.kill()
            waiter.ask("elected", timeout=10.0 * _TTL)
            taken = time.monotonic() - began
        waiter.ask("release")
        return {figure.key: [taken / _TTL]}

    bench.race([figure], turn)
    return [figure]
