"""The checks of the storm find what they are there for: each log but the sound ones breaks one guarantee."""

from __future__ import annotations

import pytest

from .checks import check
from .story import Story
from .summary import summary


@pytest.fixture
def story() -> Story:
    return Story()


def rules(story: Story, stderr: str = "") -> set[str]:
    return {violation.rule for violation in check(story.told(), stderr)}


def sound(story: Story) -> Story:
    """A term that lasts, another after it, writes by both."""
    story.leads("c0.1.1", 5, 1, 50, lost="reset")
    story.leads("c1.1.1", 6, 51, 108)
    story.writes("c0.1.1", 5, 1, 10, revision=10)
    story.writes("c1.1.1", 6, 1, 60, revision=11)
    story.writes("c0.1.1", 5, 2, 61, "refused")
    return story


def test_a_sound_storm_has_no_violation(story: Story) -> None:
    records = sound(story).told()
    assert check(records) == []
    assert "violations: 0" in summary(records, [])


def test_two_leaders(story: Story) -> None:
    story.leads("c0.1.1", 5, 1, 50.2)
    story.leads("c1.1.1", 6, 50, 108)
    assert rules(story) == {"two leaders"}


def test_two_leaders_where_one_claims_but_once(story: Story) -> None:
    story.leads("c0.1.1", 5, 1, 108)
    story.leads("c1.1.1", 6, 50, 50)
    assert rules(story) == {"two leaders"}


def test_a_leader_that_comes_back_after_another(story: Story) -> None:
    story.leads("c0.1.1", 5, 1, 10)
    story.leads("c1.1.1", 6, 11, 108)
    story.say(20, "c0", "claim", n=1, t1=20, token=5)
    assert "two leaders" in rules(story)


@pytest.mark.parametrize("kind", ["delete", "revoke"])
def test_a_claim_after_an_operators_removal_is_no_second_leader(story: Story, kind: str) -> None:
    story.fault(kind, 50, 50.01, value="c0.1.1")
    story.leads("c0.1.1", 5, 1, 50.4, lost="nothing")
    story.leads("c1.1.1", 6, 50.1, 108)
    assert rules(story) == set()


def test_a_removal_that_found_nothing_excuses_nothing(story: Story) -> None:
    story.say(50, "storm", "fault", id=7, kind="delete", phase="begin", target=0, value="c0.1.1")
    story.say(50, "storm", "fault", id=7, kind="delete", phase="end", target=0, outcome="was gone")
    story.leads("c0.1.1", 5, 1, 50.4, lost="nothing")
    story.leads("c1.1.1", 6, 50.1, 108)
    assert rules(story) == {"two leaders", "leadership lost for nothing"}


@pytest.mark.parametrize(("until", "found"), [(51.8, set()), (52.5, {"loss noticed late"})])
def test_a_removal_is_noticed_at_once(story: Story, until: float, found: set[str]) -> None:
    story.fault("delete", 50, 50, value="c0.1.1")
    story.leads("c0.1.1", 5, 1, until, lost="nothing")
    story.leads("c1.1.1", 6, 53, 108)
    assert rules(story) == found


@pytest.mark.parametrize(("until", "found"), [(53, set()), (57, {"loss noticed late"})])
def test_a_removal_is_noticed_within_the_ttl_after_a_fault(story: Story, until: float, found: set[str]) -> None:
    story.fault("half-open", 45, 49, proxies=[0], extra="")
    story.fault("delete", 50, 50, value="c0.1.1")
    story.leads("c0.1.1", 5, 1, until, lost="nothing")
    story.leads("c1.1.1", 6, 58, 108)
    assert rules(story) == found


@pytest.mark.parametrize(
    ("what", "found"),
    [
        ("it was the raft leader", set()),
        ("after the time-out", set()),
        ("between", {"two leaders", "leadership lost for nothing"}),
        ("it was a follower", {"two leaders"}),
        ("the key stays", {"two leaders"}),
        ("etcd is newer", {"two leaders", "leadership lost for nothing"}),
    ],
)
def test_an_old_raft_leader_that_is_thawed_removes_as_an_operator_does(
    story: Story, what: str, found: set[str]
) -> None:
    """etcd#15247: c0 renews with the others, and its lease is revoked when the frozen member goes on."""
    gone = {"after the time-out": 57.1, "between": 54.1}.get(what, 50.1)
    story.line = [(0, [["c0.1.1", 5], ["c1.1.1", 6]]), (gone, [["c1.1.1", 6]])]
    if what == "the key stays":
        story.line = story.line[:1]
    if what != "it was a follower":
        story.raft_terms.append(44)
    if what == "etcd is newer":
        story.version = "3.5.13"
    story.fault("member-freeze", 43, 50, 1)
    undisturbed = what in ("etcd is newer", "after the time-out", "between")
    story.leads("c0.1.1", 5, 1, gone + 0.3, lost="nothing" if undisturbed else "cut")
    story.leads("c1.1.1", 6, gone, 108)
    assert rules(story) == found


