"""Metrics where somebody can ask for them: of a view, and of the campaigns of one's own."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from election_core import Client
from election_core.metrics import CampaignMetrics

from ..sources import ClusterView
from .collector import ViewCollector
from .following import Following
from .plan import Door, Which
from .server import MetricsServer

__all__ = ["Metrics"]


class Metrics:
    """Answers from the beginning on, until it is closed: of the process at first, and then of what it follows.

    Attributes:
        url: where they are.
    """

    # The mutable state is the registry's, and whether campaigns are followed.

    def __init__(self, which: Which, door: Door) -> None:
        """
        Raises:
            OSError: the address cannot be had, or a certificate cannot be read.
        """
        self._which = which
        self._registry = CollectorRegistry()
        self._campaigns: CampaignMetrics | None = None
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._server = MetricsServer(self._registry, door)
        self.url = self._server.url

    def follow(self, view: ClusterView, base: str | None = None) -> None:
        """Count what a view takes in; somebody has to call its `take_news` some times per second.

        ``base``: what the names are relative to, if not what the view's are.
        """
        self._registry.register(ViewCollector(Following(view, self._which, base).picture))

    def follow_campaigns(self, client: Client) -> Client:
        """Tell of the campaigns of a client, which is returned. From any thread."""
        if self._campaigns is None:
            self._campaigns = CampaignMetrics(self._registry)
        self._campaigns.follow(client)
        return client

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
