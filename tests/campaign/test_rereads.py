"""The places of one client are looked at again together. On a clock by hand."""

from __future__ import annotations

from typing import Any

import pytest

from election_core import Campaign, CampaignState, PermissionDenied, Unavailable
from election_core.core.model import Snapshot
from election_core.store import Delete, Put, Read, Store, Txn, TxnResult

from .stage import Stage

TTL = 20
LATE = 1.05


class Looks:
    """A store that counts what is asked of it, and may refuse to look at places together.

    Attributes:
        alone: reads of single places.
        together: how many places each transaction asks for that can never write.
        refusal: what such a transaction meets, while there is something.
    """

    def __init__(self, store: Store) -> None:
        self._below = store
        self.alone: list[Read] = []
        self.together: list[int] = []
        self.refusal: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)

    async def read(self, query: Read) -> Snapshot:
        self.alone.append(query)
        return await self._below.read(query)

    async def txn(self, txn: Txn) -> TxnResult:
        if txn.guard.create_revision == -1:
            self.together.append(len(txn.otherwise))
            if self.refusal is not None:
                raise self.refusal
        return await self._below.txn(txn)


async def started(stage: Stage, looks: Looks, count: int) -> list[Campaign]:
    client = stage.client(looks)
    campaigns = [client.election(str(number), ttl=TTL).campaign("a") for number in range(count)]
    for campaign in campaigns:
        await stage.finish(campaign.wait())
    await stage.clock.elapse(0)
    looks.alone.clear()
    return campaigns


async def test_many_are_looked_at_in_one_request(stage: Stage) -> None:
    """None of them more often than once per TTL, and no value is read."""
    looks = Looks(stage.store())
    campaigns = await started(stage, looks, 100)
    await stage.clock.elapse(TTL - 0.1)
    assert looks.together == []
    await stage.clock.elapse(TTL * (LATE - 1) + 0.1)
    assert looks.together == [64, 36]
    await stage.clock.elapse(3 * TTL * LATE)
    assert looks.together == [64, 36] * 4
    assert looks.alone == []
    assert all(campaign.is_leader for campaign in campaigns)


async def test_one_alone_is_read_by_itself(stage: Stage) -> None:
    looks = Looks(stage.store())
    await started(stage, looks, 1)
    await stage.clock.elapse(TTL + 0.1)
    assert looks.together == []
    assert len(looks.alone) == 1


@pytest.mark.parametrize("whose", ["the leader's", "its own"])
async def test_a_lost_delete_is_found_in_company(stage: Stage, whose: str) -> None:
    """H24: nobody but the one concerned reads anything."""
    other = stage.client().election("job", ttl=600).campaign("other")
    await stage.finish(other.wait())
    store = stage.store()
    looks = Looks(store)
    await started(stage, looks, 5)
    waiter = stage.clients[-1].election("job", ttl=TTL).campaign("waiter")
    await stage.clock.elapse(0)
    key = other.key if whose == "the leader's" else waiter.key
    looks.alone.clear()
    store.lose_event(key)
    await stage.do(Delete(key))
    await stage.clock.elapse(TTL * LATE + 0.1)
    assert waiter.state is (CampaignState.LEADING if whose == "the leader's" else CampaignState.LOST)
    assert len(looks.alone) == 1


async def test_a_value_that_was_written_unseen_is_read(stage: Stage) -> None:
    store = stage.store()
    looks = Looks(store)
    campaign, *_ = await started(stage, looks, 3)
    store.lose_event(campaign.key)
    await stage.do(Put(campaign.key, b"written by somebody", campaign.lease_id))
    await stage.clock.elapse(TTL * LATE + 0.1)
    assert campaign.value == b"written by somebody"
    assert campaign.is_leader


async def test_where_one_may_not_be_read_each_is_by_itself(stage: Stage) -> None:
    looks = Looks(stage.store())
    campaigns = await started(stage, looks, 3)
    looks.refusal = PermissionDenied("not this one")
    await stage.clock.elapse(TTL * LATE + 0.1)
    assert looks.together == [3]
    assert len(looks.alone) == 3
    looks.refusal = None
    await stage.clock.elapse(TTL * LATE + 0.1)
    assert looks.together == [3, 3]
    assert len(looks.alone) == 3
    assert all(campaign.is_leader for campaign in campaigns)


async def test_where_nobody_answers_it_is_tried_again(stage: Stage) -> None:
    store = stage.store()
    looks = Looks(store)
    campaign, *others = await started(stage, looks, 3)
    store.lose_event(campaign.key)
    await stage.do(Delete(campaign.key))
    looks.refusal = Unavailable("nobody answers")
    await stage.clock.elapse(TTL * LATE + 5)
    assert len(looks.together) > 1
    assert campaign.is_leader
    looks.refusal = None
    await stage.clock.elapse(5)
    assert campaign.state is CampaignState.LOST
    assert all(each.is_leader for each in others)


async def test_those_that_have_ended_are_not_looked_at(stage: Stage) -> None:
    looks = Looks(stage.store())
    campaigns = await started(stage, looks, 4)
    await stage.finish(campaigns[0].resign())
    await stage.clock.elapse(TTL * LATE + 0.1)
    assert looks.together == [3]
