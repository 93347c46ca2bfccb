"""The metrics of a program's own campaigns."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

import election_core
from election_core import Client, LeadershipLost, Unavailable, blocking
from election_core.metrics import CampaignMetrics
from election_core.testing import ManualClock, MemoryStore

from .scraping import Scrape

STATES = ("leading", "starting", "waiting")


class Asked:
    """The metrics of some clients in a registry of their own."""

    def __init__(self, *clients: Client | blocking.Client, most: int = 1000) -> None:
        self.registry = CollectorRegistry()
        self.metrics = CampaignMetrics(self.registry, most=most)
        for client in clients:
            self.metrics.follow(client)

    def __call__(self) -> Scrape:
        return Scrape.parsed(generate_latest(self.registry).decode())

    def states(self, election: str) -> list[float | None]:
        found = self()
        return [found.of("election_campaigns", election, state) for state in STATES]


async def test_a_campaign_is_told_from_its_beginning_to_its_end() -> None:
    async with Client.over(MemoryStore()) as client:
        asked = Asked(client)
        assert asked.states("orders") == [None] * 3
        first = await client.election("orders", ttl=30).campaign("host-a")
        second = client.election("orders", ttl=10).campaign("host-b")
        assert asked.states("orders") == [1, 1, 0]
        while second.ahead is None:  # noqa: ASYNC110 - nobody is told when a campaign begins to wait
            await asyncio.sleep(0)
        found = asked()
        assert asked.states("orders") == [1, 0, 1]
        assert found.of("election_campaign_fencing_token", "orders") == first.fencing_token
        remaining = found.of("election_campaign_lease_remaining_seconds", "orders")
        assert remaining is not None
        assert 5 < remaining < 10
        await first.resign()
        await second.wait()
        found = asked()
        assert found.of("election_campaign_elected_total", "orders") == 2
        assert found.of("election_campaign_fencing_token", "orders") == second.fencing_token
        assert found["election_campaign_failures_total"] == {("orders", "failed"): 0, ("orders", "lost"): 0}
        await second.resign()
        found = asked()
        assert asked.states("orders") == [0, 0, 0]
        assert "election_campaign_fencing_token" not in found
        assert "election_campaign_lease_remaining_seconds" not in found
        assert found.of("election_campaign_elected_total", "orders") == 2


async def test_losses_are_counted() -> None:
    store = MemoryStore()
    async with Client.over(store) as client:
        asked = Asked(client)
        campaign = await client.election("orders").campaign("host-a")
        (candidate,) = await client.election("orders").candidates()
        await client.election("orders").evict(candidate)
        with pytest.raises(LeadershipLost):
            async with asyncio.timeout(10), campaign:
                await asyncio.Event().wait()
        assert asked()["election_campaign_failures_total"] == {("orders", "failed"): 0, ("orders", "lost"): 1}
    async with Client("127.0.0.1:9", timeout=0.2) as client:
        asked = Asked(client)
        with pytest.raises(Unavailable):
            await client.election("orders").campaign("host-a")
        assert asked()["election_campaign_failures_total"] == {("orders", "failed"): 1, ("orders", "lost"): 0}


async def test_a_leader_whose_event_loop_stands_still_is_told_to_lead_no_more() -> None:
    """H93: its state stands still with it; the clock does not, and the scrape comes from another thread."""
    clock = ManualClock()
    async with Client.over(MemoryStore(clock=clock), clock) as client:
        asked = Asked(client)
        campaign = await client.election("orders", ttl=30).campaign("host-a")
        assert asked.states("orders") == [1, 0, 0]
        clock._now += 60  # nothing runs meanwhile
        found: list[Scrape] = []
        thread = threading.Thread(target=lambda: found.append(asked()))
        thread.start()
        thread.join(10)
        assert campaign.state == "leading"
        assert found[0].of("election_campaigns", "orders", "leading") == 0
        assert "election_campaign_fencing_token" not in found[0]
        assert "election_campaign_lease_remaining_seconds" not in found[0]
        await campaign.resign()


async def test_elections_elsewhere_have_their_path_and_odd_names_are_sent() -> None:
    async with Client.over(MemoryStore()) as client:
        asked = Asked(client)
        await client.election("orders", prefix="services/x").campaign("a")
        await client.election("orders", prefix="").campaign("a")
        await client.election('\udcff"\n').campaign("a")
        found = asked()
        labels = {labels[0] for labels in found["election_campaign_elected_total"]}
        assert labels == {"services/x/orders", "orders", '\\xff"\n'}


async def test_elections_beyond_the_bound_are_counted_and_no_more() -> None:
    """H94: a program that campaigns in ever new elections."""
    async with Client.over(MemoryStore()) as client:
        asked = Asked(client, most=2)
        for name in ("a", "b", "c", "a", "d"):
            async with client.election(name).campaign("x"):
                pass
        found = asked()
        assert found["election_campaign_elected_total"] == {("a",): 2, ("b",): 1}
        assert found.of("election_campaigns_cut_total") == 2


async def test_an_election_is_forgotten_an_hour_after_its_last_campaign(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock()
    async with Client.over(MemoryStore()) as client:
        asked = Asked(client, most=1)
        monkeypatch.setattr(asked.metrics, "_clock", clock)
        async with client.election("a").campaign("x"):
            clock._now += 10_000
            assert asked.states("a") == [1, 0, 0]
        assert asked.states("a") == [0, 0, 0]
        clock._now += 3599
        assert asked.states("a") == [0, 0, 0]
        clock._now += 2
        assert asked.states("a") == [None] * 3
        async with client.election("b").campaign("x"):
            assert asked.states("b") == [1, 0, 0]


async def test_following_twice_counts_once_and_what_went_before_is_not_counted() -> None:
    async with Client.over(MemoryStore()) as client, Client.over(MemoryStore()) as other:
        await client.election("before").campaign("x")
        asked = Asked(client, client, other)
        await client.election("orders").campaign("x")
        await other.election("orders").campaign("x")
        assert asked()["election_campaign_elected_total"] == {("orders",): 2}
        assert asked.states("orders") == [2, 0, 0]


def test_campaigns_of_threads_are_told_too() -> None:
    with blocking.Client.over(MemoryStore()) as client:
        asked = Asked(client)

        def work(campaign: blocking.Campaign) -> Scrape:
            return asked()

        found = client.election("orders").lead("host-a", work)
        assert found.of("election_campaigns", "orders", "leading") == 1
        assert found.of("election_campaign_elected_total", "orders") == 1


async def test_a_forked_child_tells_nothing_of_its_parents_campaigns() -> None:
    async with Client.over(MemoryStore()) as client:
        asked = Asked(client)
        await client.election("orders").campaign("x")
        runtime = client._runtime
        runtime._pid = os.getpid() + 1  # as it is seen in a child
        try:
            assert asked.states("orders") == [0, 0, 0]
        finally:
            runtime._pid = os.getpid()


async def test_a_client_that_is_gone_is_followed_no_more() -> None:
    asked = Asked()
    async with Client.over(MemoryStore()) as client:
        asked.metrics.follow(client)
    del client
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(0)
    import gc

    gc.collect()
    assert not tuple(asked.metrics._runtimes)


@pytest.fixture
def _unregistered() -> Iterator[None]:
    before = set(REGISTRY._collector_to_names)
    yield
    for collector in set(REGISTRY._collector_to_names) - before:
        REGISTRY.unregister(collector)


@pytest.mark.usefixtures("_unregistered")
def test_it_goes_into_the_usual_registry_once() -> None:
    CampaignMetrics()
    assert b"election_campaigns_cut_total 0.0" in generate_latest(REGISTRY)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        CampaignMetrics()
    CampaignMetrics(None)


def test_promtool_finds_nothing_wrong(promtool: Path) -> None:
    async def campaign() -> bytes:
        async with Client.over(MemoryStore()) as client:
            asked = Asked(client)
            await client.election("orders").campaign("x")
            return generate_latest(asked.registry)

    told = asyncio.run(campaign())
    done = subprocess.run([promtool, "check", "metrics"], input=told, capture_output=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_election_core_itself_does_without() -> None:
    script = "import sys, election_core, election_core.blocking; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True)
    loaded = done.stdout.split()
    assert "election_core.metrics" not in loaded
    assert not [name for name in loaded if name.startswith("prometheus_client")]
    assert "CampaignMetrics" not in election_core.__all__
