"""Joining the line while etcd is out of reach for a moment, and joining it again."""

from __future__ import annotations

from typing import Any

import pytest

from election_core import Campaign, CampaignState, Unavailable
from election_core.core.model import Snapshot
from election_core.store import Store, Txn, TxnResult
from election_core.testing import MemoryStore

from .stage import Log, Stage

TTL = 60
OUTAGE = 5.0
"""Seconds; calls end after one."""


class CutAfterJoining:
    """A store that is cut off as soon as a candidate's key is written, and so before its place can be read."""

    def __init__(self, store: MemoryStore) -> None:
        self._below = store
        self.cuts = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)

    async def txn(self, txn: Txn) -> TxnResult:
        result = await self._below.txn(txn)
        if not self.cuts:
            self.cuts += 1
            self._below.partition()
        return result


async def line_of(stage: Stage, length: int) -> list[Campaign]:
    election = stage.client().election("job", ttl=600)
    campaigns = []
    for number in range(length):
        campaigns.append(election.campaign(str(number)))
        await stage.clock.elapse(0)
    return campaigns


async def check_it_waits_and_leads_in_the_end(stage: Stage, campaign: Campaign, line: list[Campaign]) -> None:
    assert campaign.state is (CampaignState.WAITING if line else CampaignState.LEADING)
    for each in reversed(line):
        assert not campaign.is_leader
        await stage.finish(each.resign())
    await stage.finish(campaign.wait())


@pytest.mark.parametrize("ahead", [0, 1, 2, 3])
async def test_a_short_outage_right_after_joining_costs_nothing(stage: Stage, ahead: int) -> None:
    line = await line_of(stage, ahead)
    store = stage.store()
    campaign = stage.client(CutAfterJoining(store)).election("job", ttl=TTL).campaign("late")
    log = Log(stage.clock)
    log.follow("late", campaign)
    await stage.clock.elapse(OUTAGE)
    assert len(await stage.candidates()) == ahead + 1, "it gave up its place"
    store.heal()
    await stage.clock.elapse(3)
    await check_it_waits_and_leads_in_the_end(stage, campaign, line)
    assert log.events == ["late elected"]


@pytest.mark.parametrize("ahead", [0, 1, 2, 3])
@pytest.mark.parametrize("value", ["same", "other"])
async def test_a_short_outage_while_resuming_costs_nothing(stage: Stage, ahead: int, value: str) -> None:
    """The key stands already: whatever fails after that is no reason to give it up while the lease lives."""
    line = await line_of(stage, ahead)
    before = stage.client().election("job", ttl=TTL).campaign("same")
    await stage.clock.elapse(0)
    before.abandon()
    store = stage.store()
    election = stage.client(CutAfterJoining(store)).election("job", ttl=TTL)
    campaign = election.campaign(value, lease_id=before.lease_id)
    await stage.clock.elapse(OUTAGE)
    store.heal()
    await stage.clock.elapse(3)
    await check_it_waits_and_leads_in_the_end(stage, campaign, line)
    assert await stage.values() == [value.encode()]
    assert campaign.value == value.encode()


async def test_an_outage_longer_than_the_lease_ends_a_resumed_candidate(stage: Stage) -> None:
    before = stage.client().election("job", ttl=10).campaign("before")
    await stage.finish(before.wait())
    before.abandon()
    store = stage.store()
    campaign = stage.client(CutAfterJoining(store)).election("job").campaign("other", lease_id=before.lease_id)
    await stage.clock.elapse(15)
    assert campaign.state is CampaignState.FAILED
    with pytest.raises(Unavailable):
        await campaign.wait()
    store.heal()


async def test_resigning_while_it_waits_for_its_turn_on_a_session(stage: Stage) -> None:
    """The one before it cannot be cleaned up yet, and is not waited for."""
    store = stage.store()
    client = stage.client(store)
    async with client.session(TTL) as session:
        election = client.election("job")
        first = election.campaign("1", session=session)
        await stage.finish(first.wait())
        store.partition()
        with pytest.raises(Unavailable):
            await stage.finish(first.resign())
        second = election.campaign("2", session=session)
        await stage.clock.elapse(0)
        assert second.state is CampaignState.STARTING
        with pytest.raises(Unavailable):
            await stage.finish(second.resign())
        third = election.campaign("3", session=session)
        store.heal()
        await stage.finish(third.wait())
        assert await stage.values() == [b"3"]


class OlderCandidate:
    """A store whose reads, once told to, show a candidate that is older than all others."""

    def __init__(self, store: Store) -> None:
        self._below = store
        self.shows = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)

    async def read(self, query: Any) -> Snapshot:
        snapshot = await self._below.read(query)
        if not self.shows or not snapshot.candidates:
            return snapshot
        older = snapshot.candidates[-1]._replace(key=b"election/job/0", lease_id=0, create_revision=1, mod_revision=1)
        return snapshot._replace(candidates=(*snapshot.candidates, older))


@pytest.mark.parametrize("own", [1, 2])
async def test_an_older_candidate_that_comes_up_ends_the_leadership(stage: Stage, own: int) -> None:
    """H49: as after a restored backup; alone, and on the watch that two candidates of one client share."""
    store = OlderCandidate(stage.store())
    election = stage.client(store).election("job", ttl=10)
    campaigns = [election.campaign(str(number)) for number in range(own)]
    await stage.finish(campaigns[0].wait())
    await stage.clock.elapse(25)
    assert campaigns[0].is_leader
    store.shows = True
    await stage.clock.elapse(15)
    assert campaigns[0].state is CampaignState.LOST
    assert campaigns[0].error is not None
    assert "older candidate" in str(campaigns[0].error)
    assert not any(each.is_leader for each in campaigns)
    store.shows = False
