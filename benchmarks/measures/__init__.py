"""The measures, each a module of its own with ``run(bench)``, which returns its rows of the table."""

from __future__ import annotations

from collections.abc import Callable

from ..bench import Bench
from ..figures import Figure
from . import (
    campaign,
    crash,
    crowd,
    dashboard,
    handover,
    history,
    holding,
    ingest,
    load,
    notebook,
    proclaim,
    scraping,
    starting,
    viewers,
)

__all__ = ["MEASURES"]

MEASURES: dict[str, Callable[[Bench], list[Figure]]] = {
    "campaign": campaign.run,
    "handover": handover.run,
    "proclaim": proclaim.run,
    "crowd": crowd.run,
    "crash": crash.run,
    "ingest": ingest.run,
    "load": load.run,
    "holding": holding.run,
    "viewers": viewers.run,
    "starting": starting.run,
    "dashboard": dashboard.run,
    "history": history.run,
    "scraping": scraping.run,
    "notebook": notebook.run,
}
