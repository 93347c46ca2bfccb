"""How the dashboard opens."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .alerts import AlarmPlan
from .findings import Limits

if TYPE_CHECKING:
    from .drill import Access
    from .metrics.serving import Metrics

__all__ = ["NOTHING_WISHED", "Opening", "Wishes"]


class Wishes(NamedTuple):
    """What a profile wishes beside the options."""

    keys: Mapping[str, tuple[str, ...]] = {}
    """Action → keys, where they are others than usual."""
    theme: str | None = None
    limits: Limits = Limits()
    """From where on something counts as wrong."""
    ignored: frozenset[str] = frozenset()
    """Kinds of findings that are left out."""
    alarm: AlarmPlan = AlarmPlan()
    """Alerts, and the programs that are told."""


NOTHING_WISHED = Wishes()


class Opening(NamedTuple):
    """What the command line decides for it."""

    prefixes: tuple[str, ...]
    """What is watched, such as ``election/``; ``""`` is the whole key space."""
    read_only: bool = False
    """Whether nothing is offered that writes to etcd."""
    notice: str | None = None
    """A line to show until something happens."""
    access: tuple[str, ...] = ()
    """The flags that let etcdctl in, for the commands that are shown."""
    low_bandwidth: bool = False
    """Whether it repaints seldom."""
    metrics: Metrics | None = None
    """What is told of all that it watches, for Prometheus."""
    drills: Access | None = None
    """The way to the cluster for drills; without one they are run on embedded clusters only."""
    keeps_history: bool = False
    """Whether what is seen is kept in a file, and what was seen before is shown."""
    history: Path | None = None
    """That file; by default the one of the cluster."""
    wishes: Wishes = NOTHING_WISHED
    """What the profile says."""
