"""`Directory` against a naive reading of the whole key space, over random histories of many elections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from election_core.core.directory import Directory
from election_core.core.model import Candidate, KeyDeleted, KeyPut, Revision, Snapshot, Transition

from .test_state import EPOCH, Moment, Write, at, play

GO_LEASE = 1879586589450763092
LEASES = (0x10, 123, GO_LEASE, -123)
PATHS = (
    b"election/a",
    b"election/a/b",
    b"election/a/b/c",
    b"election/ab",
    b"election/\xff\xc3",
    b"election",
    b"election//x",
    b"/svc/a",
    b"/svc",
    b"other",
)
"""Nested ones, one whose name only begins like another's, bytes that are no UTF-8, candidates directly below the
prefix, an empty segment, a leading slash, and a path outside the usual prefix."""


def suffixes(lease: int) -> list[bytes]:
    return [f"{lease:x}".encode(), str(lease).encode()]


SUFFIXES = [*dict.fromkeys(suffix for lease in LEASES for suffix in suffixes(lease)), b"config", b""]


@st.composite
def actions(draw: st.DrawFn, paths: Sequence[bytes]) -> tuple[bytes, Write | None]:
    """Mostly candidates of Go or Node; else strays without a lease, keys on somebody's lease, and deletes."""
    suffix = draw(st.sampled_from(SUFFIXES))
    own = [lease for lease in LEASES if suffix in suffixes(lease)]
    lease = draw(st.sampled_from([*own, *own, *own, 0, 123, 999]))
    key = draw(st.sampled_from(paths)) + b"/" + suffix
    return key, draw(st.sampled_from([(b"x", lease), (b"y", lease), (b"x", lease), None, None]))


def histories_below(prefix: bytes) -> st.SearchStrategy[list[Moment]]:
    paths = [path for path in PATHS if (path + b"/").startswith(prefix)]
    step = st.lists(actions(paths), max_size=4).map(dict)
    return st.lists(step, max_size=25).map(play)


PREFIXES = {"election/": b"election/", "": b"", "elec": b"", "election/a/": b"election/a/"}
"""Each prefix, and what names below it leave out: everything up to the last slash."""


@st.composite
def scenes(draw: st.DrawFn) -> tuple[str, list[Moment]]:
    prefix = draw(st.sampled_from(sorted(PREFIXES)))
    return prefix, draw(histories_below(prefix.encode()))


comings_and_goings = st.lists(
    st.dictionaries(
        st.sampled_from(
            [b"election/a/10", b"election/a/b/10", b"election/c/10", b"election/c/7b", b"election/c/config"]
        ),
        st.none() | st.sampled_from([(b"x", 0x10), (b"x", 0x7B)]),
        min_size=1,
        max_size=2,
    ),
    max_size=25,
).map(play)
"""Few elections, which are vacant most of the time."""


class Naive:
    """The specification: a path is an election for good once a candidate was seen directly below it; everything
    below the path stands in its line. After a gap, the first that is told of an election owns up to it, however much
    later the election is seen for the first time."""

    def __init__(self, prefix: str) -> None:
        self.base = PREFIXES[prefix]
        self.leaders: dict[bytes, Candidate | None] = {}
        self.gaps: set[bytes] = set()
        self.was_cut = False

    def name(self, path: bytes) -> str:
        assert (path + b"/").startswith(self.base)
        return path[len(self.base) :].decode("utf-8", "surrogateescape")

    def queue(self, path: bytes, live: Mapping[bytes, Candidate]) -> list[Candidate]:
        below = [one for key, one in live.items() if key.startswith(path + b"/")]
        return sorted(below, key=lambda one: (one.create_revision, one.key))

    def see(self, moment: Moment, *, reset: bool = False) -> list[Transition]:
        for key, one in moment.live.items():
            path, _, suffix = key.rpartition(b"/")
            if one.lease_id and suffix in suffixes(one.lease_id) and path not in self.leaders:
                self.leaders[path] = None
                self.gaps |= {path} if self.was_cut else set()
        if reset:
            self.was_cut = True
            self.gaps = set(self.leaders)
        transitions = []
        for path, before in self.leaders.items():
            after = next(iter(self.queue(path, moment.live)), None)
            if after != before:
                gap = path in self.gaps
                transitions.append(
                    Transition(self.name(path), moment.revision, before, after, gap, at(moment.revision))
                )
                self.leaders[path] = after
                self.gaps.discard(path)
        return transitions

    def check(self, directory: Directory, moment: Moment) -> None:
        assert directory.revision == moment.revision
        assert set(directory.elections) == {self.name(path) for path in self.leaders}
        for path, leader in self.leaders.items():
            state = directory.elections[self.name(path)]
            assert state.name == self.name(path)
            assert state.leader == leader
            assert list(state.queue) == self.queue(path, moment.live)


