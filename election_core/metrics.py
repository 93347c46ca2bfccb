"""The campaigns of a program as metrics of Prometheus, in the registry that it has already.

::

    from election_core.metrics import CampaignMetrics

    metrics = CampaignMetrics()          # in prometheus_client's own registry
    async with Client("10.0.0.1:2379") as client:
        metrics.follow(client)           # all its campaigns from now on

It needs prometheus_client, which the extra ``electiontui[metrics]`` installs. Nothing of election_core imports this
module, so nobody else needs that, or waits for it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakSet

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .campaign import Campaign
from .client import Client
from .clock import SystemClock
from .core.campaign_state import FAILURES, CampaignState
from .election import Election
from .errors import InvalidConfig
from .shell.runtime import OpenCampaign, Runtime

if TYPE_CHECKING:
    from .blocking import Client as BlockingClient

__all__ = ["CampaignMetrics"]

_MOST = 1_000
_FORGET_AFTER = 3600.0
"""Seconds for which an election has its series after the last campaign in it."""
_LIVE = (CampaignState.STARTING, CampaignState.WAITING, CampaignState.LEADING)


class _Counts:
    """One election, since it was first campaigned in."""

    def __init__(self) -> None:
        self.elected = 0
        self.failures: Counter[CampaignState] = Counter(dict.fromkeys(FAILURES, 0))
        self.idle_since: float | None = None


class _Now:
    """What the campaigns in one election are doing."""

    def __init__(self) -> None:
        self.states: Counter[CampaignState] = Counter(dict.fromkeys(_LIVE, 0))
        self.remaining: list[float] = []
        self.tokens: list[int] = []

    def add(self, campaign: Campaign) -> None:
        state, leads = campaign.state, campaign.is_leader
        # By the clock: where the event loop stands still its state does, too.
        if state not in _LIVE or (state is CampaignState.LEADING and not leads):
            return
        self.states[state] += 1
        if state is not CampaignState.STARTING:
            self.remaining.append(campaign.lease_remaining)
        if leads:
            self.tokens.append(campaign.fencing_token)


class CampaignMetrics(Collector):
    """What the campaigns of some clients do, election by election.

    An election's label is its name, or its whole path where its prefix is not the usual one. Whether a campaign leads
    and how long its lease lives is computed from the clock in the thread that asks; no event loop is waited for.
    """

    # The mutable state, under the lock: the clients' runtimes, what was counted by election, and of how many campaigns
    # nothing was. Counts are changed in the clients' loops.

    def __init__(self, registry: CollectorRegistry | None = REGISTRY, *, most: int = _MOST) -> None:
        """
        Args:
            registry: where it is registered; ``None`` for nowhere.
            most: elections that have series, which are those that were campaigned in first. An election loses them an
                hour after the last campaign in it, when they are asked for.
        """
        self._most, self._clock = most, SystemClock()
        self._lock = threading.Lock()
        self._runtimes: WeakSet[Runtime] = WeakSet()
        self._counts: dict[str, _Counts] = {}
        self._cut = 0
        if registry is not None:
            registry.register(self)

    def follow(self, client: Client | BlockingClient) -> None:
        """Tell of all campaigns of a client, be they begun by ``campaign`` or ``lead``, until the client is gone.

        What happened before is not counted. Following it again does nothing.
        """
        runtime = (client if isinstance(client, Client) else client._inner)._runtime
        with self._lock:
            if runtime in self._runtimes:
                return
            self._runtimes.add(runtime)
        runtime.begun.append(self._begun)

    def describe(self) -> Iterable[Metric]:
        return _families({}, {}, 0)

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            now = self._look()
            counts = {name: self._counts[name] for name in sorted(self._counts)}
            return _families(counts, now, self._cut)

    def _look(self) -> dict[str, _Now]:
        """What the campaigns are doing; elections without any for long are forgotten."""
        now: dict[str, _Now] = {}
        for runtime in tuple(self._runtimes):
            try:
                runtime.check_process()
            except InvalidConfig:
                continue  # of the process that this one was forked from
            for campaign in tuple(runtime.campaigns):
                assert isinstance(campaign, Campaign)
                if campaign.state in _LIVE and (name := _label(campaign)) in self._counts:
                    now.setdefault(name, _Now()).add(campaign)
        at = self._clock.now()
        for name, counts in tuple(self._counts.items()):
            if name in now:
                counts.idle_since = None
            elif counts.idle_since is None:
                counts.idle_since = at
            elif at - counts.idle_since > _FORGET_AFTER:
                del self._counts[name]
        return now

    def _begun(self, campaign: OpenCampaign) -> None:
        assert isinstance(campaign, Campaign)
        name = _label(campaign)
        with self._lock:
            if name not in self._counts and len(self._counts) >= self._most:
                self._cut += 1
                return
            counts = self._counts.setdefault(name, _Counts())
            counts.idle_since = None
        campaign.on("elected", partial(self._elected, counts))
        campaign.on("error", lambda _: self._failed(counts, campaign.state))

    def _elected(self, counts: _Counts) -> None:
        with self._lock:
            counts.elected += 1

    def _failed(self, counts: _Counts, how: CampaignState) -> None:
        with self._lock:
            counts.failures[how] += 1


def _label(campaign: Campaign) -> str:
    """The election's, as text that can be sent."""
    path = campaign._recipe.root[:-1].removeprefix(f"{Election.prefix}/".encode())
    return path.decode("utf-8", "backslashreplace")


def _families(counts: dict[str, _Counts], now: dict[str, _Now], cut: int) -> Iterator[Metric]:
    """All of them, made at once, so that they are of one moment."""
    campaigns = GaugeMetricFamily("election_campaigns", "Own campaigns that go on.", labels=["election", "state"])
    remaining = GaugeMetricFamily(
        "election_campaign_lease_remaining_seconds",
        "For how long the lease of an own campaign certainly lives; the least of them.",
        labels=["election"],
    )
    token = GaugeMetricFamily(
        "election_campaign_fencing_token", "The fencing token of the own campaign that leads.", labels=["election"]
    )
    elected = CounterMetricFamily("election_campaign_elected", "Own campaigns that were elected.", labels=["election"])
    failures = CounterMetricFamily(
        "election_campaign_failures",
        "Own campaigns that lost their candidacy or leadership (lost), or could not join the line (failed).",
        labels=["election", "reason"],
    )
    for name, counted in counts.items():
        doing = now.get(name) or _Now()
        for state, count in doing.states.items():
            campaigns.add_metric([name, state], count)
        if doing.remaining:
            remaining.add_metric([name], min(doing.remaining))
        if doing.tokens:
            token.add_metric([name], max(doing.tokens))
        elected.add_metric([name], counted.elected)
        for reason in sorted(FAILURES):
            failures.add_metric([name, reason], counted.failures[reason])
    missing = CounterMetricFamily(
        "election_campaigns_cut", "Own campaigns of which nothing is told, as there are too many elections.", value=cut
    )
    return iter((campaigns, remaining, token, elected, failures, missing))
