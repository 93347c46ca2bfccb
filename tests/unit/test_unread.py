"""`UnreadTransitions`: the newest ones in order, in bounded memory, and nothing is forgotten without a word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from election_core.core.model import Transition
from election_core.core.unread import UnreadTransitions

from .test_state import EPOCH


def transition(election: str, revision: int = 1) -> Transition:
    return Transition(election, revision, None, None, False, EPOCH)


def told(unread: UnreadTransitions) -> list[tuple[str, bool]]:
    return [(each.election, each.gap) for each in unread.take_all()]


def test_within_the_limit_nothing_is_forgotten() -> None:
    unread = UnreadTransitions(3)
    unread.put(map(transition, "aba"))
    assert len(unread) == 3
    assert told(unread) == [("a", False), ("b", False), ("a", False)]


def test_each_election_of_which_something_was_forgotten_says_so_once() -> None:
    unread = UnreadTransitions(3)
    unread.put(map(transition, "abcac"))
    assert told(unread) == [("c", False), ("a", True), ("c", False)]
    unread.put(map(transition, "bab"))
    assert told(unread) == [("b", True), ("a", False), ("b", False)]


def test_elections_that_come_and_go_unread_are_not_all_remembered() -> None:
    """A program with callbacks alone never reads, for months."""
    unread = UnreadTransitions(10)
    for number in range(1_000):
        unread.put([transition(f"job-{number}")])
    assert names_kept(unread) <= 10
    assert told(unread) == [(f"job-{number}", True) for number in range(990, 1_000)]
    unread.put([transition("job-0"), transition("job-0")])
    assert told(unread) == [("job-0", True), ("job-0", False)]


def names_kept(unread: UnreadTransitions) -> int:
    """Only the private state shows what it costs."""
    return len(unread._forgotten) + len(unread._whole or ())


actions = st.lists(st.sampled_from([*"aabbccdef", None, None, None]), min_size=30, max_size=80)
"""A transition of an election, or a reader who takes one."""


@given(actions, st.integers(1, 4))
def test_whatever_was_forgotten_is_owned_up_to(actions: list[str | None], limit: int) -> None:
    unread, queue, owing = UnreadTransitions(limit), list[Transition](), set[str]()
    most_owing = 0
    for revision, election in enumerate(actions):
        if election is not None:
            queue.append(transition(election, revision))
            unread.put(queue[-1:])
            owing |= {queue.pop(0).election} if len(queue) > limit else set()
        elif queue:
            expected, taken = queue.pop(0), unread.take()
            assert taken._replace(gap=False) == expected
            assert taken.gap or taken.election not in owing
            assert taken.gap == (taken.election in owing) or most_owing > limit
            owing.discard(taken.election)
        most_owing = max(most_owing, len(owing))
        assert names_kept(unread) <= limit
        assert len(unread) == len(queue)
