"""The leader proclaims a value, and an observer on another connection has it."""

from __future__ import annotations

from ..bench import Bench
from ..contestants import Contestant
from ..figures import Figure
from ..process import RequestProcess

__all__ = ["run"]

_SETTLE = 150.0


def run(bench: Bench) -> list[Figure]:
    figure = Figure("proclaim", "proclaim → observer", "ms", {})

    def turn(process: RequestProcess, contestant: Contestant) -> dict[str, list[float]]:
        (name,) = bench.names(1)
        values = [f"value-{number}" for number in range(bench.size(50, 10))]
        return {figure.key: process.ask("proclaim", name=name, names=values, settle=_SETTLE)["samples"]}

    bench.race([figure], turn, floor=True)
    return [figure]
