"""The seconds of a supervisor: what a grace may be, and what is said where it does not fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from election_core.core.lease_clock import margin_for
from electiontui.commands.campaigning.plan import (
    Plan,
    check_grace,
    default_grace,
    environment_of,
    longest_grace,
    safety,
)


@given(st.integers(1, 10_000))
def test_what_is_for_safety_is_what_the_library_takes(ttl: int) -> None:
    assert safety(ttl) == margin_for(ttl)


@pytest.mark.parametrize(
    ("ttl", "longest", "default"), [(2, 1.0, 0.5), (5, 2.5, 1.25), (10, 5.0, 2.5), (30, 17.0, 8.5), (60, 35.0, 10.0)]
)
def test_the_arithmetic(ttl: int, longest: float, default: float) -> None:
    assert (longest_grace(ttl), default_grace(ttl)) == (longest, default)


@given(st.integers(1, 10_000))
def test_a_renewal_that_is_due_after_a_third_comes_before_term(ttl: int) -> None:
    check_grace(ttl, default_grace(ttl))
    check_grace(ttl, longest_grace(ttl))
    assert ttl - safety(ttl) - longest_grace(ttl) > ttl / 3


@given(st.integers(1, 500), st.floats(0.01, 1000))
def test_what_does_not_fit_is_told_with_a_ttl_that_would_do(ttl: int, more: float) -> None:
    grace = longest_grace(ttl) + more
    with pytest.raises(ValueError, match="does not fit --ttl") as caught:
        check_grace(ttl, grace)
    needed = int(str(caught.value).split("or --ttl ")[1].split()[0])
    check_grace(needed, grace)
    with pytest.raises(ValueError, match="does not fit"):
        check_grace(needed - 1, grace)


def test_the_sentence_has_the_arithmetic_in_it() -> None:
    with pytest.raises(ValueError, match="does not fit") as caught:
        check_grace(10, 8)
    assert str(caught.value) == (
        "--grace 8s does not fit --ttl 10: of the 10 s that a lease lives, 1 s are for safety and 4 s for the next"
        " renewal, which leaves 5 s for CMD to end. Give --grace 5s or less, or --ttl 15 or more."
    )


def test_what_cmd_inherits_is_kept_but_for_the_election() -> None:
    plan = Plan("job", "host-a", 10, 1.0, environment={"PATH": "/bin", "ELECTION_NAME": "outer"})
    made = environment_of(plan, key="election/job/1f", token=7, lease=31)
    assert made == {
        "PATH": "/bin",
        "ELECTION_NAME": "job",
        "ELECTION_KEY": "election/job/1f",
        "ELECTION_TOKEN": "7",
        "ELECTION_LEASE": "1f",
        "ELECTION_VALUE": "host-a",
    }