def test_who_resigns_after_it_was_told_of_its_loss_did_not_leave_by_itself(story: Story) -> None:
    """The line without it may be read only then."""
    story.line = [(0, [["c0.1.1", 5], ["c1.1.1", 6]]), (50.1, [["c1.1.1", 6]])]
    story.raft_terms.append(44)
    story.fault("member-freeze", 43, 50, 1)
    story.leads("c0.1.1", 5, 1, 50.05, lost="nothing")
    story.say(50.06, "c0", "resign", n=1)
    story.say(50.07, "c0", "resigned", n=1, began=50.06, error=None)
    story.leads("c1.1.1", 6, 50.1, 108)
    assert rules(story) == set()


@pytest.mark.parametrize("token", [4, 5])
def test_a_token_that_does_not_grow(story: Story, token: int) -> None:
    story.leads("c0.1.1", 5, 1, 50)
    story.leads("c1.1.1", token, 51, 108)
    assert rules(story) == {"fencing token does not grow"}


def test_a_write_of_an_older_token_after_a_newer(story: Story) -> None:
    sound(story).writes("c0.1.1", 5, 3, 49, "unknown", revision=20)
    assert rules(story) == {"a deposed leader wrote"}


def test_a_write_that_was_sent_after_a_successor_led(story: Story) -> None:
    story.leads("c0.1.1", 5, 1, 50)
    story.leads("c1.1.1", 6, 51, 108)
    story.writes("c0.1.1", 5, 1, 52, revision=20)
    assert rules(story) == {"a deposed leader wrote"}


def test_a_write_that_was_sent_after_resigning(story: Story) -> None:
    story.leads("c0.1.1", 5, 1, 50)
    story.say(50.1, "c0", "resign", n=1)
    story.say(50.2, "c0", "resigned", n=1, began=50.1, error=None)
    story.writes("c0.1.1", 5, 1, 50.5, revision=20)
    story.leads("c1.1.1", 6, 51, 108)
    assert rules(story) == {"a deposed leader wrote"}


@pytest.mark.parametrize(("outcome", "revision"), [("refused", 20), ("accepted", None)])
def test_a_write_whose_answer_is_wrong(story: Story, outcome: str, revision: int | None) -> None:
    sound(story).writes("c1.1.1", 6, 2, 62, outcome, revision)
    assert rules(story) == {"a write and its answer differ"}


def test_a_history_with_a_hole(story: Story) -> None:
    sound(story).last["writes"] = 3
    assert rules(story) == {"a deposed leader wrote"}


def test_a_long_vacancy(story: Story) -> None:
    story.leads("c0.1.1", 5, 1, 50, lost="reset")
    story.leads("c1.1.1", 6, 57, 108)
    assert rules(story) == {"vacancy"}


def test_a_vacancy_counts_anew_from_a_new_raft_leader(story: Story) -> None:
    story.leads("c0.1.1", 5, 1, 50, lost="reset")
    story.leads("c1.1.1", 6, 57, 108)
    story.raft_terms.append(53)
    assert rules(story) == set()


@pytest.mark.parametrize(("until", "found"), [(65, set()), (60, {"vacancy"})])
def test_a_vacancy_is_excused_while_etcd_does_not_answer_and_no_longer(
    story: Story, until: float, found: set[str]
) -> None:
    story.leads("c0.1.1", 5, 1, 50, lost="reset")
    story.leads("c1.1.1", 6, 70, 108)
    story.unanswered = (50, until)
    assert rules(story) == found


def test_a_vacancy_is_excused_while_no_candidate_is_healthy(story: Story) -> None:
    story.leads("c0.1.1", 5, 1, 50, lost="reset")
    story.leads("c1.1.1", 6, 70, 108)
    for target in (0, 1):
        story.fault("stop", 50, 66, target)
    assert rules(story) == set()


def test_a_vacancy_behind_a_dead_candidate_counts_from_its_death(story: Story) -> None:
    """The first in line is stopped at 53: its lease may live until 56, and no longer than some seconds more."""
    story.line = [(0, []), (50, [["c1.1.1", 6], ["c0.1.2", 7]])]
    story.leads("c0.1.1", 5, 1, 50, lost="reset")
    story.leads("c0.1.2", 7, 58.5, 108)
    story.fault("stop", 53, 90, 1)
    assert rules(story) == set()


