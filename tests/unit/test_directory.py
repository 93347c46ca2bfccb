"""`Directory` against a naive reading of the whole key space, over random histories of many elections.

It is given what a feed gives it: the keys that stand in a line, and where a revision makes an election of a path, what
stands there already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from election_core.core.check import Check
from election_core.core.directory import Directory
from election_core.core.model import Candidate, Snapshot, Transition
from election_core.core.survey import Survey

from .test_state import Moment, Write, at, play

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


def lines_of(directory: Directory, moment: Moment) -> Snapshot:
    """What a monitor reads of a moment: a survey of all keys, and then the lines."""
    survey = Survey(directory.occupied, directory.lines)
    survey.show(moment.live[key] for key in sorted(moment.live))
    ranges = survey.ranges()
    assert ranges == sorted(ranges)
    assert all(one[1] <= other[0] for one, other in pairwise(ranges))
    read = [one for one in moment.snapshot.candidates if any(start <= one.key < end for start, end in ranges)]
    return moment.snapshot._replace(candidates=tuple(read))


def begin(prefix: str, moment: Moment) -> Directory:
    directory = Directory(prefix)
    assert load(directory, moment) == []
    return directory


def load(directory: Directory, moment: Moment) -> list[Transition]:
    return directory.reset(lines_of(directory, moment))


def feed(directory: Directory, moment: Moment) -> list[Transition]:
    """Apply a moment, with what has to be read for it."""
    roots = directory.unread(moment.feed)
    found = [one for key, one in moment.live.items() if any(key.startswith(root + b"/") for root in roots)]
    return directory.apply(moment.feed.with_known(found))


def audit(directory: Directory, moment: Moment) -> list[Transition]:
    """Compare keys, and read the lines that are in doubt."""
    check = Check(directory)
    check.show(moment.live.values())
    for _ in check.suspects(moment.revision):
        pass
    roots = check.roots
    found = [one for key, one in moment.live.items() if any(key.startswith(root + b"/") for root in roots)]
    return directory.audit(moment.snapshot._replace(candidates=tuple(found)), roots)


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
    naive, directory = Naive(prefix), begin(prefix, moments[start])
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
        transitions = load(directory, moment) if reset else feed(directory, moment)
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
        for transition in feed(directory, moment):
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
            honesty.check(audit(directory, moment))
            for name in () if moment.live != seen.live else honesty.truth:
                honesty.catch_up(name, moment.revision)
        elif missed or what == "reset":
            honesty.check(load(directory, moment))
        else:
            honesty.check(feed(directory, moment))
        seen = moment


@given(scenes(), st.data())
def test_redelivery_of_what_is_known_changes_nothing(scene: tuple[str, list[Moment]], data: st.DataObject) -> None:
    moments = scene[1]
    naive, directory = begun(scene)
    for index, moment in enumerate(moments):
        naive.see(moment)
        feed(directory, moment)
        for old in moments[data.draw(st.integers(0, index), label="resumed at") : index + 1]:
            assert directory.apply(old.feed) == []
            assert load(directory, old) == []
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
    everything = [each for moment in moments for each in feed(full, moment)]
    tail = [each for moment in moments[resumed:] for each in feed(joined, moment)]
    assert by_revision(each for each in tail if each.election in shown) == by_revision(
        each for each in everything if each.election in shown and each.revision > moments[taken].revision
    )
    assert set(joined.elections) <= set(full.elections)
    for name, state in joined.elections.items():
        assert state.queue == full.elections[name].queue
