"""Replies, events, watches and leases that get lost. Numbers are those of ELECTIONS_ON_ETCD.md."""

from __future__ import annotations

import asyncio

import pytest

from election_core import CampaignState, LeadershipLost, Unavailable
from election_core.store import Delete, Put, Txn

from .stage import BeforeTxns, Log, RepeatedTxns, Stage


async def test_a_candidate_whose_reply_was_lost_takes_up_its_own_key(stage: Stage) -> None:
    """H12: the transaction is repeated, and finds what it has done before."""
    store = stage.store()
    repeated = RepeatedTxns(store)
    store.drop_next_reply("txn")
    campaign = stage.client(repeated).election("job").campaign("a")
    await stage.finish(campaign.wait())
    assert repeated.tries == 2
    (candidate,) = await stage.candidates()
    assert (candidate.key, candidate.value) == (campaign.key, b"a")
    assert campaign.fencing_token == candidate.create_revision == candidate.mod_revision


async def test_a_waiter_whose_reply_was_lost_keeps_its_place(stage: Stage) -> None:
    """H12, further back in line."""
    first = stage.client().election("job").campaign("1")
    await stage.finish(first.wait())
    store = stage.store()
    store.drop_next_reply("txn")
    second = stage.client(RepeatedTxns(store)).election("job").campaign("2")
    await stage.clock.elapse(0)
    third = stage.client().election("job").campaign("3")
    await stage.clock.elapse(0)
    assert await stage.values() == [b"1", b"2", b"3"]
    await stage.finish(first.resign())
    await stage.finish(second.wait())
    assert third.state is CampaignState.WAITING


@pytest.mark.parametrize("call", ["grant", "txn"])
@pytest.mark.parametrize("shared", [False, True])
async def test_a_start_that_fails_leaves_nothing_behind(stage: Stage, call: str, shared: bool) -> None:
    """H6 and H12: whether it was carried out is not known, so it is cleaned up in either case."""
    store = stage.store()
    client = stage.client(store)
    async with client.session() as session:
        store.drop_next_reply("grant" if call == "grant" else "txn")
        campaign = client.election("job").campaign("a", session=session if shared and call == "txn" else None)
        log = Log(stage.clock)
        log.follow("a", campaign)
        with pytest.raises(Unavailable):
            await stage.finish(campaign.wait())
        await stage.clock.elapse(0)
        assert log.events == ["a Unavailable"]
        assert await stage.values() == []
        alive = {each for each in stage.leases if await stage.server.lease(each) is not None}
        assert alive == {session.lease_id}


@pytest.mark.parametrize("again", [True, False])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("fault", ["cut off", "reply lost"])
async def test_resigning_that_fails_is_told_and_tried_again(
    stage: Stage, again: bool, shared: bool, fault: str
) -> None:
    """H7: by the program, or else by itself long before the lease runs out."""
    store = stage.store()
    client = stage.client(store)
    async with client.session(600) as session:
        election = client.election("job", ttl=600)
        campaign = election.campaign("a", session=session if shared else None)
        await stage.finish(campaign.wait())
        if fault == "cut off":
            store.partition()
        else:
            store.drop_next_reply("txn" if shared else "revoke")
        with pytest.raises(Unavailable):
            await stage.finish(campaign.resign())
        assert not campaign.is_leader
        if fault == "cut off":
            assert await stage.values() == [b"a"]
            store.heal()
        if again:
            await stage.finish(campaign.resign())
        else:
            await stage.clock.elapse(10)
        assert await stage.values() == []
        assert campaign.state is CampaignState.RESIGNED
        assert session.is_alive


