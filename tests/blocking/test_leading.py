"""`lead`: term after term in the calling thread."""

from __future__ import annotations

import threading

import pytest

from election_core import CampaignClosed, InvalidConfig
from election_core.blocking import Campaign

from .conftest import PATIENCE, Place


def test_it_works_in_this_thread_and_resigns(place: Place) -> None:
    def work(campaign: Campaign) -> tuple[bool, threading.Thread]:
        return campaign.is_leader, threading.current_thread()

    assert place.client.election("job").lead("me", work) == (True, threading.current_thread())
    assert place.keys() == []


def test_a_term_that_is_lost_is_followed_by_another_once_the_work_has_returned(place: Place) -> None:
    tokens: list[int] = []

    def work(campaign: Campaign) -> int:
        tokens.append(campaign.fencing_token)
        if len(tokens) == 1:
            place.take_away(campaign)
            assert campaign.lost.wait(PATIENCE)
            assert not campaign.is_leader
            assert place.keys() == []
        return campaign.fencing_token

    assert place.client.election("job").lead("me", work) == tokens[1]
    assert tokens[0] < tokens[1]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit, StopIteration])
def test_what_the_work_raises_ends_it_with_a_resignation(place: Place, error: type[BaseException]) -> None:
    def work(_: Campaign) -> None:
        raise error

    with pytest.raises(error):
        place.client.election("job").lead("me", work)
    assert place.keys() == []


def test_what_can_never_be_written_is_refused(place: Place) -> None:
    with pytest.raises(InvalidConfig):
        place.client.election("job").lead(3, lambda _: None)  # type: ignore[arg-type]


def test_closing_the_client_ends_it(place: Place) -> None:
    leading = threading.Event()
    ended: list[type[BaseException]] = []

    def work(campaign: Campaign) -> None:
        leading.set()
        campaign.lost.wait(PATIENCE)

    def run() -> None:
        try:
            place.client.election("job").lead("me", work)
        except CampaignClosed as exc:
            ended.append(type(exc))

    thread = threading.Thread(target=run)
    thread.start()
    assert leading.wait(PATIENCE)
    place.client.close()
    thread.join(PATIENCE)
    assert ended == [CampaignClosed]
