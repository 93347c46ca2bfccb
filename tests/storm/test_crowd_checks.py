"""What goes wrong in an election of the crowds is found, and is not mixed up with the election of the others."""

from __future__ import annotations

import pytest

from .checks import check
from .crowd_checks import crowd_violations
from .log import Record
from .story import Story


@pytest.fixture
def story() -> Story:
    story = Story()
    story.leads("c0.1.1", 5, 1, 108)
    return story


def leads(value: str, token: int, begin: float, end: float, election: str = "crowd-1", error: str = "") -> list[Record]:
    """It claims to lead, every two seconds and at the end; with an error it is lost then."""
    who, run, number = value.split(".")
    always = {"who": who, "run": int(run), "n": int(number), "election": election}
    times = [*range(int(begin) + 1, int(end), 2), end]
    found: list[Record] = [{"t": begin, "what": "elected", "t1": begin, "leader": True, "token": token, **always}]
    found += [{"t": float(t), "what": "claim", "t1": float(t), "token": token, **always} for t in times]
    if error:
        found.append(
            {"t": end, "what": "error", "leader": False, "error": "LeadershipLost", "message": error, **always}
        )
    return found


def rules(story: Story, *terms: list[Record]) -> list[str]:
    records = sorted([*story.told(), *(record for term in terms for record in term)], key=lambda each: each["t"])
    assert check(records) == []
    return sorted(violation.rule for violation in crowd_violations(records))


def test_terms_one_after_the_other(story: Story) -> None:
    assert rules(story, leads("c0.1.7", 3, 1, 50), leads("c1.1.7", 4, 51, 108)) == []


def test_elections_have_nothing_to_do_with_each_other(story: Story) -> None:
    assert rules(story, leads("c0.1.7", 3, 1, 108, "crowd-1"), leads("c1.1.7", 2, 51, 108, "crowd-2")) == []


def test_two_leaders(story: Story) -> None:
    assert rules(story, leads("c0.1.7", 3, 1, 50), leads("c0.1.8", 4, 49, 108)) == ["two leaders"]


@pytest.mark.parametrize(
    ("version", "later", "found"),
    [("3.5.1", 0, []), ("3.5.1", 7, []), ("3.5.1", 4, ["two leaders"]), ("3.5.13", 0, ["two leaders"])],
)
def test_a_revocation_by_an_old_raft_leader_is_excused_where_and_when_etcd_makes_it(
    story: Story, version: str, later: int, found: list[str]
) -> None:
    story.version = version
    story.fault("member-freeze", 40, 49)
    assert rules(story, leads("c0.1.7", 3, 1, 49.1 + later), leads("c0.1.8", 4, 49 + later, 108)) == found


def test_a_token_that_does_not_grow(story: Story) -> None:
    terms = leads("c0.1.7", 4, 1, 50), leads("c0.1.8", 4, 51, 108)
    assert rules(story, *terms) == ["fencing token does not grow"]


def test_a_loss_for_nothing(story: Story) -> None:
    terms = leads("c0.1.7", 3, 1, 50, error="lost"), leads("c0.1.8", 4, 51, 108)
    assert rules(story, *terms) == ["leadership lost for nothing"]


def test_nobody_leads_in_the_calm(story: Story) -> None:
    assert rules(story, leads("c0.1.7", 3, 1, 100)) == ["after the storm"]