@pytest.mark.parametrize(("ttl", "period"), [(10, 10), (60, 60), (600, 60)])
@pytest.mark.parametrize("place", ["next", "further back"])
async def test_a_lost_delete_is_found_by_reading_again(stage: Stage, ttl: int, period: float, place: str) -> None:
    """H24: once per TTL, a minute at most."""
    others = [stage.client().election("job", ttl=600).campaign(str(i)) for i in range(1 if place == "next" else 2)]
    await stage.finish(others[0].wait())
    await stage.clock.elapse(0)
    store = stage.store()
    last = stage.client(store).election("job", ttl=ttl).campaign("last")
    await stage.clock.elapse(0)
    assert last.ahead is not None
    assert last.ahead.key == others[-1].key
    store.lose_event(last.ahead.key)
    for other in reversed(others):
        await stage.finish(other.resign())
    began = stage.clock.now()
    assert not last.is_leader
    await stage.clock.elapse(period - began - 0.5)
    assert not last.is_leader
    await stage.clock.elapse(1)
    assert last.is_leader


async def test_a_lost_delete_is_found_by_candidates_that_share_a_watch(stage: Stage) -> None:
    """H24, where one client has several candidates: once per TTL, and two signs of life later."""
    leader = stage.client().election("job", ttl=600).campaign("leader")
    await stage.finish(leader.wait())
    store = stage.store()
    election = stage.client(store).election("job", ttl=10)
    first, second = election.campaign("1"), election.campaign("2")
    await stage.clock.elapse(0)
    assert first.ahead is not None
    store.lose_event(leader.key)
    await stage.finish(leader.resign())
    await stage.clock.elapse(15)
    assert first.is_leader
    store.lose_event(second.key)
    await stage.do(Delete(second.key))
    await stage.clock.elapse(15)
    assert second.state is CampaignState.LOST
    assert first.is_leader


@pytest.mark.parametrize("leads", [True, False])
async def test_a_lost_delete_of_the_own_key_is_found_by_reading_again(stage: Stage, leads: bool) -> None:
    first = stage.client().election("job").campaign("first")
    await stage.finish(first.wait())
    if leads:
        await stage.finish(first.resign())
    store = stage.store()
    campaign = stage.client(store).election("job", ttl=10).campaign("a")
    await stage.clock.elapse(0)
    assert campaign.is_leader is leads
    store.lose_event(campaign.key)
    await stage.do(Delete(campaign.key))
    await stage.clock.elapse(10)
    with pytest.raises(LeadershipLost):
        await stage.finish(campaign.wait())


@pytest.mark.parametrize("who", ["alone", "leader of two", "waiter of two"])
async def test_a_key_that_came_back_is_not_the_own_one(stage: Stage, who: str) -> None:
    """H11 and H24: its delete got lost, and its create revision tells. Two on one client share a watch."""
    store = stage.store()
    election = stage.client(store).election("job")
    campaigns = [election.campaign(str(i)) for i in range(1 if who == "alone" else 2)]
    await stage.finish(campaigns[0].wait())
    campaign = campaigns[1] if who == "waiter of two" else campaigns[0]
    log = Log(stage.clock)
    log.follow("a", campaign)
    store.lose_event(campaign.key)
    await stage.do(Delete(campaign.key))
    await stage.do(Put(campaign.key, b"back", campaign.lease_id))
    await stage.clock.elapse(0)
    assert log.events == ["a elected"] * (campaign is campaigns[0]) + ["a LeadershipLost"]
    assert not campaign.is_leader


async def test_leases_that_the_server_revokes_are_told_at_once(stage: Stage) -> None:
    """H25: to each by its own key's delete, however long its lease had to live; whoever comes next is elected."""
    campaigns = [stage.client().election("job", ttl=600).campaign(str(number)) for number in range(3)]
    await stage.finish(campaigns[0].wait())
    await stage.clock.elapse(0)
    began = stage.clock.now()
    for each in campaigns:
        assert stage.server.expire(each.lease_id)
    successor = stage.client().election("job").campaign("successor")
    await stage.clock.elapse(0)
    assert stage.clock.now() == began
    assert [each.state for each in campaigns] == [CampaignState.LOST] * 3
    assert successor.is_leader


