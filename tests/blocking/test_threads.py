"""One client, many threads."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from election_core import CampaignClosed, CampaignState
from election_core.blocking import Client

from .conftest import PATIENCE, Place

THREADS = 50


def test_fifty_threads_take_turns_in_one_election(client: Client, name: str) -> None:
    election = client.election(name)
    inside = 0
    tokens: list[int] = []
    start = threading.Barrier(THREADS)

    def work(number: int) -> int:
        nonlocal inside
        start.wait(PATIENCE)
        with election.campaign(str(number)) as leadership:
            inside += 1
            assert inside == 1
            assert leadership.is_leader
            assert election.leader() == str(number)
            tokens.append(leadership.fencing_token)
            inside -= 1
        return number

    with ThreadPoolExecutor(THREADS) as pool:
        assert sorted(pool.map(work, range(THREADS))) == list(range(THREADS))
    assert tokens == sorted(set(tokens))
    assert election.candidates() == []


def test_fifty_threads_lead_an_election_each(client: Client, prefix: str) -> None:
    together = threading.Barrier(THREADS)

    def work(number: int) -> int:
        with client.election(f"{prefix}{number}").campaign(b"x") as leadership:
            together.wait(PATIENCE)
            leadership.proclaim(str(number))
            together.wait(PATIENCE)
            assert client.election(f"{prefix}{number}").leader() == str(number)
            return leadership.lease_id

    with client.monitor(f"election/{prefix}") as monitor:
        told = Counter[str]()
        monitor.on("change", lambda transition: told.update([transition.election]))
        with ThreadPoolExecutor(THREADS) as pool:
            assert len(set(pool.map(work, range(THREADS)))) == THREADS
        found = iter(monitor)
        seen = Counter(next(found).election for _ in range(3 * THREADS))
    assert set(seen.values()) == {3}
    client.close()
    assert told == seen


def test_fifty_threads_use_one_campaign(place: Place) -> None:
    leadership = place.client.election("job").campaign("me")

    def work(number: int) -> bool:
        leadership.wait(PATIENCE)
        leadership.proclaim(str(number))
        leadership.resign()
        return leadership.is_leader

    with ThreadPoolExecutor(THREADS) as pool:
        results = [pool.submit(work, number) for number in range(THREADS)]
    assert any(each.exception() is None for each in results)
    for each in results:
        assert isinstance(each.exception(), CampaignClosed) or each.result() is False
    assert leadership.state is CampaignState.RESIGNED


def test_closing_ends_whatever_threads_wait_for(place: Place) -> None:
    election = place.client.election("job")
    election.campaign("first").wait()
    second = election.campaign("second")
    waiting = threading.Barrier(THREADS + 1)

    def wait() -> None:
        waiting.wait(PATIENCE)
        second.wait()

    with ThreadPoolExecutor(THREADS) as pool:
        results = [pool.submit(wait) for _ in range(THREADS)]
        waiting.wait(PATIENCE)
        place.client.close()
    assert {type(each.exception()) for each in results} == {CampaignClosed}


def test_what_is_over_says_so_after_the_client_was_closed(place: Place) -> None:
    election = place.client.election("job")
    campaign = election.campaign("me").wait()
    place.client.close()
    place.client.close()
    assert campaign.state is CampaignState.RESIGNED
    campaign.resign()
    campaign.close()
    with pytest.raises(CampaignClosed):
        campaign.wait()
    with pytest.raises(CampaignClosed, match="The client was closed"):
        election.campaign("again")
    with pytest.raises(CampaignClosed):
        election.lead("again", lambda _: None)
    place.client.close()
