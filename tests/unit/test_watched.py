"""When etcd was watched and when not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from electiontui.watched import Stretch, Watched

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def at(second: float) -> datetime:
    return BEGAN + timedelta(seconds=second)


def unwatched(watched: Watched, since: float, until: float) -> list[tuple[float, float]]:
    found = watched.unwatched(at(since), at(until))
    return [((each.since - BEGAN).total_seconds(), (each.until - BEGAN).total_seconds()) for each in found]


def test_nothing_is_known_of_the_time_before() -> None:
    watched = Watched(at(0))
    assert unwatched(watched, -10, 10) == [(-10, 0), (0, 10)]
    watched.seen(at(2))
    assert unwatched(watched, -10, 10) == [(-10, 0), (0, 2)]
    assert unwatched(watched, 2, 10) == []


def test_what_was_watched_before_it_began_can_be_learned() -> None:
    watched = Watched(at(0))
    watched.seen(at(2))
    watched.learn([Stretch(at(-50), at(-40)), Stretch(at(-20), at(-5))])
    assert unwatched(watched, -60, 10) == [(-60, -50), (-40, -20), (-5, 0), (0, 2)]
    watched.learn([])
    assert watched.began == at(-50)


def test_of_what_is_learned_the_oldest_gaps_are_given_up() -> None:
    watched = Watched(at(0))
    watched.learn([Stretch(at(-2 * number - 1), at(-2 * number)) for number in range(3000, 0, -1)])
    assert len(unwatched(watched, -9000, 0)) == 1000 + 1
    assert watched.began == at(-2001)


def test_an_outage_stays_known() -> None:
    watched = Watched(at(0))
    watched.seen(at(0))
    watched.lost(at(10))
    watched.lost(at(12))
    assert unwatched(watched, 5, 20) == [(10, 20)]
    watched.seen(at(17))
    watched.seen(at(18))
    assert unwatched(watched, 5, 20) == [(10, 17)]
    assert unwatched(watched, 12, 14) == [(12, 14)]
    assert unwatched(watched, 17, 20) == []


def test_a_loss_is_not_dated_into_what_was_unwatched_already() -> None:
    watched = Watched(at(0))
    watched.seen(at(5))
    watched.lost(at(3))
    assert unwatched(watched, 0, 10) == [(0, 5), (5, 10)]


def test_what_is_remembered_is_bounded() -> None:
    watched = Watched(at(0))
    for number in range(2_000):
        watched.seen(at(10 * number))
        watched.lost(at(10 * number + 5))
    watched.seen(at(20_000))
    assert len(unwatched(watched, 0, 20_000)) == 1_001
    # What is forgotten counts as unwatched, and not as known.
    assert unwatched(watched, 0, 100) == [(0, 100)]
