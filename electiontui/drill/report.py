"""What came of a drill: a result for each step that was done, and what they amount to. Frozen values, all pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from .judging import NO_MEASURES, Measures
from .model import Step

__all__ = ["FIGURES", "Report", "Result", "Spread", "Verdict", "spread"]

Verdict = Literal["PASS", "FAIL", "SKIP"]

FIGURES = ("handover", "vacancy", "to_error", "margin")
"""The measures in seconds."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one step in one round."""

    round: int
    step: Step
    verdict: Verdict
    reason: str
    """A sentence."""
    seconds: float = 0.0
    """How long the step took."""
    measures: Measures = NO_MEASURES


@dataclass(frozen=True, slots=True)
class Spread:
    """What a figure was over all rounds, in seconds."""

    count: int
    median: float
    p95: float
    worst: float


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a whole drill."""

    drill: str
    about: str
    etcd: str
    """Versions of the members that were asked."""
    rounds: int
    results: tuple[Result, ...]
    left_behind: tuple[str, ...] = ()
    """What could not be cleared away."""

    @property
    def passes(self) -> bool:
        return not self.left_behind and all(result.verdict == "PASS" for result in self.results)

    @property
    def failures(self) -> list[Result]:
        """Those that failed."""
        return [result for result in self.results if result.verdict == "FAIL"]

    def by_step(self) -> dict[str, list[Result]]:
        """All results of each step by its number; one that is repeated has several per round."""
        found: dict[str, list[Result]] = {}
        for result in self.results:
            found.setdefault(result.step.number, []).append(result)
        return found

    def figures(self) -> Iterator[tuple[Step, str, Spread]]:
        """Each figure of each step that has it."""
        for results in self.by_step().values():
            for figure in FIGURES:
                if found := spread((getattr(each.measures, figure) for each in results), least=figure == "margin"):
                    yield results[0].step, figure, found

    @property
    def refused(self) -> tuple[int, int]:
        """How many writes with an old token were refused, and how many there were."""
        tried = [result.measures.refused for result in self.results if result.measures.refused is not None]
        failed = sum(result.measures.refused == 0 for result in self.results)
        return sum(tried), sum(tried) + failed


def spread(values: Iterable[float | None], *, least: bool = False) -> Spread | None:
    """Median, 95th percentile (nearest rank) and worst, which is the ``least`` where more is better."""
    known = sorted((value for value in values if value is not None), reverse=least)
    if not known:
        return None
    return Spread(len(known), _median(known), known[math.ceil(0.95 * len(known)) - 1], known[-1])


def _median(known: Sequence[float]) -> float:
    middle = len(known) // 2
    return known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) / 2