def by_revision(transitions: Iterable[Transition]) -> list[Transition]:
    """Between elections, revisions alone are ordered."""
    return sorted(transitions, key=lambda each: (each.revision, each.election))


def begun(scene: tuple[str, list[Moment]], start: int = 0) -> tuple[Naive, Directory]:
    prefix, moments = scene
    naive, directory = Naive(prefix), Directory(prefix, moments[start].snapshot)
    naive.see(moments[start])
    naive.check(directory, moments[start])
    return naive, directory


@given(scenes(), st.data())
def test_elections_leaders_queues_and_transitions_are_those_of_the_naive_reading(
    scene: tuple[str, list[Moment]], data: st.DataObject
) -> None:
    """From any snapshot on, with revisions missed and fresh reads in between."""
    moments = scene[1]
    start = data.draw(st.integers(0, len(moments) - 1), label="snapshot at")
    naive, directory = begun(scene, start)
    everything, cut = [], False
    for moment in moments[start + 1 :]:
        what = data.draw(st.sampled_from(["apply", "apply", "apply", "miss", "reset"]))
        if what == "miss":
            cut = True
            continue
        reset = cut or what == "reset"
        transitions = directory.reset(moment.snapshot) if reset else directory.apply(moment.feed)
        assert by_revision(transitions) == by_revision(naive.see(moment, reset=reset))
        naive.check(directory, moment)
        everything += transitions
        cut = False
    assert all(first.revision <= second.revision for first, second in pairwise(everything))


@given(scenes())
def test_transitions_of_each_election_chain_and_their_tokens_never_shrink(scene: tuple[str, list[Moment]]) -> None:
    _, directory = begun(scene)
    found: dict[str, list[Transition]] = {}
    for moment in scene[1]:
        for transition in directory.apply(moment.feed):
            found.setdefault(transition.election, []).append(transition)
    for transitions in found.values():
        assert transitions[0].before is None
        for first, second in pairwise(transitions):
            assert first.after == second.before
            assert first.revision < second.revision
        tokens = [each.after.create_revision for each in transitions if each.after is not None]
        assert tokens == sorted(tokens)


def true_transitions(scene: tuple[str, list[Moment]], start: int) -> dict[str, list[Transition]]:
    """The whole history of each election from a moment on, whoever may have missed some of it."""
    prefix, moments = scene
    naive = Naive(prefix)
    naive.see(moments[start])
    truth: dict[str, list[Transition]] = {}
    for moment in moments[start + 1 :]:
        for transition in naive.see(moment):
            truth.setdefault(transition.election, []).append(transition)
    return truth


class Honesty:
    """What was told, held against the whole history: without a gap it is the next true transition."""

    def __init__(self, truth: Mapping[str, list[Transition]]) -> None:
        self.truth = truth
        self.told = dict.fromkeys(truth, 0)

    def catch_up(self, name: str, revision: int) -> None:
        self.told[name] = sum(each.revision <= revision for each in self.truth[name])

    def check(self, transitions: Iterable[Transition]) -> None:
        for transition in transitions:
            name, true = transition.election, self.truth[transition.election]
            if not transition.gap:
                assert transition == true[self.told[name]]
            self.catch_up(name, transition.revision)
            assert transition.after == true[self.told[name] - 1].after


