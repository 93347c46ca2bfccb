"""What was measured, and how it is judged. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from .targets import TARGETS, Target

__all__ = ["Figure", "Verdict", "percentile"]


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least this share of all samples does not exceed."""
    ordered = sorted(samples)
    return ordered[max(math.ceil(len(ordered) * share) - 1, 0)]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target beside what was measured."""

    target: Target
    value: float | None
    """``None`` where whom it compares with did not run."""

    @property
    def met(self) -> bool | None:
        return None if self.value is None else self.target.allows(self.value)

    def __str__(self) -> str:
        met = {None: "not run", True: "met", False: "MISSED"}[self.met]
        measured = "" if self.value is None else f"{self.value:.3g} "
        return f"{measured}{self.target} {met}"


@dataclass(slots=True)
class Figure:
    """One row of the table: samples of one measure by contestant, after warm-up."""

    key: str
    """What it is called in `TARGETS` and JSON."""
    title: str
    unit: str
    samples: dict[str, list[float]]
    notes: list[str] = field(default_factory=list)
    """Why a contestant is missing here, and what else should be known."""

    def median(self, contestant: str) -> float | None:
        samples = self.samples.get(contestant)
        return median(samples) if samples else None

    def p99(self, contestant: str) -> float | None:
        samples = self.samples.get(contestant)
        return percentile(samples, 0.99) if samples else None

    def ratio(self, to: str) -> float | None:
        """Our median over theirs."""
        ours, theirs = self.median("ours"), self.median(to)
        return ours / theirs if ours is not None and theirs else None

    def verdicts(self) -> list[Verdict]:
        return [
            Verdict(target, self.median("ours") if target.of == "" else self.ratio(target.of))
            for target in TARGETS.get(self.key, ())
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "title": self.title,
            "unit": self.unit,
            "median": {name: self.median(name) for name in self.samples},
            "p99": {name: self.p99(name) for name in self.samples},
            "ratio": {name: self.ratio(name) for name in self.samples if name != "ours"},
            "targets": [
                {"of": each.target.of, "limit": each.target.limit, "value": each.value, "met": each.met}
                for each in self.verdicts()
            ],
            "samples": self.samples,
            "notes": self.notes,
        }
