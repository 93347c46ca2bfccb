"""A guarantee that did not hold."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Violation"]


@dataclass(frozen=True, slots=True)
class Violation:
    """What did not hold, and when; without end where it has no time."""

    rule: str
    text: str
    begin: float
    end: float