def test_a_vacancy_behind_a_dead_candidate_is_bounded(story: Story) -> None:
    story.line = [(0, []), (50, [["c1.1.1", 6], ["c0.1.2", 7]])]
    story.leads("c0.1.1", 5, 1, 50, lost="reset")
    story.leads("c0.1.2", 7, 60, 108)
    story.fault("stop", 53, 90, 1)
    assert rules(story) == {"vacancy"}


@pytest.mark.parametrize(("until", "found"), [(58, {"vacancy"}), (53, set())])
def test_a_vacancy_with_a_minority_of_members_gone_counts(story: Story, until: float, found: set[str]) -> None:
    story.fault("member-freeze", 49, 80, 1)
    story.leads("c0.1.1", 5, 1, 50, lost="reset")
    story.leads("c1.1.1", 6, until, 108)
    assert rules(story) == found


def test_a_term_lost_for_nothing(story: Story) -> None:
    story.fault("member-freeze", 48, 60, 1)
    story.leads("c0.1.1", 5, 1, 50, lost="nothing")
    story.leads("c1.1.1", 6, 51, 108)
    assert rules(story) == {"leadership lost for nothing"}


@pytest.mark.parametrize("reason", ["a fault", "no quorum", "a new raft leader"])
def test_a_term_lost_for_a_reason(story: Story, reason: str) -> None:
    story.leads("c0.1.1", 5, 1, 50, lost="nothing")
    story.leads("c1.1.1", 6, 51, 108)
    if reason == "a fault":
        story.fault("cut", 45, 48, 0, proxies=[2], extra="")
    elif reason == "no quorum":
        story.unanswered = (47, 48)
    else:
        story.raft_terms.append(48)
    assert rules(story) == set()


def test_leading_after_the_end(story: Story) -> None:
    story.leads("c0.1.1", 5, 1, 50, lost="reset")
    story.leads("c0.1.1", 5, 51, 108)
    assert rules(story) == {"leads after its end", "elected twice"}


def test_leading_at_the_error_event(story: Story) -> None:
    sound(story).say(50.5, "c0", "error", n=3, leader=True, error="LeadershipLost", message="lost")
    assert rules(story) == {"bad error event"}


@pytest.mark.parametrize(("stopped", "found"), [(False, {"resigning hangs"}), (True, set())])
def test_a_resign_that_hangs(story: Story, stopped: bool, found: set[str]) -> None:
    sound(story).say(90, "c0", "resigned", n=3, began=80, error=None)
    if stopped:
        story.fault("stop", 81, 89, 0)
    assert rules(story) == found


@pytest.mark.parametrize(("stopped", "found"), [(False, {"an event loop stood still"}), (True, set())])
def test_an_event_loop_that_stands_still(story: Story, stopped: bool, found: set[str]) -> None:
    sound(story).beats("c0", (0, 40), (44, 109))
    if stopped:
        story.fault("block", 40, 44, 0)
    assert rules(story) == found


def test_a_process_that_says_nothing_until_the_end(story: Story) -> None:
    sound(story).beats("c0", (0, 40))
    assert rules(story) == {"an event loop stood still"}


@pytest.mark.parametrize(
    ("what", "left"), [("keys", ["election/storm/1"]), ("leases", ["1"]), ("hashes", ["1", "1", "2"])]
)
def test_what_is_left_behind(story: Story, what: str, left: list[str]) -> None:
    sound(story).last[what] = left
    assert rules(story) == {"after the storm"}


def test_no_leader_in_the_calm(story: Story) -> None:
    story.leads("c0.1.1", 5, 1, 105)
    assert "after the storm" in rules(story)


def test_a_log_without_its_end(story: Story) -> None:
    records = [record for record in sound(story).told() if record["t"] < 107]
    assert "the storm did not end" in {violation.rule for violation in check(records)}


@pytest.mark.parametrize("wrong", [{"differs": "number 7"}, {"failure": "the disk is full"}, {"live": 0}])
def test_a_replay_that_differs(story: Story, wrong: dict[str, object]) -> None:
    sound(story).replayed.update(wrong)
    assert rules(story) == {"a replay differs"}


def test_a_traceback(story: Story) -> None:
    assert rules(sound(story), "Traceback (most recent call last):") == {"a candidate wrote a traceback"}


def test_a_violation_is_told_with_the_log_and_the_command(story: Story) -> None:
    story.leads("c0.1.1", 5, 1, 50.2, lost="reset")
    story.leads("c1.1.1", 6, 50, 108)
    records = story.told()
    told = summary(records, check(records))
    assert "VIOLATION two leaders: c0.1.1 (token 5) and c1.1.1 (token 6)" in told
    assert "what=elected" in told
    assert told.endswith("the same again: again")
