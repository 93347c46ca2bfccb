"""What is sent to front ends that say nothing is bounded, however long they are away."""

from __future__ import annotations

import pytest

from electiontui.notebook.allowance import Allowance


def sent_in(allowance: Allowance, seconds: float, size: int, *, every: float = 0.25) -> tuple[int, int]:
    """Messages and bytes that are sent to nobody when there is always something to say."""
    count, total, now = 0, 0, 0.0
    while now < seconds:
        now += every
        if allowance.may_send(now):
            count += 1
            total += size
            allowance.sent(count, size, now)
    return count, total


def test_nobody_answers_and_it_ends() -> None:
    """H99: a closed tab costs the Jupyter server a bounded amount of memory."""
    allowance = Allowance(0.0, most=1_500_000, longest=150.0, slower=50.0)
    count, total = sent_in(allowance, 3600, 18_000)
    assert total <= 1_500_000 + 18_000
    assert allowance.is_spent(3600)
    assert count < 100


def test_a_minute_of_silence_stops_nothing_small() -> None:
    allowance = Allowance(0.0, most=1_500_000, longest=150.0, slower=50.0)
    count, _ = sent_in(allowance, 60, 500)
    assert count >= 60
    assert allowance.may_send(62)


def test_pictures_come_ever_more_slowly_and_never_end_for_time_alone() -> None:
    allowance = Allowance(0.0, most=10**9, longest=1e12, slower=50.0)
    first, _ = sent_in(allowance, 600, 18_000)
    assert 100 < first < 400


def test_what_is_acknowledged_may_go_on_for_ever() -> None:
    allowance = Allowance(0.0, most=50_000, longest=150.0, slower=50.0)
    now = 0.0
    for number in range(10_000):
        now += 0.25
        assert allowance.may_send(now)
        allowance.sent(number, 20_000, now)
        allowance.heard(number, now)
    assert allowance.under_way == 0


@pytest.mark.parametrize("heard", [1, 2, 3])
def test_only_what_came_is_taken_off(heard: int) -> None:
    allowance = Allowance(0.0, most=10_000, longest=150.0, slower=50.0)
    for number in (1, 2, 3):
        allowance.sent(number, 0, float(number))
    allowance.heard(heard, 4.0)
    assert allowance.under_way == (3 - heard) * 1000


def test_silence_counts_only_while_something_is_under_way() -> None:
    allowance = Allowance(0.0, most=10_000, longest=150.0, slower=50.0)
    assert allowance.may_send(10_000.0)
    allowance.sent(1, 10, 10_000.0)
    assert not allowance.may_send(10_200.0)