@given(scenes() | st.tuples(st.just("election/"), comings_and_goings), st.data())
def test_what_is_told_without_a_gap_is_the_next_thing_that_happened(
    scene: tuple[str, list[Moment]], data: st.DataObject
) -> None:
    """With revisions missed and a fresh read after them, and with revisions that the server lost until an audit. An
    audit that finds nothing missing cannot know better."""
    moments = scene[1]
    start = data.draw(st.integers(0, len(moments) - 1), label="snapshot at")
    _, directory = begun(scene, start)
    honesty = Honesty(true_transitions(scene, start))
    seen = moments[start]
    for moment in moments[start + 1 :]:
        what = data.draw(st.sampled_from(["apply", "apply", "miss", "reset", "audit"]))
        if what == "miss":
            continue
        missed = moment.revision - seen.revision > 1
        if what == "audit":
            honesty.check(directory.audit(moment.snapshot))
            for name in () if moment.live != seen.live else honesty.truth:
                honesty.catch_up(name, moment.revision)
        elif missed or what == "reset":
            honesty.check(directory.reset(moment.snapshot))
        else:
            honesty.check(directory.apply(moment.feed))
        seen = moment


@given(scenes(), st.data())
def test_redelivery_of_what_is_known_changes_nothing(scene: tuple[str, list[Moment]], data: st.DataObject) -> None:
    moments = scene[1]
    naive, directory = begun(scene)
    for index, moment in enumerate(moments):
        naive.see(moment)
        directory.apply(moment.feed)
        for old in moments[data.draw(st.integers(0, index), label="resumed at") : index + 1]:
            assert directory.apply(old.feed) == []
            assert directory.reset(old.snapshot) == []
        naive.check(directory, moment)


@given(scenes(), st.data())
def test_a_snapshot_and_its_tail_are_worth_the_full_feed(scene: tuple[str, list[Moment]], data: st.DataObject) -> None:
    """For every election that the snapshot shows. Who joins there does not know those that were over before."""
    moments = scene[1]
    taken = data.draw(st.integers(0, len(moments) - 1), label="snapshot at")
    resumed = data.draw(st.integers(0, taken), label="watch from")
    _, full = begun(scene)
    _, joined = begun(scene, taken)
    shown = set(joined.elections)
    everything = [each for moment in moments for each in full.apply(moment.feed)]
    tail = [each for moment in moments[resumed:] for each in joined.apply(moment.feed)]
    assert by_revision(each for each in tail if each.election in shown) == by_revision(
        each for each in everything if each.election in shown and each.revision > moments[taken].revision
    )
    assert set(joined.elections) <= set(full.elections)
    for name, state in joined.elections.items():
        assert state.queue == full.elections[name].queue


@given(scenes(), st.booleans())
def test_keys_that_are_gone_are_not_remembered(scene: tuple[str, list[Moment]], reset: bool) -> None:
    """A whole key space is watched for months. Only the private indexes show whether it adds up."""
    _, directory = begun(scene)
    for moment in scene[1]:
        directory.apply(moment.feed)
    last = scene[1][-1]
    if reset:
        directory.reset(Snapshot(last.revision + 1, (), EPOCH))
    else:
        directory.apply(Revision(last.revision + 1, tuple(KeyDeleted(key) for key in last.live), EPOCH))
    assert not directory._keys
    assert not directory._below
    assert all(state.leader is None and len(state) == 0 for state in directory.elections.values())


# The same as stories, for reading.

ELECTION = "election/"


def put(key: bytes, revision: int, lease: int = 0x7B, value: bytes = b"v") -> KeyPut:
    return KeyPut(Candidate(key, value, lease, revision, revision))


