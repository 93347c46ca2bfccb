"""The proof of leadership, by itself: what one revision does to a place in line. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from election_core.core.model import Candidate, KeyDeleted, KeyEvent, KeyPut, Revision
from election_core.core.place import Place, place_among_oldest
from election_core.errors import LeadershipLost

OLDEST, AHEAD, OWN = (Candidate(b"e/%x" % i, b"", i, 10 * i, 10 * i) for i in (1, 2, 3))
NEXT = Place(50, OWN, AHEAD, ahead_leads=True)
THIRD = Place(50, OWN, AHEAD)


def at(revision: int, *events: KeyEvent) -> Revision:
    return Revision(revision, events, datetime.now(UTC))


def test_the_leaders_delete_elects_the_next_in_line() -> None:
    place = NEXT.after(at(51, KeyDeleted(AHEAD.key)))
    assert place == Place(51, OWN, None)
    assert place.leads


def test_the_delete_of_a_predecessor_that_does_not_lead_is_to_be_read_anew() -> None:
    assert THIRD.after(at(51, KeyDeleted(AHEAD.key))) is None


@pytest.mark.parametrize("revision", [49, 50])
def test_what_is_not_newer_than_the_place_is_old_news(revision: int) -> None:
    """A watch may be served by a member that lags, and tell of an earlier key of the same name."""
    assert NEXT.after(at(revision, KeyDeleted(AHEAD.key))) is NEXT
    assert NEXT.after(at(revision, KeyDeleted(OWN.key))) is NEXT


@pytest.mark.parametrize("events", [(OWN.key,), (AHEAD.key, OWN.key), (OWN.key, AHEAD.key)])
@pytest.mark.parametrize("place", [NEXT, THIRD, Place(50, OWN, None)])
def test_the_own_keys_delete_is_the_loss_whoever_else_leaves(place: Place, events: tuple[bytes, ...]) -> None:
    with pytest.raises(LeadershipLost) as caught:
        place.after(at(51, *map(KeyDeleted, events)))
    assert caught.value.key == OWN.key


@pytest.mark.parametrize(
    "now",
    [
        Candidate(OWN.key, b"", OWN.lease_id, 51, 51),
        Candidate(OWN.key, b"", 9, OWN.create_revision, 51),
        Candidate(OWN.key, b"", 0, OWN.create_revision, 51),
    ],
)
def test_an_own_key_that_is_another_or_hangs_elsewhere_is_the_loss(now: Candidate) -> None:
    with pytest.raises(LeadershipLost):
        Place(50, OWN, None).after(at(51, KeyPut(now)))


def test_others_change_nothing() -> None:
    place = NEXT.after(at(51, KeyDeleted(OLDEST.key), KeyPut(Candidate(b"e/4", b"", 4, 51, 51))))
    assert place == Place(51, OWN, AHEAD, ahead_leads=True)
    assert place.has_same_neighbours(NEXT)
    assert not place.has_same_neighbours(THIRD)


def test_the_oldest_two_tell_the_places_of_the_first_two_only() -> None:
    assert place_among_oldest(OLDEST, [OLDEST, AHEAD], 50) == Place(50, OLDEST, None)
    assert place_among_oldest(AHEAD, [OLDEST, AHEAD], 50) == Place(50, AHEAD, OLDEST, ahead_leads=True)
    assert place_among_oldest(OWN, [OLDEST, AHEAD], 50) is None
    assert place_among_oldest(OWN, [], 50) is None
    elder_of_the_same_name = Candidate(OWN.key, b"", OWN.lease_id, 5, 5)
    assert place_among_oldest(OWN, [elder_of_the_same_name, AHEAD], 50) is None
