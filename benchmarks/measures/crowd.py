"""Many candidates of one client in one election: all join together, then each resigns once it is elected."""

from __future__ import annotations

from ..bench import Bench
from ..contestants import Contestant
from ..figures import Figure
from ..process import RequestProcess

__all__ = ["run"]

_SIZE = 200
_SETTLE = 1000.0


def run(bench: Bench) -> list[Figure]:
    storm = Figure("crowd.storm", f"{_SIZE} candidates join together", "ms", {})
    drain = Figure("crowd.drain", f"{_SIZE} candidates drain", "ms", {})

    def turn(process: RequestProcess, contestant: Contestant) -> dict[str, list[float]]:
        (name,) = bench.names(1)
        took = process.ask("crowd", name=name, size=_SIZE, settle=_SETTLE, timeout=180.0)
        return {storm.key: [took["storm"]], drain.key: [took["drain"]]}

    bench.race([storm, drain], turn, floor=True)
    return [storm, drain]