def directory(*puts: KeyPut, prefix: str = ELECTION, revision: int = 10) -> Directory:
    return Directory(prefix, Snapshot(revision, tuple(each.candidate for each in puts), EPOCH))


def revision(number: int, *events: KeyPut | KeyDeleted) -> Revision:
    return Revision(number, events, at(number))


def brief(transitions: Iterable[Transition]) -> list[tuple[str, str, bytes | None]]:
    return [(each.election, each.kind, None if each.after is None else each.after.key) for each in transitions]


@pytest.mark.parametrize(
    ("suffix", "lease"),
    [
        (b"7b", 123),
        (b"123", 123),
        (b"1a15a20b6cccfb54", GO_LEASE),
        (b"1879586589450763092", GO_LEASE),
        (b"-7b", -123),
    ],
)
def test_an_election_is_recognised_by_its_candidates_own_lease(suffix: bytes, lease: int) -> None:
    """In hex as Go writes it, or in decimal as Node does."""
    assert list(directory(put(b"election/job/" + suffix, 2, lease)).elections) == ["job"]


@pytest.mark.parametrize(
    ("suffix", "lease"),
    [(b"7b", 0), (b"0", 0), (b"7b", 124), (b"7B", 123), (b"007b", 123), (b"0x7b", 123), (b"config", 123), (b"", 123)],
)
def test_other_keys_make_no_election(suffix: bytes, lease: int) -> None:
    assert not directory(put(b"election/job/" + suffix, 2, lease)).elections


def test_go_and_node_stand_in_one_line() -> None:
    both = directory(put(b"election/job/124", 3, 124), put(b"election/job/7b", 2))
    assert [one.key for one in both.elections["job"].queue] == [b"election/job/7b", b"election/job/124"]


def test_a_stray_key_without_a_lease_blocks_an_election_and_is_shown_to_lead_it() -> None:
    blocked = directory(put(b"election/job/config", 2, lease=0), put(b"election/job/7b", 3))
    leader = blocked.elections["job"].leader
    assert leader is not None
    assert (leader.key, leader.lease_id) == (b"election/job/config", 0)


def test_a_stray_key_that_was_there_first_leads_as_soon_as_the_election_is_recognised() -> None:
    stray = directory(put(b"election/job/config", 2, lease=0))
    assert brief(stray.apply(revision(11, put(b"election/job/7b", 11)))) == [("job", "elected", b"election/job/config")]


def test_candidates_of_a_nested_name_stand_in_both_lines() -> None:
    nested = directory(put(b"election/a/b/7b", 2), put(b"election/a/7c", 3, 124))
    assert [one.key for one in nested.elections["a"].queue] == [b"election/a/b/7b", b"election/a/7c"]
    assert [one.key for one in nested.elections["a/b"].queue] == [b"election/a/b/7b"]
    assert sorted(brief(nested.apply(revision(11, KeyDeleted(b"election/a/b/7b"))))) == [
        ("a", "succeeded", b"election/a/7c"),
        ("a/b", "vacated", None),
    ]


def test_a_name_that_only_begins_like_another_is_not_nested() -> None:
    alike = directory(put(b"election/ab/7b", 2), put(b"election/a/7c", 3, 124))
    assert [len(alike.elections[name]) for name in ("a", "ab")] == [1, 1]


def test_the_empty_prefix_watches_everything_and_names_are_whole_paths() -> None:
    whole = directory(put(b"election/a/7b", 2), put(b"svc/x/7b", 3), put(b"unrelated", 4, lease=0), prefix="")
    assert set(whole.elections) == {"election/a", "svc/x"}


def test_names_that_are_not_utf_8_are_kept_apart_and_can_be_turned_back() -> None:
    odd = directory(put(b"election/\xff/7b", 2), put(b"election/\xfe/7b", 3))
    assert {name.encode("utf-8", "surrogateescape") for name in odd.elections} == {b"\xff", b"\xfe"}


