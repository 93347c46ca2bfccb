"""The cluster loses its quorum, or one member loses the cluster: nothing hangs, and all goes on afterwards."""

from __future__ import annotations

import asyncio
import time

import pytest

from election_core import Campaign, Client, LeadershipLost, Unavailable
from election_core.store import KeyRange

from .clients import ROUNDS, Moments, holds, in_line, new_client, note, raw_store, read_until, value_of
from .cluster import ELECTION_TIMEOUT, Cluster, PartitionedCluster

EVERYTHING = (KeyRange.prefix(b""),)


@pytest.fixture(params=["leader", "follower"])
async def lone(request: pytest.FixtureRequest, cluster: Cluster) -> str:
    """The endpoint of the member that is left: one that leads the cluster, or one that follows."""
    return (await cluster.member_of(request.param)).endpoint


def freeze_others(cluster: Cluster, endpoint: str) -> None:
    for member in cluster.members:
        if member.endpoint != endpoint:
            member.freeze()


def thaw_all(cluster: Cluster) -> None:
    for member in cluster.members:
        member.thaw()


async def test_streams_end_without_a_quorum(cluster: Cluster, lone: str) -> None:
    """H21: because they ask for ``hasleader``; else they would be silent for ever."""
    async with raw_store(lone, timeout=30) as store, store.watch(EVERYTHING) as watch, store.renewals() as renewals:
        await renewals.send(1)
        answers = aiter(renewals)
        assert await anext(answers) == (1, 0)
        freeze_others(cluster, lone)
        began = time.monotonic()
        async with asyncio.timeout(20):
            with pytest.raises(Unavailable, match="no leader"):
                async for _ in watch:
                    pass
            watch_took = time.monotonic() - began
            with pytest.raises(Unavailable, match="no leader"):
                await anext(answers)
        note("no quorum", watch_ended_after=watch_took, renewals_ended_after=time.monotonic() - began)
        thaw_all(cluster)


async def test_a_member_without_a_quorum_is_told_from_one_that_is_down(cluster: Cluster, lone: str) -> None:
    """It answers and knows no raft leader; its alarms, which go through the quorum, are not known."""
    others = [member.endpoint for member in cluster.members if member.endpoint != lone]
    async with new_client(lone, *others, timeout=2) as client:
        assert [each.reachable for each in await client.status()] == [True] * 3
        freeze_others(cluster, lone)
        async with asyncio.timeout(30):
            while (status := await client.status())[0].raft_leader or not status[0].reachable:
                assert not any(each.reachable for each in status[1:])
        assert status[0].round_trip is not None
        assert status[0].round_trip < 1
        assert (status[0].alarms, status[0].error) == ((), "")
        thaw_all(cluster)


async def test_calls_without_a_quorum_end_in_time(cluster: Cluster, lone: str, name: str) -> None:
    async with new_client(lone, timeout=2) as client:
        assert await client.election(name).leader() is None
        freeze_others(cluster, lone)
        campaign = client.election(name).campaign("nobody")
        for call in (client.election(name).leader(), client.election(name).candidates(), campaign.wait()):
            began = time.monotonic()
            with pytest.raises(Unavailable):
                await call
            assert time.monotonic() - began < 3.5
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await client.election(name).observe()
        assert time.monotonic() - began < 3.5
        thaw_all(cluster)
    assert time.monotonic() - began < 12


async def test_everything_goes_on_after_a_loss_of_quorum(cluster: Cluster, lone: str, name: str) -> None:
    """The leader is out by its own clock, is told so, and nobody else was elected meanwhile. Then all recover."""
    async with Client([lone], timeout=2) as client:
        election = client.election(name, ttl=3)
        leader = Moments(election.campaign("leader"))
        await leader.elected()
        waiter = Moments(election.campaign("waiter"))
        observer, monitor = await election.observe(), client.monitor(f"election/{name}")
        await monitor
        freeze_others(cluster, lone)
        began = time.monotonic()
        lost = await leader.failed()
        assert not lost.is_leader
        # A raft leader alone renews until it steps down, and a busy machine may be late at both.
        assert time.monotonic() - began < 3 + 2 * ELECTION_TIMEOUT + 1.5
        failed = await waiter.failed()
        assert isinstance(failed.error, LeadershipLost)
        await holds(lambda: not waiter.was_elected, 2)
        thaw_all(cluster)
        thawed_at = time.monotonic()
        successor = Moments(await _campaign_until_it_works(client, name))
        elected_at = await successor.elected(30)
        assert elected_at > lost.at
        await successor.campaign.proclaim("the end")
        for subscription in (observer, monitor):
            seen = await read_until(subscription, lambda each: value_of(each) == "the end")
            assert not any(each.gap for each in seen)
            assert [value_of(each) for each in seen if value_of(each) not in (None, "waiter")] == [
                "successor",
                "the end",
            ]
            assert subscription.connected
            await subscription.cancel()
        note("quorum back", successor_after_thaw=elected_at - thawed_at)


