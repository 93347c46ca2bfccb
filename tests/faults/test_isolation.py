"""The network between one client and etcd breaks: who leads, who knows it, and when."""

from __future__ import annotations

import asyncio
import time
from itertools import product

import pytest

from election_core import Campaign, CampaignState, Client, LeadershipLost, Unavailable

from .clients import ROUNDS, Moments, eventually, holds, in_line, new_client, note
from .cluster import BOTH_WAYS
from .proxy import Proxy


@pytest.mark.timeout(30 + 12 * ROUNDS)
@pytest.mark.parametrize(
    ("proxy", "ttl", "fault"),
    [
        *product(["direct"], [2, 3], ["black_hole", "stall", "half_open_then_black_hole"]),
        *product(["grpc-proxy"], [3], ["black_hole", "stall"]),
    ],
    indirect=["proxy"],
)
async def test_a_leader_cut_off_knows_it_before_a_successor_is_elected(
    request: pytest.FixtureRequest, proxy: Proxy, direct: Client, name: str, ttl: int, fault: str
) -> None:
    """H3: Node tells the cut-off leader after 2 TTL. Times are those of the events, on one clock.

    etcd's own proxy goes on renewing for a client that it does not hear of any more, for as long as a TTL.
    """
    vacant = 2 * ttl if "grpc-proxy" in request.node.callspec.id else ttl
    margins, vacancies = [], []
    for term in range(ROUNDS):
        async with new_client(proxy.endpoint, timeout=2) as client:
            old = Moments(client.election(name, ttl=ttl).campaign(f"old-{term}"))
            await old.elected()
            new = Moments(direct.election(name, ttl=30).campaign(f"new-{term}"))
            await asyncio.sleep(0.4 * term % ttl)  # another moment between two renewals in each term
            if fault == "stall":
                proxy.stall()
            else:
                if fault.startswith("half_open"):
                    proxy.half_open()
                proxy.black_hole()
            cut_at = time.monotonic()
            lost = await old.failed()
            assert not lost.is_leader
            assert isinstance(lost.error, LeadershipLost)
            elected_at = await new.elected()
            margins.append(elected_at - lost.at)
            vacancies.append(elected_at - cut_at)
            # Only the times tell: this program may have stood still until both had happened.
            assert lost.at < elected_at, "the successor was elected before the old leader knew"
            proxy.heal()
            await asyncio.sleep(0)
            assert not old.campaign.is_leader
            await new.campaign.resign()
            assert old.campaign.state is CampaignState.LOST
    assert max(vacancies) < vacant + 3
    note(f"{fault}, ttl {ttl}", least_margin=min(margins), longest_vacancy=max(vacancies), terms=ROUNDS)


@pytest.mark.parametrize("ttl", [3, 5])
async def test_late_replies_promise_nothing(proxy: Proxy, direct: Client, name: str, ttl: int) -> None:
    """H29: replies come 0.4 TTL late, which is not yet given up, and then requests stop. Counted from the reply's time
    the old leader would go on for as long after etcd may have let its lease run out."""
    async with new_client(proxy.endpoint, timeout=2 * ttl) as client:
        old = Moments(client.election(name, ttl=ttl).campaign("old"))
        await old.elected()
        new = Moments(direct.election(name, ttl=ttl).campaign("new"))
        proxy.delay(0.4 * ttl, "replies")
        await asyncio.sleep(0.5 * ttl)  # at least one renewal goes out; its reply is on the way
        proxy.black_hole("requests")
        lost = await old.failed()
        assert not lost.is_leader
        elected_at = await new.elected()
        assert lost.at < elected_at
        note(f"replies late by 0.4 TTL, ttl {ttl}", margin=elected_at - lost.at)
        await new.campaign.resign()
        proxy.heal()


async def test_replies_late_by_less_than_half_a_ttl_cost_no_leadership(proxy: Proxy, name: str) -> None:
    ttl = 12  # what is left of it between two renewals, and before a reply counts as missing, outlasts a stall
    async with new_client(proxy.endpoint, timeout=ttl / 2) as client:
        old = Moments(client.election(name, ttl=ttl).campaign("old"))
        await old.elected()
        proxy.delay(0.4 * ttl, "replies")
        least = float(ttl)

        def leads() -> bool:
            nonlocal least
            least = min(least, old.campaign.lease_remaining)
            return old.campaign.is_leader

        await holds(leads, 2 * ttl)
        proxy.heal()
        note(f"replies late by 0.4 TTL, ttl {ttl}", least_remaining=least)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("late", [2.5, 4.0])