async def test_a_renewal_that_finds_no_lease_is_the_loss(stage: Stage) -> None:
    """H26: also where the delete of the key got lost; long before the deadline and the next reading."""
    store = stage.store()
    campaign = stage.client(store).election("job", ttl=60).campaign("a")
    await stage.finish(campaign.wait())
    store.lose_event(campaign.key)
    stage.server.expire(campaign.lease_id)
    await stage.clock.elapse(21)
    assert campaign.state is CampaignState.LOST
    with pytest.raises(LeadershipLost, match="no longer knows"):
        await campaign.wait()


@pytest.mark.parametrize("refusals", [1, 5])
async def test_a_refused_watch_is_tried_again_and_harms_no_other(stage: Stage, refusals: int) -> None:
    """H35."""
    leaders = [stage.client().election(name).campaign("leader") for name in ("a", "b")]
    for leader in leaders:
        await stage.finish(leader.wait())
    store = stage.store()
    client = stage.client(store)
    established = client.election("a").campaign("established")
    await stage.clock.elapse(0)
    for _ in range(refusals):
        store.refuse_watch()
    refused = client.election("b").campaign("refused")
    await stage.clock.elapse(0)
    for leader in leaders:
        await stage.finish(leader.resign())
    assert established.is_leader
    await stage.clock.elapse(10)
    assert refused.is_leader


@pytest.mark.parametrize("cut", [False, True])
async def test_history_that_is_compacted_costs_no_place_in_line(stage: Stage, cut: bool) -> None:
    """H23: the leader leaves, and the waiter's streams end, and then the history of it is gone."""
    first = stage.client().election("job").campaign("1")
    await stage.finish(first.wait())
    store = stage.store()
    second = stage.client(store).election("job").campaign("2")
    await stage.clock.elapse(0)
    (_, before) = await stage.candidates()
    if cut:
        store.partition()
    await stage.finish(first.resign())
    third = stage.client().election("job").campaign("3")
    store.break_streams()
    stage.server.compact()
    await stage.clock.elapse(0)
    store.heal()
    await stage.clock.elapse(2)
    assert second.is_leader
    assert second.fencing_token == before.create_revision
    assert third.state is CampaignState.WAITING


@pytest.mark.parametrize("times", [1, 2])
async def test_a_lease_that_is_gone_before_the_key_is_written_is_replaced(stage: Stage, times: int) -> None:
    """H51: a slow start."""
    store = stage.store()
    expired: list[int] = []

    def expire(txn: Txn) -> None:
        if txn.guard.create_revision == 0 and len(expired) < times:
            expired.append(int(txn.guard.key.rpartition(b"/")[2], 16))
            assert stage.server.expire(expired[-1])

    campaign = stage.client(BeforeTxns(store, expire)).election("job").campaign("a")
    log = Log(stage.clock)
    log.follow("a", campaign)
    await stage.finish(campaign.wait())
    assert len(expired) == times
    assert campaign.lease_id not in expired
    assert log.events == ["a elected"]
    (candidate,) = await stage.candidates()
    assert (candidate.key, candidate.lease_id) == (campaign.key, campaign.lease_id)


@pytest.mark.parametrize("shared", [False, True])
async def test_leases_that_are_always_gone_are_no_endless_loop(stage: Stage, shared: bool) -> None:
    """H51; a session's lease is not replaced at all."""
    store = stage.store()
    expired: list[int] = []

    def expire(txn: Txn) -> None:
        if txn.guard.create_revision == 0:
            expired.append(int(txn.guard.key.rpartition(b"/")[2], 16))
            stage.server.expire(expired[-1])

    client = stage.client(BeforeTxns(store, expire))
    async with client.session() as session:
        campaign = client.election("job").campaign("a", session=session if shared else None)
        with pytest.raises(LeadershipLost):
            await stage.finish(campaign.wait())
        await asyncio.sleep(0)
    assert len(expired) == len(set(expired)) == (1 if shared else 3)
    assert await stage.values() == []