async def _campaign_until_it_works(client: Client, name: str) -> Campaign:
    while True:
        campaign = client.election(name, ttl=30).campaign("successor")
        try:
            await campaign.wait()
        except Unavailable:
            continue
        return campaign


async def test_a_leader_outlasts_a_short_loss_of_quorum(cluster: Cluster, lone: str, name: str) -> None:
    """H28: "no leader" ends streams, not leadership, while the lease lives."""
    async with Client([lone], timeout=2) as client:
        leader = Moments(client.election(name, ttl=15).campaign("leader"))
        await leader.elected()
        freeze_others(cluster, lone)
        await holds(lambda: leader.campaign.is_leader, 5)
        thaw_all(cluster)
        await holds(lambda: leader.campaign.is_leader and not leader.has_failed, 12)
        note("no quorum for 5 s, ttl 15", remaining=leader.campaign.lease_remaining)


@pytest.mark.parametrize("role", ["leader", "follower"])
async def test_a_leader_leaves_a_member_that_is_partitioned_away(name: str, role: str) -> None:
    """H21: its member is up and answers, and has lost the cluster. Two others, with a quorum, are in its list."""
    async with PartitionedCluster() as partitioned:
        cluster = partitioned.cluster
        member = await cluster.member_of(role)
        async with (
            new_client(*cluster.from_first(member), timeout=2) as client,
            new_client(*cluster.from_first(cluster.others(member)[0])) as others,
        ):
            # A part of it is gone when the cluster elects another raft leader, which may take two tries.
            ttl = 8
            leader = Moments(client.election(name, ttl=ttl).campaign("leader"))
            await leader.elected()
            waiter = Moments(client.election(name, ttl=ttl).campaign("waiter"))
            observer = await client.election(name).observe()
            await partitioned.isolate(member)
            least = float(ttl)

            def leads() -> bool:
                nonlocal least
                least = min(least, leader.campaign.lease_remaining)
                return leader.campaign.is_leader and not leader.has_failed

            await holds(leads, 1.5 * ttl)
            (candidate, _) = await others.election(name).candidates()
            assert candidate.create_revision == leader.campaign.fencing_token
            began = time.monotonic()
            await leader.campaign.resign()
            elected_at = await waiter.elected()
            seen = await read_until(observer, lambda each: value_of(each) == "waiter")
            assert [value_of(each) for each in seen] == ["waiter"]
            note(f"partitioned {role}", least_remaining=least, successor_after_resign=elected_at - began)
            partitioned.heal()
            await asyncio.to_thread(cluster.etcd.wait_healthy)
            assert waiter.campaign.is_leader
            await observer.cancel()


async def test_a_partitioned_member_keeps_nobody_waiting(name: str) -> None:
    """The same with the waiter alone on the lost member: it learns of the vacancy from the others."""
    async with PartitionedCluster() as partitioned:
        cluster = partitioned.cluster
        member = await cluster.follower()
        async with (
            new_client(*cluster.from_first(member), timeout=2) as client,
            new_client(*cluster.from_first(cluster.others(member)[0]), timeout=2) as others,
        ):
            leader = await others.election(name, ttl=5).campaign("leader")
            waiter = Moments(client.election(name, ttl=5).campaign("waiter"))
            await in_line(others, name, 2)
            await partitioned.isolate(member)
            began = time.monotonic()
            await leader.resign()
            took = await waiter.elected() - began
            assert took < 5 + 3
            note("waiter on a partitioned member, ttl 5", elected_after=took)


@pytest.mark.parametrize("role", ["leader", "follower"])
async def test_a_leader_alone_with_a_partitioned_member_knows_before_a_successor_is_elected(
    name: str, role: str
) -> None:
    """A partitioned raft leader renews leases for up to two election timeouts although others may lead by then.

    The waiter's lease outlasts an election of a raft leader, which can take longer than the old leader's TTL.
    """
    async with PartitionedCluster() as partitioned:
        cluster = partitioned.cluster
        member = await cluster.member_of(role)
        async with (
            new_client(member.endpoint, timeout=2) as client,
            new_client(*(each.endpoint for each in cluster.others(member)), timeout=2) as others,
        ):
            margins = []
            for term in range(ROUNDS):
                old = Moments(client.election(name, ttl=2).campaign(f"old-{term}"))
                await old.elected()
                new = Moments(others.election(name, ttl=15).campaign(f"new-{term}"))
                await in_line(others, name, 2)
                await partitioned.isolate(member)
                lost = await old.failed()
                assert not lost.is_leader
                margins.append(await new.elected() - lost.at)
                partitioned.heal()
                await asyncio.to_thread(cluster.etcd.wait_healthy)
                await new.campaign.resign()
            assert min(margins) > 0
            note(f"alone with a partitioned {role}, ttl 2", least_margin=min(margins), terms=ROUNDS)
