"""A drill's steps as rows, with what has come of them so far. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..drill import Drill, Result, Step
from ..rows import Column
from ..sources.drill_runs import DrillRun
from ..text import safe
from ..widgets.cells import Cell

__all__ = ["DRILLS", "STEPS", "step_rows", "summary"]

DRILLS = (
    Column("name", "DRILL", 14, grows=1),
    Column("needs", "NEEDS", 8, drop_below=60),
    Column("about", "ABOUT", 10, grows=3, drop_below=40),
)
STEPS = (
    Column("step", "STEP", 5),
    Column("does", "DOES", 14, grows=1),
    Column("verdict", "VERDICT", 13),
    Column("why", "WHY", 12, grows=3, drop_below=60),
)
_ROLES = {"PASS": "own", "FAIL": "vacant", "SKIP": "muted"}


def step_rows(drill: Drill, run: DrillRun | None) -> dict[str, dict[str, Cell]]:
    """By number the cells of the steps of a drill; ``run``: what has come of them, where it was run."""
    results: dict[str, list[Result]] = {}
    for result in run.results if run is not None else ():
        results.setdefault(result.step.number, []).append(result)
    under_way = run.began.step.number if run is not None and run.began is not None else None
    return {step.number: _cells(step, results.get(step.number, []), step.number == under_way) for step in _steps(drill)}


def _steps(drill: Drill) -> Iterator[Step]:
    """Each step once, those of a repetition too."""
    return iter({step.number: step for step in drill.unrolled()}.values())


def _cells(step: Step, results: list[Result], is_under_way: bool) -> dict[str, Cell]:
    told = next((each for each in results if each.verdict != "PASS"), results[-1] if results else None)
    verdict: Cell = ("▶ …", "flapping") if is_under_way else ("–", "muted")
    if told is not None:
        passed = sum(each.verdict == "PASS" for each in results)
        times = f" {passed} of {len(results)}" if len(results) > 1 else ""
        verdict = f"{'▶ ' if is_under_way else ''}{told.verdict}{times}", _ROLES[told.verdict]
    return {
        "step": (step.number, "muted"),
        "does": (safe(str(step), 200), ""),
        "verdict": verdict,
        "why": (safe(told.reason, 400) if told is not None else "", ""),
    }


def summary(run: DrillRun) -> str:
    """How a run is, in a line."""
    verdicts = [result.verdict for result in run.results]
    counts = "   ".join(f"{verdicts.count(each)} {each}" for each in ("PASS", "FAIL", "SKIP") if each in verdicts)
    of = f"{safe(run.drill.name, 60)} on {run.where}"
    if run.report is not None:
        figures = [
            f"{figure} of step {step.number}: median {found.median:.3f} s, worst {found.worst:.3f} s"
            for step, figure, found in run.report.figures()
            if figure == "handover"
        ]
        verdict = "PASS" if run.report.passes else "FAIL"
        return "   ".join([f"{verdict}  {of}, {run.rounds} rounds", counts, *figures]).replace("handover", "hand-over")
    if run.failure is not None:
        return f"NOT RUN  {of}: {safe(run.failure, 400)}"
    at = f"round {run.began.round if run.began else max((each.round for each in run.results), default=1)}"
    words = {"running": "▶", "stopping": "stopping, and clearing away:", "stopped": "stopped:"}
    return f"{words.get(run.state, '')} {of}   {at} of {run.rounds}   {counts}"
