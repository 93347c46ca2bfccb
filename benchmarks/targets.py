"""What the figures are to reach: a bound on our median, or on its ratio to a peer's of the same run. Pure."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TARGETS", "Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """A bound."""

    limit: float
    of: str = ""
    """Whose median ours is divided by; ``""``: it bounds our median itself."""
    at_least: bool = False

    def allows(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        what = f" of {self.of}" if self.of else ""
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}{what}"


TARGETS: dict[str, tuple[Target, ...]] = {
    "campaign.own_lease": (Target(1.2, "go"), Target(0.65, "node")),
    "campaign.session": (Target(1.0, "go"),),
    "handover.settled": (Target(1.0, "go"),),
    "handover.random": (Target(0.05, "go"), Target(0.05, "node")),
    "handover.busy": (Target(0.05, "go"), Target(0.05, "node")),
    "proclaim": (Target(1.6, "go"), Target(1.0, "node")),
    "crowd.drain": (Target(0.9, "go"), Target(0.25, "node")),
    "ingest.one": (Target(75.0),),
    "ingest.hundred": (Target(6.0),),
    "load.time": (Target(0.25),),
    "load.memory": (Target(1024.0),),
    "holding.client_1000": (Target(1.2),),
    "holding.etcd_1000": (Target(2.0),),
    "holding.client_session": (Target(0.3),),
    # One request for a sign of life a second, whatever the stream carries.
    "holding.asked_1000": (Target(1.05),),
    "holding.asked_10000": (Target(1.05),),
    "holding.share": (Target(5.0),),
    "history.event": (Target(20.0),),
    "history.frame": (Target(16.0),),
    "scraping.pause_10000": (Target(20.0),),
    "notebook.closed": (Target(5.0),),
    "import": (Target(1.15, "aetcd"),),
    "version": (Target(60.0),),
    "dashboard.list": (Target(0.5),),
    "dashboard.scroll": (Target(55.0, at_least=True),),
    "dashboard.cpu": (Target(8.0),),
    "dashboard.idle": (Target(0.5),),
    # "Still scrolls" has no number of its own; this is what a film makes do with.
    "dashboard.scroll_100000": (Target(24.0, at_least=True),),
}
