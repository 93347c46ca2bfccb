"""`LeaseClock`: it never promises a moment that etcd did not give."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from election_core.core.lease_clock import LeaseClock, margin_for
from election_core.core.names import MAX_TTL

ttls = st.integers(1, MAX_TTL) | st.integers(1, 120)
moments = st.floats(0, 1e6, allow_nan=False)


@given(ttls | st.floats(1, MAX_TTL))
def test_the_margin_is_above_zero_and_below_the_ttl(ttl: float) -> None:
    assert 0 < margin_for(ttl) < ttl
    assert margin_for(ttl) <= 1


@pytest.mark.parametrize(("ttl", "margin"), [(1, 0.1), (2, 0.2), (5, 0.5), (10, 1), (60, 1), (MAX_TTL, 1)])
def test_the_margin_is_a_tenth_and_a_second_at_most(ttl: int, margin: float) -> None:
    assert margin_for(ttl) == pytest.approx(margin)


@given(ttls, moments)
def test_a_grant_counts_from_when_it_was_sent_and_ends_before_etcd_may_expire_it(ttl: int, sent_at: float) -> None:
    clock = LeaseClock(ttl, remaining=ttl, sent_at=sent_at)
    assert sent_at < clock.deadline < sent_at + ttl
    assert clock.ttl == ttl


def test_a_late_answer_gives_no_more_time_than_a_prompt_one() -> None:
    clock = LeaseClock(10, remaining=10, sent_at=100)
    assert clock.deadline == 109
    assert clock.renewed(10, sent_at=103, now=108.9)
    assert clock.deadline == 112, "whenever the answer came"
    assert clock.remaining(111.5) == 0.5


def test_a_lease_that_was_there_before_has_only_what_is_left_of_it() -> None:
    clock = LeaseClock(60, remaining=7, sent_at=100)
    assert clock.deadline == 106
    assert clock.renewed(60, sent_at=101, now=105)
    assert clock.deadline == 160


def test_a_lease_with_less_left_than_the_margin_is_dead_at_once() -> None:
    assert LeaseClock(60, remaining=0, sent_at=100).remaining(100) == 0


@pytest.mark.parametrize(("now", "left"), [(100, 9), (108.5, 0.5), (109, 0), (109.001, 0), (1e9, 0)])
def test_remaining_falls_to_zero_and_stays_there(now: float, left: float) -> None:
    assert LeaseClock(10, remaining=10, sent_at=100).remaining(now) == left


def test_a_server_that_grants_another_ttl_is_believed() -> None:
    clock = LeaseClock(10, remaining=10, sent_at=100)
    assert clock.renewed(30, sent_at=105, now=105)
    assert (clock.ttl, clock.deadline) == (30, 134)


@pytest.mark.parametrize("late", [0, 0.001, 5, 1e6])
def test_an_answer_after_the_deadline_revives_nothing(late: float) -> None:
    clock = LeaseClock(10, remaining=10, sent_at=100)
    assert clock.renewed(10, sent_at=103, now=108.999)
    assert not clock.renewed(10, sent_at=111, now=112 + late)
    assert (clock.ttl, clock.deadline, clock.remaining(112 + late)) == (10, 112, 0)


@given(ttls, st.lists(st.tuples(ttls, st.floats(0, 100), st.floats(0, 100)), max_size=8))
def test_what_was_dead_once_stays_dead(ttl: int, answers: Sequence[tuple[int, float, float]]) -> None:
    """Whatever etcd says afterwards, at whatever delay."""
    clock, now, was_dead = LeaseClock(ttl, remaining=ttl, sent_at=0), 0.0, False
    for granted, pause, delay in answers:
        now += pause
        sent_at, now = now, now + delay
        was_dead = was_dead or clock.remaining(now) == 0
        assert clock.renewed(granted, sent_at=sent_at, now=now) is not was_dead
        assert (clock.remaining(now) == 0) or not was_dead


answers = st.lists(st.tuples(ttls, moments), max_size=8)


@given(ttls, moments, answers)
def test_the_deadline_never_moves_back(ttl: int, sent_at: float, renewals: Sequence[tuple[int, float]]) -> None:
    clock = LeaseClock(ttl, remaining=ttl, sent_at=sent_at)
    for granted, sent in renewals:
        before = clock.deadline
        assert clock.renewed(granted, sent_at=sent, now=before - 1e-6)
        assert clock.deadline >= before
        assert clock.deadline >= sent + granted - margin_for(granted)


@given(ttls, moments, answers.flatmap(lambda each: st.tuples(st.just(each), st.permutations(each))))
def test_the_order_of_answers_does_not_matter(
    ttl: int, sent_at: float, orders: tuple[Sequence[tuple[int, float]], Sequence[tuple[int, float]]]
) -> None:
    one, other = (LeaseClock(ttl, remaining=ttl, sent_at=sent_at) for _ in orders)
    for clock, renewals in zip((one, other), orders, strict=True):
        for granted, sent in renewals:
            clock.renewed(granted, sent_at=sent, now=0)
    assert one.deadline == other.deadline


@given(ttls, moments, answers)
def test_no_deadline_is_later_than_the_latest_that_etcd_gave(
    ttl: int, sent_at: float, renewals: Sequence[tuple[int, float]]
) -> None:
    clock = LeaseClock(ttl, remaining=ttl, sent_at=sent_at)
    for granted, sent in renewals:
        clock.renewed(granted, sent_at=sent, now=sent)
    expiry = max(sent + granted for granted, sent in [(ttl, sent_at), *renewals])
    assert clock.deadline < expiry
    assert clock.remaining(expiry) == 0


@given(ttls, moments)
def test_two_thirds_of_the_ttl_without_an_answer_are_too_long(ttl: int, sent_at: float) -> None:
    clock = LeaseClock(ttl, remaining=ttl, sent_at=sent_at)
    assert clock.is_confirmed(sent_at + ttl * 0.66)
    assert not clock.is_confirmed(sent_at + ttl * 0.67)
    assert clock.renewed(ttl, sent_at=sent_at + ttl / 3, now=sent_at + ttl / 3)
    assert clock.is_confirmed(sent_at + ttl * 0.99)
