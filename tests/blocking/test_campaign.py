"""A campaign in a thread: entered once elected, told of a loss, resigned on the way out."""

from __future__ import annotations

import threading
import time

import pytest

from election_core import CampaignClosed, CampaignState, ElectionError, LeadershipLost, NotLeader
from election_core.blocking import Client

from ..servers import wait_until
from .conftest import PATIENCE, Place


def test_the_body_runs_in_this_thread_once_elected_and_resigns(place: Place) -> None:
    with place.client.election("job").campaign("me") as leadership:
        assert leadership.is_leader
        assert leadership.healthy()
        assert leadership.fencing_token > 0
        assert leadership.guard()
        assert 0 < leadership.lease_remaining <= 60
        assert place.client.election("job").leader() == "me"
    assert leadership.state is CampaignState.RESIGNED
    assert not leadership.is_leader
    assert not leadership.healthy()
    assert not leadership.lost.is_set()
    assert place.keys() == []


def test_one_waits_for_another(place: Place) -> None:
    election = place.client.election("job")
    with election.campaign("first") as first:
        second = election.campaign("second")
        with pytest.raises(TimeoutError):
            second.wait(timeout=0.05)
        wait_until(lambda: second.state is CampaignState.WAITING, "it waits")
        ahead = second.ahead
        assert ahead is not None
        assert ahead.key == first.key
        waiting_on = second.waiting_on()
        assert waiting_on is not None
        assert waiting_on[0] == ahead
        with pytest.raises(NotLeader):
            second.guard()
        assert [each.value for each in election.candidates()] == [b"first", b"second"]
    assert second.wait(timeout=PATIENCE) is second
    assert second.is_leader
    second.resign()
    with pytest.raises(CampaignClosed):
        second.wait()


def test_a_loss_is_raised_after_the_body_which_goes_on(place: Place) -> None:
    """H67"""
    heard: list[ElectionError] = []
    told = threading.Event()

    def hear(error: ElectionError) -> None:
        heard.append(error)
        told.set()

    after: list[bool] = []
    with pytest.raises(LeadershipLost), place.client.election("job").campaign("me") as leadership:  # noqa: PT012 - likewise
        leadership.on("error", hear)
        place.take_away(leadership)
        assert leadership.lost.wait(PATIENCE)
        assert told.wait(PATIENCE)
        assert not leadership.is_leader
        assert leadership.fencing_token > 0
        with pytest.raises(NotLeader):
            leadership.guard()
        after.append(True)
    assert after
    assert [type(each) for each in heard] == [LeadershipLost]


def test_an_error_of_the_body_goes_on_with_a_note_of_the_loss(place: Place) -> None:
    with (  # noqa: PT012 - the loss has to happen inside
        pytest.raises(ZeroDivisionError) as caught,
        place.client.election("job").campaign("me") as leadership,
    ):
        place.take_away(leadership)
        assert leadership.lost.wait(PATIENCE)
        print(1 / 0)
    (note,) = caught.value.__notes__
    assert note.startswith("Meanwhile: The candidate's key was deleted")


def test_an_error_of_the_body_resigns(place: Place) -> None:
    with pytest.raises(ZeroDivisionError) as caught, place.client.election("job").campaign("me") as leadership:
        print(1 / 0)
    assert leadership.state is CampaignState.RESIGNED
    assert not hasattr(caught.value, "__notes__")
    assert place.keys() == []


def test_a_loop_that_is_stuck_hides_no_loss(client: Client, name: str) -> None:
    """H67"""
    stuck, go_on = threading.Event(), threading.Event()

    def be_stuck() -> None:
        stuck.set()
        go_on.wait(PATIENCE)

    leadership = client.election(name, ttl=2).campaign("me").wait()
    client._open.background.tell(be_stuck)
    assert stuck.wait(PATIENCE)
    try:
        began = time.monotonic()
        assert leadership.lost.wait(PATIENCE)
        # While the loop is stuck still, which it is for much longer.
        assert time.monotonic() - began < PATIENCE / 2
        assert not leadership.is_leader
        assert leadership.lease_remaining == 0
    finally:
        go_on.set()
    with pytest.raises(LeadershipLost):
        leadership.wait()


def test_a_body_in_another_thread_is_told_when_the_client_is_closed(place: Place) -> None:
    """H67"""
    entered, closing = threading.Event(), threading.Event()
    seen: list[object] = []

    def work() -> None:
        try:
            with place.client.election("job").campaign("me") as leadership:
                entered.set()
                seen.append(leadership.lost.wait(PATIENCE))
                seen.append(leadership.is_leader)
        except ElectionError as exc:
            seen.append(type(exc))

    thread = threading.Thread(target=work)
    thread.start()
    assert entered.wait(PATIENCE)
    assert not closing.is_set()
    place.client.close()
    thread.join(PATIENCE)
    assert seen == [True, True, CampaignClosed]


def test_who_closes_what_it_runs_under_is_not_waited_for(place: Place) -> None:
    began = time.monotonic()
    with place.client.election("job").campaign("me") as leadership:
        leadership.close()
        assert leadership.state is CampaignState.RESIGNED
    with place.client.session(10) as session, place.client.election("job").campaign("me", session=session):
        session.close()
        assert not session.is_alive
    with place.client.election("job").campaign("me") as leadership:
        place.client.close()
        assert leadership.state is CampaignState.RESIGNED
    assert time.monotonic() - began < place.store.timeout


def test_proclaiming_resigning_and_resuming(place: Place) -> None:
    election = place.client.election("job")
    first = election.campaign("me").wait()
    first.proclaim("you")
    assert first.value == b"you"
    assert election.leader(None) == b"you"
    first.abandon()
    assert first.state is CampaignState.ABANDONED
    again = election.resume(first.lease_id)
    assert again.wait(PATIENCE).fencing_token == first.fencing_token
    again.resign()
    again.resign()
    with pytest.raises(LeadershipLost):
        election.resume(first.lease_id)


def test_a_campaign_is_entered_once_at_a_time(place: Place) -> None:
    with place.client.election("job").campaign("me") as leadership:
        with pytest.raises(CampaignClosed), leadership:
            pass
        assert leadership.is_leader