def test_an_election_stays_known_when_it_is_vacant() -> None:
    vacated = directory(put(b"election/job/7b", 2))
    vacated.apply(revision(11, KeyDeleted(b"election/job/7b")))
    assert vacated.elections["job"].leader is None


def test_one_revision_may_change_many_elections_each_once() -> None:
    """The expiry of one session's lease, for example."""
    many = directory(*(put(b"election/%d/7b" % number, 2 + number) for number in range(3)))
    events = [KeyDeleted(b"election/%d/7b" % number) for number in range(3)]
    assert sorted(brief(many.apply(revision(11, *events)))) == [(str(n), "vacated", None) for n in range(3)]


def test_the_delete_of_a_key_that_was_never_seen_is_nothing() -> None:
    known = directory(put(b"election/job/7b", 2))
    assert known.apply(revision(11, KeyDeleted(b"election/other/7b"))) == []
    assert list(known.elections) == ["job"]
    assert known.revision == 11


def test_what_has_changed_is_taken_once() -> None:
    known = directory(put(b"election/a/7b", 2), put(b"election/b/7b", 3))
    assert known.take_changed() == {"a", "b"}
    assert known.take_changed() == set()
    known.apply(revision(11, put(b"election/b/1", 11, lease=1)))
    assert known.take_changed() == {"b"}


def test_several_deletes_in_one_revision_never_announce_a_leader_that_never_was() -> None:
    line = directory(*(put(b"election/job/%x" % lease, lease, lease) for lease in (2, 3, 4)))
    events = KeyDeleted(b"election/job/2"), KeyDeleted(b"election/job/3")
    assert brief(line.apply(revision(11, *events))) == [("job", "succeeded", b"election/job/4")]


def test_after_a_reset_each_election_flags_its_own_first_transition() -> None:
    two = directory(put(b"election/a/7b", 2), put(b"election/b/7b", 3))
    fresh = Snapshot(20, (put(b"election/b/7b", 3).candidate, put(b"election/new/7b", 15).candidate), EPOCH)
    assert sorted((each.election, each.kind, each.gap) for each in two.reset(fresh)) == [
        ("a", "vacated", True),
        ("new", "elected", True),
    ]
    later = two.apply(revision(21, KeyDeleted(b"election/b/7b"), put(b"election/a/7b", 21)))
    assert sorted((each.election, each.gap) for each in later) == [("a", False), ("b", True)]


LED, VACATED = put(b"election/led/7b", 2), put(b"election/vacated/7b", 3)


def with_a_vacancy() -> Directory:
    known = directory(LED, VACATED)
    known.apply(revision(11, KeyDeleted(VACATED.key)))
    return known


def gaps_of_the_next(known: Directory) -> dict[str, bool]:
    """What the next transitions say of an election that is led, one that is vacant and one never seen before."""
    joining = put(b"election/vacated/7b", 30), put(b"election/new/7b", 30)
    return {each.election: each.gap for each in known.apply(revision(30, KeyDeleted(LED.key), *joining))}


def test_an_election_first_seen_after_a_gap_owns_up_to_it() -> None:
    """It may have been led, and left again, inside the gap."""
    known = with_a_vacancy()
    assert known.reset(Snapshot(20, (LED.candidate,), EPOCH)) == []
    assert gaps_of_the_next(known) == {"led": True, "vacated": True, "new": True}
    (vacated,) = known.apply(revision(31, KeyDeleted(b"election/new/7b")))
    assert not vacated.gap
    (late,) = known.apply(revision(32, put(b"election/late/7b", 32)))
    assert late.gap, "however much later"


def test_an_election_first_seen_without_a_gap_has_none() -> None:
    assert gaps_of_the_next(with_a_vacancy()) == {"led": False, "vacated": False, "new": False}


