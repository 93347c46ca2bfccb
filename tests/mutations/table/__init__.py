"""The mutations: for each hazard, lines that keep it away, and how they would look if somebody got them wrong."""

from __future__ import annotations

from ..mutation import Mutation
from . import campaigns, endings, leases, observing, operators, reading, screens, threads, wire

__all__ = ["MUTATIONS", "NO_LINE"]

NO_LINE: dict[str, str] = {}
"""Hazards that no line of this project keeps away, each with the reason."""

MUTATIONS: tuple[Mutation, ...] = (
    *campaigns.MUTATIONS,
    *endings.MUTATIONS,
    *leases.MUTATIONS,
    *observing.MUTATIONS,
    *operators.MUTATIONS,
    *reading.MUTATIONS,
    *screens.MUTATIONS,
    *threads.MUTATIONS,
    *wire.MUTATIONS,
)
