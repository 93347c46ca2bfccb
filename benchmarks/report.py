"""The figures as a table and as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .contestants import Contestant
from .figures import Figure

__all__ = ["HEADER", "as_json", "machine", "row", "rule"]

_TITLE = 50
_CELL = 17
HEADER = (
    f"{'median (p99)':<{_TITLE}} {'unit':>4} {'ours':>{_CELL}} {'Go':>{_CELL}} {'Node':>{_CELL}}   against the targets"
)


def rule() -> str:
    return "-" * len(HEADER)


def machine() -> dict[str, Any]:
    """What it ran on."""
    cpus = [line for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = next((line for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), ": unknown")
    return {
        "cpu": cpus[0].partition(":")[2].strip() if cpus else platform.processor(),
        "cores": os.cpu_count(),
        "memory": memory.partition(":")[2].strip(),
        "system": platform.platform(),
        "load": os.getloadavg()[0],
    }


def row(figure: Figure) -> str:
    """One figure's line, and a line for each of its notes."""
    cells = " ".join(f"{_cell(figure, name):>{_CELL}}" for name in ("ours", "go", "node"))
    others = [f"{name} {figure.median(name):.3g}" for name in figure.samples if name not in ("ours", "go", "node")]
    told = "; ".join([str(verdict) for verdict in figure.verdicts()] + others + _ratios(figure))
    lines = [f"{figure.title:<{_TITLE}} {figure.unit:>4} {cells}   {told}".rstrip()]
    return "\n".join(lines + [f"    {note}" for note in figure.notes])


def as_json(
    figures: Iterable[Figure], etcd: str, contestants: Sequence[Contestant], missing: Sequence[str], rounds: int
) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "etcd": etcd,
        "contestants": {contestant.name: contestant.version for contestant in contestants},
        "not_run": list(missing),
        "rounds": rounds,
        "figures": [figure.as_json() for figure in figures],
    }


def _ratios(figure: Figure) -> list[str]:
    """The ratios that no target is about."""
    judged = {verdict.target.of for verdict in figure.verdicts()}
    ratios = {name: figure.ratio(name) for name in figure.samples if name not in ("ours", *judged)}
    return [f"{ratio:.2f} of {name}" for name, ratio in ratios.items() if ratio is not None]


def _cell(figure: Figure, name: str) -> str:
    median, p99 = figure.median(name), figure.p99(name)
    if median is None or p99 is None:
        return "–"
    return f"{_number(median)} ({_number(p99)})" if len(figure.samples[name]) > 1 else _number(median)


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
