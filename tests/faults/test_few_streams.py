"""Streams and messages of many campaigns on one client that have nothing to do, as etcd counts them."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from election_core import CampaignState, Client
from election_core.store import Put
from electiontui.embedded import EmbeddedEtcd

from ..metrics import Counted, grpc_counters, metrics
from ..servers import EACH_ETCD
from .clients import Moments, Raw, eventually, new_client, note, raw_store

SIZE = 100
SECONDS = 4.0


@pytest.fixture(params=EACH_ETCD)
async def quiet(request: pytest.FixtureRequest) -> AsyncIterator[EmbeddedEtcd]:
    """An etcd that counts for this test alone."""
    async with EmbeddedEtcd(binary=request.getfixturevalue(request.param).binary) as etcd:
        yield etcd


@pytest.mark.parametrize("how", ["leading", "on one session", "waiting"])
async def test_a_crowd_has_one_stream_of_watches_and_one_sign_of_life_a_second(
    quiet: EmbeddedEtcd, name: str, how: str
) -> None:
    """Whatever the stream carries; renewals have one of their own, and no watch is ahead of them."""
    names = [f"{name}-{each}" for each in range(SIZE)]
    if how == "waiting":
        async with raw_store(quiet.endpoint) as store:
            for each in names:
                await Raw(store).do(Put(f"election/{each}/1".encode(), b"ahead", 0))
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(new_client(quiet.endpoint))
        await _stand(stack, client, names, how)
        await eventually(lambda: _is_watched(quiet), "all watches are there")
        began, first = time.monotonic(), await _counted(quiet)
        await asyncio.sleep(SECONDS)
        last, taken = await _counted(quiet), time.monotonic() - began
    streams = {method: last["started", method] - last["handled", method] for method in ("Watch", "LeaseKeepAlive")}
    asked = last["msg_received", "Watch"] - first["msg_received", "Watch"]
    note(f"{SIZE} campaigns, {how}", asked=asked, seconds=taken, **streams)
    assert streams == {"Watch": 1, "LeaseKeepAlive": 1}
    assert 0.5 * taken < asked < taken + 2


async def _stand(stack: AsyncExitStack, client: Client, names: list[str], how: str) -> None:
    session = await stack.enter_async_context(client.session(60)) if how == "on one session" else None
    campaigns = [Moments(client.election(name).campaign("value", session=session)) for name in names]
    state = CampaignState.WAITING if how == "waiting" else CampaignState.LEADING

    async def all_stand() -> bool:
        return all(each.campaign.state is state for each in campaigns)

    await eventually(all_stand, f"all are {state}")


async def _is_watched(etcd: EmbeddedEtcd) -> bool:
    """A campaign leads or waits before the watch of its key was asked for. One that leads has no other."""
    text = await asyncio.to_thread(metrics, etcd.endpoint)
    (watchers,) = re.findall(r"^etcd_debugging_mvcc_watcher_total (\S+)$", text, re.MULTILINE)
    return float(watchers) >= SIZE


async def _counted(etcd: EmbeddedEtcd) -> Counted:
    return await asyncio.to_thread(grpc_counters, etcd.endpoint)
