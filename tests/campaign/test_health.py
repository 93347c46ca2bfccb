"""`Campaign.healthy` in simulated time: what a probe is told while renewals are answered, are not, and are again."""

from __future__ import annotations

import pytest

from election_core import CampaignState

from .stage import Stage


@pytest.mark.parametrize("ttl", [2, 5, 60])
async def test_a_probe_is_told_before_leadership_is_lost_and_not_for_one_lost_renewal(stage: Stage, ttl: int) -> None:
    store = stage.store()
    election = stage.client(store).election("job", ttl=ttl)
    leader = election.campaign("leader")
    await stage.finish(leader.wait())
    next_in_line = election.campaign("next")
    await stage.clock.elapse(ttl / 10)
    both = (leader, next_in_line)
    for _ in range(50):
        await stage.clock.elapse(ttl / 7)
        assert all(each.healthy() for each in both)
    store.partition()
    cut_at = stage.clock.now()
    while all(each.healthy() for each in both):
        assert stage.clock.now() - cut_at <= ttl * 2 / 3 + 0.1
        await stage.clock.elapse(ttl / 50)
    assert stage.clock.now() - cut_at >= ttl / 3 - ttl / 50
    assert leader.is_leader, "there is time left to do something about it"
    assert next_in_line.state is CampaignState.WAITING
    store.heal()
    while not all(each.healthy() for each in both):
        assert leader.is_leader
        await stage.clock.elapse(ttl / 50)


async def test_whoever_has_lost_is_not_healthy(stage: Stage) -> None:
    store = stage.store()
    campaign = stage.client(store).election("job", ttl=5).campaign("a")
    await stage.finish(campaign.wait())
    store.partition()
    await stage.clock.elapse(6)
    assert campaign.state is CampaignState.LOST
    assert not campaign.healthy()
    store.heal()
