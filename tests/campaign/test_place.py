"""The proof of leadership, by itself: what one revision does to a place in line. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from election_core.core.model import Candidate, KeyDeleted, KeyEvent, KeyPut, Revision, Snapshot
from election_core.core.place import NEWEST, Place, place_among_newest, place_in_line, place_of_newcomer
from election_core.core.state import ElectionState
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
    assert place_of_newcomer(OLDEST, [OLDEST, AHEAD], 50) == Place(50, OLDEST, None)
    assert place_of_newcomer(AHEAD, [OLDEST, AHEAD], 50) == Place(50, AHEAD, OLDEST, ahead_leads=True)
    assert place_of_newcomer(OWN, [OLDEST, AHEAD], 50) is None
    assert place_of_newcomer(OWN, [], 50) is None
    elder_of_the_same_name = Candidate(OWN.key, b"", OWN.lease_id, 5, 5)
    assert place_of_newcomer(OWN, [elder_of_the_same_name, AHEAD], 50) is None


def test_the_newest_three_tell_who_is_ahead_and_whether_that_one_leads() -> None:
    assert place_among_newest(OLDEST, [OLDEST], 50) == Place(50, OLDEST, None)
    assert place_among_newest(AHEAD, [AHEAD, OLDEST], 50) == Place(50, AHEAD, OLDEST, ahead_leads=True)
    assert place_among_newest(OWN, [OWN, AHEAD, OLDEST], 50) == Place(50, OWN, AHEAD)


def test_what_the_own_key_has_become_since_is_taken_over() -> None:
    rewritten = OWN._replace(value=b"another", mod_revision=49)
    assert place_among_newest(OWN, [rewritten, AHEAD, OLDEST], 50) == Place(50, rewritten, AHEAD)


@pytest.mark.parametrize(
    "newest",
    [[], [AHEAD], [AHEAD, OLDEST], [AHEAD, OLDEST, Candidate(b"e/0", b"", 0, 5, 5)]],
    ids=["nobody", "one", "two", "three"],
)
def test_an_own_key_that_is_not_the_newest_is_gone(newest: list[Candidate]) -> None:
    with pytest.raises(LeadershipLost, match="deleted") as caught:
        place_among_newest(OWN, newest, 50)
    assert caught.value.key == OWN.key


@pytest.mark.parametrize("others", [[], [AHEAD], [AHEAD, OLDEST]])
def test_an_own_key_that_was_moved_to_another_lease_is_lost(others: list[Candidate]) -> None:
    with pytest.raises(LeadershipLost, match="from lease 3 to 9"):
        place_among_newest(OWN, [OWN._replace(lease_id=9), *others], 50)


TWIN = Candidate(b"e/3a", b"", 4, OWN.create_revision, OWN.create_revision)
"""Made by the same transaction as the own key."""


def test_candidates_of_one_age_stand_in_the_order_of_their_keys() -> None:
    for line in ([OWN, TWIN], [TWIN, OWN]):
        assert place_among_newest(OWN, line, 50) == Place(50, OWN, None)
        assert place_among_newest(TWIN, line, 50) == Place(50, TWIN, OWN, ahead_leads=True)


@pytest.mark.parametrize("newest", [[TWIN, OWN, AHEAD], [OWN, TWIN, AHEAD], [OWN, AHEAD, AHEAD._replace(key=b"e/2a")]])
def test_where_candidates_of_one_age_may_hide_another_the_whole_line_is_needed(newest: list[Candidate]) -> None:
    assert place_among_newest(OWN, newest, 50) is None


@given(ages=st.lists(st.integers(1, 6), max_size=12), own=st.integers(0, 11), shuffle=st.integers(0, 99))
@settings(max_examples=2_000, deadline=None, derandomize=True, database=None)
def test_a_place_that_was_read_is_the_one_that_an_observer_shows(ages: list[int], own: int, shuffle: int) -> None:
    """Whatever is of one age, and in whatever order etcd returns that."""
    line = [Candidate(b"e/%x" % number, b"", number + 1, 10 * age, 10 * age) for number, age in enumerate(ages)]
    Random(shuffle).shuffle(line)
    state = ElectionState("e", Snapshot(90, tuple(line), datetime.now(UTC)))
    candidate = line[own] if own < len(line) else Candidate(b"e/gone", b"", 99, 10 * (own % 7), 10)
    no_younger = [each for each in line if each.create_revision <= candidate.create_revision]
    newest = sorted(no_younger, key=lambda each: -each.create_revision)[:NEWEST]
    if candidate not in line:
        with pytest.raises(LeadershipLost):
            place_among_newest(candidate, newest, 90) or place_in_line(candidate, no_younger, 90)
        return
    ahead = state.ahead_of(candidate)
    expected = Place(90, candidate, ahead, ahead_leads=ahead is not None and ahead == state.leader)
    assert place_in_line(candidate, no_younger, 90) == expected
    assert place_among_newest(candidate, newest, 90) in (expected, None)
    if len({each.create_revision for each in newest}) == len(newest):
        assert place_among_newest(candidate, newest, 90) is not None
