"""The errors: one tree, and each carries the fields that tell whose it is."""

from __future__ import annotations

import pytest

import election_core
from election_core import (
    AuthenticationFailed,
    CampaignClosed,
    CampaignState,
    Client,
    ElectionError,
    InvalidConfig,
    LeadershipLost,
    NotLeader,
    Unavailable,
)

from .world import World, soon, told, until


def test_they_are_one_tree() -> None:
    for error in (LeadershipLost, NotLeader, CampaignClosed, Unavailable, AuthenticationFailed, InvalidConfig):
        assert issubclass(error, ElectionError)
        assert error.__name__ in election_core.__all__
    assert issubclass(InvalidConfig, ValueError)
    kinds = (LeadershipLost, NotLeader, CampaignClosed, Unavailable, AuthenticationFailed, InvalidConfig)
    assert not any(issubclass(a, b) for a in kinds for b in kinds if a is not b)


def test_public_names_are_exported() -> None:
    assert set(election_core.__all__) >= {
        *("Client", "TLS", "Election", "Campaign", "ElectionObserver", "Monitor", "Session"),
        *("Candidate", "Transition", "ElectionState", "ElectionError"),
    }
    assert all(hasattr(election_core, name) for name in election_core.__all__)


async def test_each_error_of_a_campaign_names_election_and_key(world: World) -> None:
    leader, waiter = await world.leading(), await world.waiting()
    errors: list[ElectionError] = []

    with pytest.raises(NotLeader) as not_leader:
        waiter.guard()
    errors.append(not_leader.value)
    await waiter.resign()
    with pytest.raises(CampaignClosed) as closed:
        await waiter.wait()
    errors.append(closed.value)
    with pytest.raises(CampaignClosed) as refused:
        await waiter.proclaim("again")
    errors.append(refused.value)
    assert [(each.election, each.key) for each in errors] == [(world.name, waiter.key)] * 3

    await world.raw.store.revoke(leader.lease_id)
    await until(lambda: leader.state is CampaignState.LOST, "the loss is noticed")
    with pytest.raises(LeadershipLost) as lost:
        await leader.wait()
    with pytest.raises(CampaignClosed) as after:
        await leader.proclaim("again")
    assert [(each.value.election, each.value.key) for each in (lost, after)] == [(world.name, leader.key)] * 2
    assert after.value.__cause__ is leader.error
    assert leader.error is not None
    assert told(leader.error) == told(lost.value)


async def test_an_error_on_the_spot_names_them_too(world: World) -> None:
    campaign = await world.leading()
    await world.delete(campaign.key)
    with pytest.raises((LeadershipLost, CampaignClosed)) as caught:
        await campaign.proclaim("again")
    assert (caught.value.election, caught.value.key) == (world.name, campaign.key)


async def test_an_endpoint_that_does_not_answer_is_named() -> None:
    async with Client("127.0.0.1:1", timeout=0.2) as client:
        with pytest.raises(Unavailable) as caught:
            await client.election("a").leader()
        assert caught.value.endpoint == "127.0.0.1:1"
        with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1"):
            await client.election("a").observe()
        with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1"):
            await soon(client.session().__aenter__())


async def test_a_refused_argument_names_the_election(world: World) -> None:
    with pytest.raises(ValueError, match="relative") as caught:
        world.client.election("/a")
    assert isinstance(caught.value, InvalidConfig)
    assert caught.value.election == "/a"
