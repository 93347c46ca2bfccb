"""Several runs side by side: how far the same figure lies apart. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["spread"]


def spread(runs: Sequence[dict[str, Any]]) -> list[str]:
    """A line per figure with everybody's median of each run, then a line per target with what each run reached."""
    lines = []
    for key, title in {figure["key"]: figure["title"] for run in runs for figure in run["figures"]}.items():
        figures = [figure for run in runs for figure in run["figures"] if figure["key"] == key]
        names = dict.fromkeys(["ours", *(name for figure in figures for name in figure["median"])])
        medians = [f"{name} " + " ".join(_number(figure["median"].get(name)) for figure in figures) for name in names]
        lines.append(f"{title:<50} {figures[0]['unit']:>4}  {'   '.join(medians)}")
        for targets in zip(*(figure["targets"] for figure in figures), strict=True):
            reached = " ".join(_number(target["value"]) for target in targets)
            met = sum(target["met"] is True for target in targets)
            of = f" of {targets[0]['of']}" if targets[0]["of"] else ""
            lines.append(f"    target {targets[0]['limit']:g}{of}: {reached}; met in {met} of {len(targets)} runs")
    return lines


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
