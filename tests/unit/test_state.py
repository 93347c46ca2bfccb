"""`ElectionState` against the plainest possible model of etcd's key space, over random histories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from election_core.core.model import Candidate, KeyDeleted, KeyEvent, KeyPut, Revision, Snapshot, Transition
from election_core.core.state import ElectionState

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
START = 1
"""Revision of an etcd that has never been written to."""

Write = tuple[bytes, int]
"""What a put stores: value and lease."""
Step = Mapping[bytes, Write | None]
"""What one revision does to each key: write it, or delete it with ``None``. etcd takes each key once per revision."""


def at(revision: int) -> datetime:
    return EPOCH + timedelta(seconds=revision)


@dataclass(frozen=True)
class Moment:
    """The whole key space at one revision, and the events that led to it."""

    revision: int
    events: tuple[KeyEvent, ...]
    live: Mapping[bytes, Candidate]

    @property
    def feed(self) -> Revision:
        return Revision(self.revision, self.events, at(self.revision))

    @property
    def snapshot(self) -> Snapshot:
        # Newest first: the order of a snapshot must not matter.
        newest_first = sorted(self.live.values(), key=lambda one: -one.create_revision)
        return Snapshot(self.revision, tuple(newest_first), at(self.revision))

    @property
    def leader(self) -> Candidate | None:
        return min(self.live.values(), key=lambda one: (one.create_revision, one.key), default=None)


def play(steps: Sequence[Step]) -> list[Moment]:
    """Carry out the steps on an empty etcd, one revision each; the first moment is the empty one.

    A step without effect stands for a revision that wrote elsewhere in the key space.
    """
    moments = [Moment(START, (), {})]
    for step in steps:
        revision, live, events = moments[-1].revision + 1, dict(moments[-1].live), list[KeyEvent]()
        for key, write in step.items():
            if write is not None:
                created = live[key].create_revision if key in live else revision
                live[key] = Candidate(key, *write, created, revision)
                events.append(KeyPut(live[key]))
            elif key in live:
                del live[key]
                events.append(KeyDeleted(key))
        moments.append(Moment(revision, tuple(events), live))
    return moments


def steps_over(keys: Sequence[bytes], *, keys_per_revision: int = 3, most: int = 25) -> st.SearchStrategy[list[Step]]:
    writes = st.tuples(st.sampled_from([b"x", b"y"]), st.sampled_from([0, 7, 8]))
    step = st.dictionaries(st.sampled_from(keys), st.none() | writes, max_size=keys_per_revision)
    return st.lists(step, max_size=most)


KEYS = [b"election/e/%x" % number for number in (0x7B, 0x10, 0x9, 0xABC, 0xFF)]
histories = steps_over(KEYS).map(play)
"""Few keys, so that they are deleted and created again all the time."""
crowds = steps_over([b"election/e/%x" % number for number in range(40)], keys_per_revision=12, most=12).map(play)
"""Long queues, many keys in one revision."""
any_history = histories | crowds
single_file = steps_over(KEYS, keys_per_revision=1, most=40).map(play)
"""At most one key per revision, as all clients write."""


def expected_between(moments: Iterable[Moment]) -> list[Transition]:
    """The transitions by definition: wherever the leader of one moment is not that of the moment before."""
    return [
        Transition("e", after.revision, before.leader, after.leader, False, at(after.revision))
        for before, after in pairwise(moments)
        if before.leader != after.leader
    ]


def feed(state: ElectionState, moments: Iterable[Moment]) -> list[Transition]:
    """What a watch delivers: every revision that touched the election, whole."""
    return [transition for moment in moments if moment.events for transition in state.apply(moment.feed)]


def observable(state: ElectionState) -> tuple[object, ...]:
    return state.revision, state.leader, state.queue, len(state)


@given(any_history)
def test_the_leader_is_always_the_oldest_live_key(moments: list[Moment]) -> None:
    state = ElectionState("e")
    for moment in moments:
        state.apply(moment.feed)
        assert state.leader == moment.leader
        assert state.revision == moment.revision
        assert state.queue == tuple(sorted(moment.live.values(), key=lambda one: (one.create_revision, one.key)))
        assert len(state) == len(moment.live)
        assert all((key in state) == (key in moment.live) for key in KEYS)


@given(any_history)
def test_transitions_are_exactly_the_changes_of_the_leader(moments: list[Moment]) -> None:
    assert feed(ElectionState("e"), moments) == expected_between(moments)


@given(any_history)
def test_transitions_chain(moments: list[Moment]) -> None:
    """Nothing is lost between two transitions: each begins with the leader that the previous one ended with."""
    transitions = feed(ElectionState("e"), moments)
    assert all(first.after == second.before for first, second in pairwise(transitions))
    assert all(first.revision < second.revision for first, second in pairwise(transitions))
    assert not transitions or transitions[0].before is None


@given(any_history)
def test_the_kind_says_what_happened_to_the_term(moments: list[Moment]) -> None:
    for transition in feed(ElectionState("e"), moments):
        before, after = (one and (one.key, one.create_revision) for one in (transition.before, transition.after))
        if after is None:
            assert transition.kind == "vacated"
        elif before is None:
            assert transition.kind == "elected"
        else:
            assert transition.kind == ("proclaimed" if before == after else "succeeded")


def leaders_of_terms(moments: list[Moment]) -> list[Candidate]:
    transitions = feed(ElectionState("e"), moments)
    return [each.after for each in transitions if each.after is not None and each.kind != "proclaimed"]


@given(single_file)
def test_fencing_tokens_strictly_grow_over_terms(moments: list[Moment]) -> None:
    tokens = [leader.create_revision for leader in leaders_of_terms(moments)]
    assert all(older < newer for older, newer in pairwise(tokens))


@given(any_history)
def test_fencing_tokens_never_shrink_even_if_one_transaction_creates_several_candidates(moments: list[Moment]) -> None:
    """Such candidates share a create revision, so only with the key as a tie-break is their order strict."""
    order = [(leader.create_revision, leader.key) for leader in leaders_of_terms(moments)]
    assert all(older < newer for older, newer in pairwise(order))


@given(any_history, st.randoms(use_true_random=False))
def test_the_order_of_events_within_a_revision_does_not_matter(moments: list[Moment], random: Random) -> None:
    state = ElectionState("e")
    transitions = []
    for moment in moments:
        shuffled = random.sample(moment.events, len(moment.events))
        transitions += state.apply(Revision(moment.revision, tuple(shuffled), at(moment.revision)))
    assert transitions == expected_between(moments)


@given(any_history, st.data())
def test_redelivery_of_what_is_known_changes_nothing(moments: list[Moment], data: st.DataObject) -> None:
    state = ElectionState("e")
    transitions = []
    for index, moment in enumerate(moments):
        transitions += state.apply(moment.feed)
        again = moments[data.draw(st.integers(0, index), label="resumed at") : index + 1]
        before = observable(state)
        assert feed(state, again) == []
        assert [state.reset(old.snapshot) for old in again] == [[]] * len(again)
        assert observable(state) == before
    assert transitions == expected_between(moments)


@given(any_history, st.data())
def test_a_snapshot_and_its_tail_are_worth_the_full_feed(moments: list[Moment], data: st.DataObject) -> None:
    """Wherever the snapshot is taken, and however far back the watch behind it begins."""
    taken = data.draw(st.integers(0, len(moments) - 1), label="snapshot at")
    resumed = data.draw(st.integers(0, taken), label="watch from")
    full, joined = ElectionState("e"), ElectionState("e", moments[taken].snapshot)
    everything = feed(full, moments)
    tail = feed(joined, moments[resumed:])
    assert tail == [each for each in everything if each.revision > moments[taken].revision]
    assert joined.queue == full.queue


@given(any_history, st.data())
def test_a_gap_is_flagged_once_on_the_first_transition_that_follows_the_reset(
    moments: list[Moment], data: st.DataObject
) -> None:
    """Also if the reset itself shows the same leader, and also over a vacancy on both of its sides."""
    state, seen = ElectionState("e", moments[0].snapshot), [moments[0]]
    transitions, expected, gap, cut = [], [], False, False
    for moment in moments[1:]:
        what = data.draw(st.sampled_from(["apply", "apply", "miss", "reset"]))
        if what == "miss":
            cut = True
            continue
        if cut or what == "reset":
            transitions += state.reset(moment.snapshot)
            gap, cut = True, False
        else:
            transitions += state.apply(moment.feed)
        for each in expected_between([seen[-1], moment]):
            expected.append(Transition("e", each.revision, each.before, each.after, gap, each.observed_at))
            gap = False
        seen.append(moment)
        assert state.leader == moment.leader
        assert state.revision == moment.revision
    assert transitions == expected


queues = st.lists(st.sampled_from(KEYS), min_size=2, unique=True)


def stand_in_line(keys: Iterable[bytes]) -> tuple[ElectionState, list[Moment]]:
    moments = play([{key: (b"v", 7)} for key in keys])
    state = ElectionState("e")
    feed(state, moments)
    return state, moments


@given(queues, st.data())
def test_whoever_leaves_from_behind_the_leader_changes_no_leader(keys: list[bytes], data: st.DataObject) -> None:
    state, moments = stand_in_line(keys)
    leavers = data.draw(st.lists(st.sampled_from(keys[1:]), unique=True))
    left = Revision(moments[-1].revision + 1, tuple(KeyDeleted(key) for key in leavers), EPOCH)
    assert state.apply(left) == []
    assert state.leader == moments[-1].leader
    assert [one.key for one in state.queue] == [key for key in keys if key not in leavers]


@given(queues, st.data())
def test_deletes_in_one_revision_never_announce_a_leader_that_never_was(keys: list[bytes], data: st.DataObject) -> None:
    state, moments = stand_in_line(keys)
    leavers = data.draw(st.lists(st.sampled_from(keys), unique=True))
    old = moments[-1].leader
    remaining = [moments[-1].live[key] for key in keys if key not in leavers]
    new = remaining[0] if remaining else None
    transitions = state.apply(Revision(99, tuple(KeyDeleted(key) for key in leavers), EPOCH))
    assert transitions == ([] if new == old else [Transition("e", 99, old, new, False, EPOCH)])


# The same as a story, for reading.


def candidate(suffix: str, created: int, value: bytes = b"host-a", modified: int | None = None) -> Candidate:
    return Candidate(f"election/e/{suffix}".encode(), value, int(suffix, 16), created, modified or created)


A, B, C = candidate("a", 2), candidate("b", 3, b"host-b"), candidate("c", 4, b"host-c")


def revision(number: int, *events: KeyEvent) -> Revision:
    return Revision(number, events, at(number))


def test_an_election_from_its_first_candidate_to_its_last() -> None:
    state = ElectionState("e")
    assert state.leader is None
    assert [each.kind for each in state.apply(revision(2, KeyPut(A)))] == ["elected"]
    assert state.apply(revision(3, KeyPut(B))) == [], "whoever joins waits"
    assert [each.kind for each in state.apply(revision(4, KeyDeleted(A.key)))] == ["succeeded"]
    assert state.leader == B
    (vacated,) = state.apply(revision(5, KeyDeleted(B.key)))
    assert vacated == Transition("e", 5, B, None, False, at(5))
    assert vacated.kind == "vacated"


def test_a_proclaimed_value_keeps_the_term_and_the_fencing_token() -> None:
    state = ElectionState("e", Snapshot(3, (A, B), EPOCH))
    louder = candidate("a", 2, b"host-a:8080", modified=4)
    (proclaimed,) = state.apply(revision(4, KeyPut(louder)))
    assert proclaimed.kind == "proclaimed"
    assert proclaimed.after is not None
    assert proclaimed.after.create_revision == A.create_revision
    assert state.queue == (louder, B)


def test_a_waiting_candidate_may_proclaim_and_nobody_hears_it() -> None:
    state = ElectionState("e", Snapshot(3, (A, B), EPOCH))
    assert state.apply(revision(4, KeyPut(candidate("b", 3, b"other", modified=4)))) == []


def test_an_equal_value_is_still_a_succession() -> None:
    twin = candidate("b", 3, A.value)
    state = ElectionState("e", Snapshot(3, (A, twin), EPOCH))
    (succeeded,) = state.apply(revision(4, KeyDeleted(A.key)))
    assert (succeeded.kind, succeeded.after) == ("succeeded", twin)


def test_a_key_that_is_deleted_and_created_again_stands_at_the_end_of_the_line() -> None:
    state = ElectionState("e", Snapshot(3, (A, B), EPOCH))
    again = candidate("a", 5)
    state.apply(revision(4, KeyDeleted(A.key)))
    assert state.apply(revision(5, KeyPut(again))) == []
    assert state.queue == (B, again)


def test_a_recreated_key_whose_delete_was_never_seen_is_somebody_else() -> None:
    state = ElectionState("e", Snapshot(3, (A, B), EPOCH))
    again = candidate("a", 5)
    (succeeded,) = state.apply(revision(5, KeyPut(again)))
    assert succeeded.after == B
    assert state.queue == (B, again)


def test_two_keys_of_one_expired_lease_go_at_one_revision() -> None:
    state = ElectionState("e", Snapshot(4, (A, B, C), EPOCH))
    assert state.apply(revision(5, KeyDeleted(A.key), KeyDeleted(B.key))) == [Transition("e", 5, A, C, False, at(5))]


def test_beginning_at_a_snapshot_is_no_transition() -> None:
    state = ElectionState("e", Snapshot(9, (B, A), EPOCH))
    assert state.leader == A
    assert state.apply(revision(9, KeyDeleted(A.key))) == [], "a revision that the snapshot already holds"


def test_a_vacancy_on_both_sides_of_a_gap_is_flagged_on_the_next_election() -> None:
    state = ElectionState("e", Snapshot(1, (), EPOCH))
    assert state.reset(Snapshot(7, (), EPOCH)) == []
    (elected,) = state.apply(revision(8, KeyPut(candidate("a", 8))))
    assert elected.gap
    (vacated,) = state.apply(revision(9, KeyDeleted(b"election/e/a")))
    assert not vacated.gap


def test_a_leader_that_came_back_with_its_key_during_a_gap_is_a_successor() -> None:
    state = ElectionState("e", Snapshot(2, (A,), EPOCH))
    again = candidate("a", 7)
    (succeeded,) = state.reset(Snapshot(8, (again,), EPOCH))
    assert (succeeded.kind, succeeded.before, succeeded.after, succeeded.gap) == ("succeeded", A, again, True)


def test_a_split_revision_takes_its_number_and_events_from_the_caller() -> None:
    state = ElectionState("e", Snapshot(3, (A, B), EPOCH))
    assert [each.after for each in state.absorb(4, [KeyDeleted(A.key)], EPOCH)] == [B]
    assert state.revision == 4


@pytest.mark.parametrize("key", [b"election/e/zz", b""])
def test_the_delete_of_an_unknown_key_is_nothing(key: bytes) -> None:
    state = ElectionState("e", Snapshot(3, (A, B), EPOCH))
    assert state.apply(revision(4, KeyDeleted(key))) == []
    assert state.queue == (A, B)


def test_it_shows_itself_in_a_traceback() -> None:
    assert repr(ElectionState("e")) == "<ElectionState 'e' vacant, 0 candidates, revision 0>"
    state = ElectionState("e", Snapshot(3, (A, B), EPOCH))
    assert repr(state) == "<ElectionState 'e' led by b'host-a', 2 candidates, revision 3>"
