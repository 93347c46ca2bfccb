"""The keeping alive of leases meets defects, its own or others', and keeps them alive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from election_core import Campaign, CampaignState, Unavailable
from election_core.store import RenewalStream, Store

from .stage import SlowAnswers, Stage


class DefectiveRenewals:
    """A store on which opening, sending or receiving renewals fails in a way that nobody has thought of."""

    def __init__(self, store: Store, where: str, times: int) -> None:
        self._below, self._where, self.times = store, where, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)

    def fails(self, where: str) -> None:
        if where == self._where and self.times:
            self.times -= 1
            raise ZeroDivisionError(where)

    def renewals(self) -> AbstractAsyncContextManager[RenewalStream]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[RenewalStream]:
        self.fails("open")
        async with self._below.renewals() as stream:
            yield _DefectiveStream(stream, self)


class _DefectiveStream:
    def __init__(self, stream: RenewalStream, store: DefectiveRenewals) -> None:
        self._stream, self._store = stream, store
        self.endpoint = stream.endpoint
        self.is_relay = stream.is_relay

    async def send(self, lease_id: int) -> None:
        self._store.fails("send")
        await self._stream.send(lease_id)

    async def __aiter__(self) -> AsyncIterator[tuple[int, int]]:
        async for answer in self._stream:
            self._store.fails("receive")
            yield answer


@pytest.mark.parametrize("where", ["open", "send", "receive"])
async def test_a_defect_is_told_and_costs_no_lease(stage: Stage, where: str) -> None:
    store = DefectiveRenewals(stage.store(), where, times=3)
    campaign = stage.client(store).election("job", ttl=10).campaign("a")
    await stage.finish(campaign.wait())
    for _ in range(50):
        await stage.clock.elapse(1)
        assert campaign.is_leader
    assert store.times == 0
    assert [type(each["exception"]) for each in stage.unhandled] == [ZeroDivisionError] * 3
    assert all("please report" in each["message"] for each in stage.unhandled)
    stage.unhandled.clear()


async def test_a_defect_in_one_campaigns_end_leaves_the_others_theirs(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two leases run out at the same moment, and being told of it fails for the first."""
    store = stage.store()
    client = stage.client(store)
    first, second = (client.election(name, ttl=10).campaign("a") for name in ("1", "2"))
    await stage.finish(first.wait())
    await stage.finish(second.wait())

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(first._candidacy, "_lease_ended", fail)
    monkeypatch.setattr(first._candidacy._holding.lease, "_listeners", [fail])
    store.partition()
    await stage.clock.elapse(10)
    assert second.state is CampaignState.LOST
    assert not first.is_leader
    assert [type(each["exception"]) for each in stage.unhandled] == [ZeroDivisionError]
    stage.unhandled.clear()
    store.heal()


async def test_a_stream_that_does_not_answer_is_given_up_in_time(stage: Stage) -> None:
    """H38: it is open and takes every renewal; the next one answers, and the lease lives on."""
    answers = SlowAnswers(stage.store(), stage.clock, 1000)
    campaign = stage.client(answers).election("job", ttl=10).campaign("a")
    await stage.finish(campaign.wait())
    await stage.clock.elapse(4)
    answers.delay = 0
    await stage.clock.elapse(20)
    assert campaign.is_leader


async def test_a_clean_up_is_not_cut_off_by_a_cancellation_of_the_past(stage: Stage) -> None:
    """Whoever has taken a cancellation back, or swallowed it, goes on to resign as anybody does."""
    client = stage.client()

    async def swallow(campaign: Campaign) -> None:
        asyncio.current_task().cancel()  # type: ignore[union-attr]
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            await campaign.resign()

    campaign = client.election("job").campaign("a")
    await stage.finish(campaign.wait())
    await stage.finish(swallow(campaign))
    assert await stage.values() == []


async def test_an_outage_leaves_one_renewal_per_lease(stage: Stage) -> None:
    """Each try that failed must not add one: they would never be fewer again."""
    counted = CountedRenewals(stage.store())
    client = stage.client(counted)
    campaigns = [client.election(str(number), ttl=60).campaign("a") for number in range(3)]
    for campaign in campaigns:
        await stage.finish(campaign.wait())
    await stage.clock.elapse(19)
    counted.refuses = True
    await stage.clock.elapse(25)
    counted.refuses = False
    await stage.clock.elapse(60)
    counted.sent = 0
    await stage.clock.elapse(10 * 60)
    assert counted.sent == pytest.approx(3 * 3 * 10, abs=3), "three times per TTL and lease"
    assert all(campaign.is_leader for campaign in campaigns)