def test_an_audit_that_finds_an_event_lost_puts_every_vacancy_in_doubt() -> None:
    """Whoever leads still has led throughout; where nobody does, somebody may have."""
    known = with_a_vacancy()
    unseen = put(b"election/unseen/7b", 15)
    (found,) = known.audit(Snapshot(20, (LED.candidate, unseen.candidate), EPOCH))
    assert (found.election, found.kind, found.gap) == ("unseen", "elected", True)
    assert gaps_of_the_next(known) == {"led": False, "vacated": True, "new": True}


def test_an_audit_that_finds_nothing_lost_leaves_no_doubt() -> None:
    known = with_a_vacancy()
    assert known.audit(Snapshot(20, (LED.candidate,), EPOCH)) == []
    assert gaps_of_the_next(known) == {"led": False, "vacated": False, "new": False}


def test_a_vacancy_that_is_newer_than_an_audit_is_not_in_doubt() -> None:
    known = directory(LED)
    known.apply(revision(11, VACATED))
    known.apply(revision(25, KeyDeleted(VACATED.key)))
    unseen = put(b"election/unseen/7b", 15)
    seen = LED.candidate, VACATED.candidate, unseen.candidate
    assert brief(known.audit(Snapshot(20, seen, EPOCH))) == [("unseen", "elected", unseen.key)]
    assert gaps_of_the_next(known) == {"led": False, "vacated": False, "new": True}


def test_an_audit_finds_an_unseen_candidate_however_busy_the_rest_of_the_keys_is() -> None:
    known = directory(LED, prefix="")
    unseen = put(b"election/unseen/7b", 15)
    known.apply(revision(21, put(b"other/key", 21)))
    (found,) = known.audit(Snapshot(20, (LED.candidate, unseen.candidate), EPOCH))
    assert (found.election, found.gap) == ("election/unseen", True)


def test_a_key_of_no_election_that_a_later_reset_has_shown_is_left_alone() -> None:
    known, new = directory(LED, prefix=""), put(b"other/key", 15)
    known.reset(Snapshot(20, (LED.candidate, new.candidate), EPOCH))
    assert known.audit(Snapshot(11, (LED.candidate,), EPOCH)) == []
    assert [each.key for each in known.oddities()] == [new.key]


@pytest.mark.parametrize("after", [put(b"other/key", 12, value=b"newer"), KeyDeleted(b"other/key")])
def test_a_key_of_no_election_that_is_newer_than_an_audit_is_left_alone(after: KeyPut | KeyDeleted) -> None:
    old = put(b"other/key", 4)
    known = directory(LED, old, prefix="")
    known.apply(revision(12, after))
    shown = known.oddities()
    assert known.audit(Snapshot(11, (LED.candidate, old.candidate), EPOCH)) == []
    assert known.oddities() == shown
    assert [each.gap for each in known.apply(revision(13, put(b"election/new/7b", 13)))] == [False]


def test_the_mapping_of_elections_is_live_and_read_only() -> None:
    growing = directory()
    elections = growing.elections
    growing.apply(revision(11, put(b"election/job/7b", 11)))
    assert list(elections) == ["job"]
    with pytest.raises(TypeError):
        elections["job"] = elections["job"]  # type: ignore[index]


def test_two_elections_never_share_a_name() -> None:
    """Go's ``NewElection(session, "election/")`` writes ``election//7b``."""
    two = directory(put(b"election/7b", 2), put(b"election//7c", 3, 124))
    assert len(two.elections) == 2


def test_a_key_without_any_slash_stands_in_no_line() -> None:
    slashless = directory(put(b"7b", 2), put(b"/7b", 3), prefix="")
    assert all(len(state) == 1 for state in slashless.elections.values())
    assert slashless.apply(revision(11, KeyDeleted(b"7b"), put(b"7c", 11, lease=124))) == []
    assert [len(state) for state in slashless.elections.values()] == [1]
