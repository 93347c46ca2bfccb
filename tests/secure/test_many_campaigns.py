"""More campaigns on one client than its connection may have streams: nobody is late, and nobody is told so.

``TLS_CAMPAIGNS=10000 pytest tests/secure/test_many_campaigns.py`` has as many as a large program might.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Iterator, Sequence

import pytest

from election_core import TLS, CampaignState, Client, LeadershipLost
from election_core.store import Delete

from ..faults.clients import Moments, Raw, eventually, note, raw_store
from ..servers import needed_binary
from .certificates import Certificates
from .tls_servers import SecureEtcd, secure_etcd

SIZE = int(os.environ.get("TLS_CAMPAIGNS", "400"))
"""Elections that one client leads; in some it waits, too. A connection has 250 streams, or 100."""
TTL = 15 if SIZE < 1000 else 30
PATIENCE = 30 + SIZE / 50
"""Seconds until all are in line, on a slow machine."""
EVICTED = 10
SOON = 3.0
"""Seconds; what is late waits for a stream to be free, or for another look at its place after a TTL."""


@pytest.fixture(params=["3.5", "3.4, 100 streams"])
def few_streams(request: pytest.FixtureRequest, certificates: Certificates) -> Iterator[SecureEtcd]:
    """An etcd that ends what a connection may have at 250 streams, or at 100 as many proxies do."""
    series, _, limited = request.param.partition(",")
    flags = ["--max-concurrent-streams", "100"] if limited else []
    yield from secure_etcd(certificates, *flags, binary=needed_binary(series))


@pytest.mark.timeout(2 * PATIENCE + 3 * TTL + 30)
async def test_nobody_is_late_beyond_the_limit_of_streams(
    few_streams: SecureEtcd, certificates: Certificates, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """All join at once; each is elected or waits, is renewed in time, and learns at once of its eviction and of the
    one before it; calls go on meanwhile, and nothing is logged."""
    async with Client(few_streams.secure, tls=TLS(ca=certificates.ca)) as client:
        with caplog.at_level(logging.WARNING, "election_core"):
            began = time.monotonic()
            leaders = [_campaign(client, f"{name}-{each}") for each in range(SIZE)]
            await eventually(lambda: _all_are(leaders, CampaignState.LEADING), "all lead", PATIENCE)
            waiters = [_campaign(client, f"{name}-{each}") for each in range(EVICTED)]
            await eventually(lambda: _all_are(waiters, CampaignState.WAITING), "all wait", PATIENCE)
            joined = time.monotonic() - began
            calls = await _stay(client, leaders, name)
            assert await _all_are(waiters, CampaignState.WAITING)
            assert [record.getMessage() for record in caplog.records] == []
            told, followed = await _evict(few_streams.plain, leaders, waiters)
            logged = [record.getMessage() for record in caplog.records]
            assert len(logged) == EVICTED
            assert all("lost: The candidate's key was deleted" in each for each in logged), logged
    note(f"{SIZE} campaigns", joined=joined, call=max(calls), told=max(told), followed=max(followed))
    assert max(calls) < SOON
    assert max(told) < SOON
    assert max(followed) < SOON


def _campaign(client: Client, name: str) -> Moments:
    return Moments(client.election(name, ttl=TTL).campaign("candidate"))


async def _all_are(campaigns: Sequence[Moments], state: CampaignState) -> bool:
    failed = [str(each.campaign.error) for each in campaigns if each.has_failed]
    assert not failed, f"{len(failed)} of {len(campaigns)}: {failed[0]}"
    return all(each.campaign.state is state for each in campaigns)


async def _stay(client: Client, leaders: Sequence[Moments], name: str) -> list[float]:
    """Two periods of renewal, with a call now and then; how long each took."""
    calls, until = list[float](), time.monotonic() + 2 * TTL / 3
    while time.monotonic() < until:
        began = time.monotonic()
        assert await client.election(f"{name}-{len(calls) % SIZE}").leader() is not None
        calls.append(time.monotonic() - began)
        assert min(each.campaign.lease_remaining for each in leaders) > TTL / 3, "a renewal is late"
        await asyncio.sleep(max(0.1, SIZE / 10_000))
    assert await _all_are(leaders, CampaignState.LEADING)
    return calls


async def _evict(
    endpoint: str, leaders: Sequence[Moments], waiters: Sequence[Moments]
) -> tuple[list[float], list[float]]:
    """Delete the keys of the leaders that somebody waits for; how long until each knew, and until the other led."""
    told, followed = list[float](), list[float]()
    async with raw_store(endpoint) as store:
        for leader, waiter in zip(leaders, waiters, strict=False):
            began = time.monotonic()
            await Raw(store).do(Delete(leader.campaign.key))
            failure = await leader.failed()
            assert isinstance(failure.error, LeadershipLost)
            told.append(failure.at - began)
            followed.append(await waiter.elected() - began)
    return told, followed