async def test_a_lone_endpoint_whose_answers_are_all_late_costs_no_leadership(
    proxy: Proxy, name: str, late: float
) -> None:
    """They are signs of life, and giving the stream up would lose what is under way."""
    async with new_client(proxy.endpoint, timeout=5) as client:
        leader = Moments(client.election(name, ttl=10).campaign("leader"))
        await leader.elected()
        proxy.delay(late, "replies")
        await holds(lambda: leader.campaign.is_leader and not leader.has_failed, 20)
        note(f"all answers late by {late}", remaining=leader.campaign.lease_remaining)
        proxy.heal()


@pytest.mark.parametrize("proxy", BOTH_WAYS, indirect=True)
async def test_a_waiting_candidate_cut_off_is_never_elected(proxy: Proxy, direct: Client, name: str) -> None:
    """H1: its lease dies behind the black hole; when it is healed there is nobody of that name in line."""
    leader = Moments(direct.election(name, ttl=60).campaign("leader"))
    await leader.elected()
    async with new_client(proxy.endpoint, timeout=2) as client:
        waiter = Moments(client.election(name, ttl=2).campaign("waiter"))
        await in_line(direct, name, 2)
        proxy.black_hole()
        lost = await waiter.failed()
        assert isinstance(lost.error, LeadershipLost)
        await in_line(direct, name, 1)
        proxy.heal()
        await leader.campaign.resign()
        await in_line(direct, name, 0)
        assert not waiter.was_elected


@pytest.mark.parametrize("timeout", [1.0, 2.0])
async def test_resigning_into_a_black_hole_fails_in_time_and_is_repeated(
    proxy: Proxy, direct: Client, name: str, timeout: float
) -> None:
    """H7: Go forgets the leadership when the request fails, and the key stays."""
    async with new_client(proxy.endpoint, timeout=timeout) as client:
        campaign = await client.election(name, ttl=60).campaign("leader")
        proxy.black_hole()
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await campaign.resign()
        took = time.monotonic() - began
        assert took < 1.9 * timeout
        assert not campaign.is_leader
        assert [each.key for each in await direct.election(name).candidates()] == [campaign.key]
        proxy.heal()
        began = time.monotonic()
        await eventually(lambda: _resigned(campaign), "a resign that is answered")
        assert await direct.election(name).candidates() == []
        assert await direct.lease(campaign.lease_id) is None
        note(f"resign, timeout {timeout}", failed_after=took, done_after_heal=time.monotonic() - began)


async def _resigned(campaign: Campaign) -> bool:
    try:
        await campaign.resign()
    except Unavailable:
        return False
    return True


@pytest.mark.parametrize("proxy", BOTH_WAYS, indirect=True)
async def test_the_clean_up_goes_on_without_another_resign(proxy: Proxy, direct: Client, name: str) -> None:
    async with new_client(proxy.endpoint, timeout=1) as client:
        campaign = await client.election(name, ttl=60).campaign("leader")
        proxy.black_hole()
        with pytest.raises(Unavailable):
            await campaign.resign()
        proxy.heal()
        healed_at = time.monotonic()
        await in_line(direct, name, 0)
        took = time.monotonic() - healed_at
        note("clean-up in the background", done_after_heal=took)


async def test_closing_a_client_in_a_black_hole_ends_in_time(proxy: Proxy, direct: Client, name: str) -> None:
    """The key stays until the lease runs out, which is what is left to hope for."""
    client = new_client(proxy.endpoint, timeout=1)
    async with client:
        await client.election(name, ttl=2).campaign("leader")
        await client.election(f"{name}-2", ttl=2).campaign("leader")
        observer = await client.election(name).observe()
        proxy.black_hole()
        began = time.monotonic()
    took = time.monotonic() - began
    assert took < 2 * 1 + 2
    assert observer.closed
    await in_line(direct, name, 0)
    note("closing a client, timeout 1", took=took)
