"""The plan of a storm comes from its seed alone, and never breaks one thing twice at a time."""

from __future__ import annotations

from itertools import combinations

import pytest

from .plan import WEIGHTS, plan


def test_the_same_seed_gives_the_same_storm() -> None:
    assert plan(7, candidates=5, ttl=3, faults=200) == plan(7, candidates=5, ttl=3, faults=200)
    assert plan(7, candidates=5, ttl=3, faults=200) != plan(8, candidates=5, ttl=3, faults=200)


def test_a_long_storm_has_faults_of_every_kind_at_about_one_per_second() -> None:
    faults = plan(1, candidates=5, ttl=3, faults=1000)
    assert {fault.kind for fault in faults} == set(WEIGHTS)
    assert [fault.number for fault in faults] == list(range(1000))
    assert 800 < faults[-1].at < 1500


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_broken_twice_at_a_time_and_one_candidate_is_left_alone(seed: int) -> None:
    faults = plan(seed, candidates=3, ttl=2, seconds=300)
    assert all(fault.at + fault.seconds <= 300 for fault in faults)
    for one, other in combinations(faults, 2):
        if other.at < one.at + one.seconds:
            assert not one.resources & other.resources
    for fault in faults:
        going_on = [each for each in faults if each.at <= fault.at < each.at + each.seconds]
        assert len({each.candidate for each in going_on} - {None}) < 3