class CountedRenewals:
    """A store that counts the renewals that are sent, and refuses them as where nothing listens any more."""

    def __init__(self, store: Store) -> None:
        self._below = store
        self.sent = 0
        self.refuses = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)

    @asynccontextmanager
    async def renewals(self) -> AsyncIterator[RenewalStream]:
        async with self._below.renewals() as stream:
            yield _CountedStream(stream, self)


class _CountedStream:
    def __init__(self, stream: RenewalStream, store: CountedRenewals) -> None:
        self._stream, self._store = stream, store
        self.endpoint = stream.endpoint
        self.is_relay = stream.is_relay

    async def send(self, lease_id: int) -> None:
        if self._store.refuses:
            raise Unavailable("Nothing listens there.")
        self._store.sent += 1
        await self._stream.send(lease_id)

    def __aiter__(self) -> AsyncIterator[tuple[int, int]]:
        return self._stream.__aiter__()


class Relay:
    """A store that is reached through a relay: answers come in another order than renewals were sent."""

    def __init__(self, store: Store) -> None:
        self._below = store
        self.relays = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)

    @asynccontextmanager
    async def renewals(self) -> AsyncIterator[RenewalStream]:
        async with self._below.renewals() as stream:
            yield _RelayedStream(stream, self)


class _RelayedStream:
    def __init__(self, stream: RenewalStream, store: Relay) -> None:
        self._stream, self.endpoint, self.is_relay = stream, stream.endpoint, store.relays

    async def send(self, lease_id: int) -> None:
        await self._stream.send(lease_id)

    async def __aiter__(self) -> AsyncIterator[tuple[int, int]]:
        """The answers that have come, the latest first; and one that nobody has asked for."""
        come: asyncio.Queue[tuple[int, int]] = asyncio.Queue()

        async def collect() -> None:
            async for answer in self._stream:
                come.put_nowait(answer)

        collecting = asyncio.create_task(collect())
        try:
            while True:
                together = [await come.get()]
                for _ in range(20):
                    await asyncio.sleep(0)
                while not come.empty():
                    together.append(come.get_nowait())
                for answer in reversed(together):
                    yield answer
                yield 1, 60
        finally:
            collecting.cancel()


async def test_renewals_are_answered_in_any_order(stage: Stage) -> None:
    client = stage.client(Relay(stage.store()))
    campaigns = [client.election(str(number), ttl=10).campaign("a") for number in range(8)]
    for campaign in campaigns:
        await stage.finish(campaign.wait())
    for _ in range(60):
        await stage.clock.elapse(1)
        assert all(campaign.is_leader for campaign in campaigns)


@pytest.mark.parametrize(("is_relay", "left"), [(False, 10 - 1), (True, 10 - 1 - 10 / 6)])
async def test_a_relays_answer_counts_from_the_renewal_before(stage: Stage, is_relay: bool, left: float) -> None:
    """It may be the answer to a renewal that the relay had sent before it got ours."""
    relay = Relay(stage.store())
    relay.relays = is_relay
    campaign = stage.client(relay).election("job", ttl=10).campaign("a")
    await stage.finish(campaign.wait())
    await stage.clock.elapse(20 / 3)
    assert campaign.lease_remaining == pytest.approx(left, abs=0.01)


async def test_a_resumed_lease_with_little_left_is_renewed_at_once(stage: Stage) -> None:
    before = stage.client().election("job", ttl=30).campaign("before")
    await stage.finish(before.wait())
    before.abandon()
    await stage.clock.elapse(25)
    again = stage.client().election("job", ttl=30).campaign("again", lease_id=before.lease_id)
    await stage.finish(again.wait())
    await stage.clock.elapse(60)
    assert again.is_leader


@pytest.mark.parametrize("delay", [2.5, 4.5])
async def test_one_endpoint_whose_answers_are_all_late_costs_no_leadership(stage: Stage, delay: float) -> None:
    """There is no other member to try, and what comes late is a sign of life."""
    answers = SlowAnswers(stage.store(timeout=5.0), stage.clock, 0)
    campaign = stage.client(answers).election("job", ttl=10).campaign("a")
    await stage.finish(campaign.wait())
    answers.delay = delay
    for _ in range(120):
        await stage.clock.elapse(0.5)
        assert campaign.is_leader


async def test_renewals_that_are_due_soon_are_sent_together(stage: Stage) -> None:
    counted = CountedRenewals(stage.store())
    client = stage.client(counted)
    for number in range(4):
        await stage.finish(client.election(str(number), ttl=60).campaign("a").wait())
        await stage.clock.elapse(0.5)
    await stage.clock.elapse(17.9)
    assert counted.sent == 0
    await stage.clock.elapse(0.1)
    assert counted.sent == 4
