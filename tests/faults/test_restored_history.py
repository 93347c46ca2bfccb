"""etcd is wiped under a recorder, or between two of them: what was kept stays, and what comes is kept beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from election_core import Client, utc_now
from electiontui.embedded import EmbeddedEtcd
from electiontui.history.reading import Reader
from electiontui.history.recorder import Recorder
from electiontui.history.schema import HistoryUnusable, connect
from electiontui.sources import ClusterView

from ..servers import binary_for
from .test_restored import LoneEtcd

WITHIN = 20.0


@pytest.fixture
async def lone() -> AsyncIterator[LoneEtcd]:
    async with EmbeddedEtcd(binary=binary_for("3.5")) as embedded:
        yield LoneEtcd(embedded)


async def leads(endpoint: str, value: str) -> None:
    async with Client(endpoint) as client, client.election("jobs").campaign(value):
        pass


def told(file: Path) -> list[bytes]:
    now = utc_now()
    with suppress(HistoryUnusable), Reader(file) as reader:
        terms = reader.terms(b"election/jobs", now - timedelta(hours=1), now)
        return [term.first_value for term in terms if term.leader is not None]
    return []


async def recorded(view: ClusterView, file: Path, values: list[bytes]) -> None:
    """Take in what comes until these are kept."""
    async with asyncio.timeout(WITHIN):
        while await asyncio.to_thread(told, file) != values:
            view.take_news()
            view.flush()
            view.note_watching(utc_now())
            await asyncio.sleep(0.1)


def eras(file: Path) -> list[int]:
    with closing(connect(file)) as opened:
        return [era for (era,) in opened.execute("SELECT DISTINCT era FROM changes ORDER BY era")]


@pytest.mark.parametrize("meanwhile", [True, False], ids=["under it", "between two"])
async def test_both_eras_are_kept(lone: LoneEtcd, tmp_path: Path, meanwhile: bool) -> None:
    """H88"""
    file = tmp_path / "history.db"

    def view() -> ClusterView:
        return ClusterView(lambda: Client(lone.endpoint), "election/", recorder=Recorder(file))

    for value in ("one", "two"):
        await leads(lone.endpoint, value)
    async with view() as first:
        await recorded(first, file, [b"one", b"two"])
        if meanwhile:
            await lone.set_back()
            await leads(lone.endpoint, "three")
            await recorded(first, file, [b"one", b"two", b"three"])
    if not meanwhile:
        await lone.set_back()
        await leads(lone.endpoint, "three")
        async with view() as second:
            await recorded(second, file, [b"one", b"two", b"three"])
    assert eras(file) == [1, 2]


async def test_two_recorders_that_see_it_go_on_in_one_era(lone: LoneEtcd, tmp_path: Path) -> None:
    """H88: the second one has found in the file what the first one began."""
    file = tmp_path / "history.db"
    views = [ClusterView(lambda: Client(lone.endpoint), "election/", recorder=Recorder(file)) for _ in range(2)]
    async with Client(lone.endpoint) as client, client.election("jobs").campaign("one") as campaign:
        # Whoever connects late must still find fewer revisions than it knew: else nobody could notice.
        for _ in range(40):
            await campaign.proclaim("one")
    async with views[0] as first, views[1] as second:
        for view in views:
            await recorded(view, file, [b"one"])
        await lone.set_back()
        await leads(lone.endpoint, "two")
        await recorded(first, file, [b"one", b"two"])
        await leads(lone.endpoint, "three")
        await recorded(second, file, [b"one", b"two", b"three"])
        await recorded(first, file, [b"one", b"two", b"three"])
    assert (eras(file), told(file)) == ([1, 2], [b"one", b"two", b"three"])
