"""The mutations: for each hazard, lines that keep it away, and how they would look if somebody got them wrong."""

from __future__ import annotations

from ..mutation import Mutation
from . import (
    campaigns,
    drills,
    endings,
    exporting,
    histories,
    leases,
    notebooks,
    observing,
    operators,
    profiles,
    reading,
    recordings,
    screens,
    serving,
    supervising,
    threads,
    wire,
)

__all__ = ["MUTATIONS", "NO_LINE"]

NO_LINE: dict[str, str] = {}
"""Hazards that no line of this project keeps away, each with the reason."""

MUTATIONS: tuple[Mutation, ...] = (
    *campaigns.MUTATIONS,
    *drills.MUTATIONS,
    *endings.MUTATIONS,
    *exporting.MUTATIONS,
    *histories.MUTATIONS,
    *leases.MUTATIONS,
    *notebooks.MUTATIONS,
    *observing.MUTATIONS,
    *operators.MUTATIONS,
    *profiles.MUTATIONS,
    *reading.MUTATIONS,
    *recordings.MUTATIONS,
    *screens.MUTATIONS,
    *serving.MUTATIONS,
    *supervising.MUTATIONS,
    *threads.MUTATIONS,
    *wire.MUTATIONS,
)
