"""Which servers are known to break elections."""

from __future__ import annotations

import pytest

from election_core import EndpointStatus
from election_core.core.known_bugs import KnownBug, known_bugs

BUG = KnownBug("a bug", ((3, 4, 34), (3, 5, 16)))


@pytest.mark.parametrize(
    ("version", "has_it"),
    [
        ((3, 3, 99), True),
        ((3, 4, 33), True),
        ((3, 4, 34), False),
        ((3, 5, 0), True),
        ((3, 5, 15), True),
        ((3, 5, 16), False),
        ((3, 6, 0), False),
        ((4, 0, 0), False),
    ],
)
def test_a_bug_is_in_every_release_before_its_fix(version: tuple[int, int, int], has_it: bool) -> None:
    assert BUG.is_in(version) is has_it


def test_our_oldest_servers_have_them_and_the_newest_none() -> None:
    assert len(known_bugs("3.5.1")) == 6
    assert len(known_bugs("3.4.23")) == 4
    assert any("#18089" in text for text in known_bugs("3.5.15"))
    assert not any("#18089" in text for text in known_bugs("3.5.16"))
    assert known_bugs("3.6.99") == ()


@pytest.mark.parametrize(
    ("version", "has_it"),
    [("3.3.27", False), ("3.4.23", False), ("3.5.0", True), ("3.5.6", True), ("3.5.7", False), ("3.6.0", False)],
)
def test_servers_that_a_reading_transaction_can_end_are_named(version: str, has_it: bool) -> None:
    assert any("#14110" in text for text in known_bugs(version)) is has_it


@pytest.mark.parametrize(
    ("version", "has_it"), [("3.4.23", False), ("3.5.0", True), ("3.5.2", True), ("3.5.3", False), ("3.6.0", False)]
)
def test_servers_that_may_differ_after_a_crash_are_named(version: str, has_it: bool) -> None:
    assert any("#13766" in text for text in known_bugs(version)) is has_it


@pytest.mark.parametrize("version", ["", "unknown", "3.5", "3.5.x", "v3.5.1"])
def test_nothing_is_claimed_of_a_version_that_is_none(version: str) -> None:
    assert known_bugs(version) == ()


def test_a_pre_release_counts_as_its_release() -> None:
    assert known_bugs("3.5.1-rc.0") == known_bugs("3.5.1")


def test_the_status_of_an_endpoint_names_them() -> None:
    assert EndpointStatus("127.0.0.1:2379", reachable=True, version="3.5.1").known_bugs == known_bugs("3.5.1")
    assert EndpointStatus("127.0.0.1:2379", reachable=False).known_bugs == ()
