"""Campaigning where nobody else does: from nothing to leader, on an own lease and on a shared session."""

from __future__ import annotations

from ..bench import Bench
from ..contestants import Contestant
from ..figures import Figure
from ..process import RequestProcess

__all__ = ["run"]


def run(bench: Bench) -> list[Figure]:
    own = Figure("campaign.own_lease", "campaign, own lease", "ms", {})
    shared = Figure("campaign.session", "campaign, shared session", "ms", {})
    for figure, command in ((own, "own_lease"), (shared, "session")):
        _race(bench, figure, command)
    return [own, shared]


def _race(bench: Bench, figure: Figure, command: str) -> None:
    def turn(process: RequestProcess, contestant: Contestant) -> dict[str, list[float]]:
        return {figure.key: process.ask(command, names=bench.names(bench.size(30, 10)))["samples"]}

    bench.race([figure], turn, floor=True)
