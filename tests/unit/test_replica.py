"""A monitor's inputs, written down and read again, make the same transitions as they did at first."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from election_core import MonitorInput, Replica, TermLogs
from election_core.core.check import Check
from election_core.core.directory import Directory
from election_core.core.inputs import LineImage
from election_core.core.model import Candidate, KeyDeleted, KeyPut, Revision, Snapshot, Transition
from election_core.core.replica import Tapped

from .test_directory import histories_below
from .test_state import EPOCH, Moment, at

PREFIX = "election/"


class Live:
    """A directory as a feed drives it, with what it told and what was told of it."""

    def __init__(self, prefix: str, start: Moment) -> None:
        self.inputs: list[MonitorInput] = []
        self.transitions: list[Transition] = []
        self.directory = Directory(prefix)
        self.tapped = Tapped(self.directory, 0, self.inputs.append, lambda: True, lambda: EPOCH)
        self.read(start)

    def read(self, moment: Moment) -> None:
        loading = self.tapped.load(moment.snapshot)
        while True:
            try:
                next(loading)
            except StopIteration as done:
                self.transitions += done.value
                return

    def watch(self, moment: Moment) -> None:
        revision = moment.feed
        below = tuple(path + b"/" for path in self.directory.unread(revision))
        known = [each for each in moment.live.values() if below and each.key.startswith(below)]
        self.transitions += self.tapped.apply(revision.with_known(known))

    def audit(self, moment: Moment) -> None:
        check = Check(self.directory)
        check.show(sorted(moment.live.values()))
        for _ in check.suspects(moment.revision):
            pass
        roots = check.roots
        if not roots:
            return
        lines = tuple(path + b"/" for path in roots)
        read = tuple(each for each in moment.live.values() if each.key.startswith(lines))
        self.transitions += self.tapped.audit(Snapshot(moment.revision, read, at(moment.revision)), roots)

    def rewind(self, moment: Moment) -> None:
        self.tapped.rewind()
        self.read(moment)

    def forget(self, moment: Moment) -> None:
        for name, state in tuple(self.directory.elections.items()):
            if state.leader is None:
                self.tapped.forget(name)


DEEDS: tuple[Callable[[Live, Moment], None], ...] = (
    Live.watch,
    Live.watch,
    Live.watch,
    lambda live, moment: None,  # an event that is lost
    Live.read,
    Live.audit,
    Live.rewind,
    Live.forget,
)
deeds = st.lists(st.sampled_from(DEEDS), min_size=26, max_size=26)


def lived(prefix: str, moments: list[Moment], what: list[Callable[[Live, Moment], None]]) -> Live:
    live = Live(prefix, moments[0])
    for deed, moment in zip(what, moments[1:], strict=False):
        deed(live, moment)
    return live


def written_and_read(given: MonitorInput) -> MonitorInput:
    return MonitorInput.from_dict(json.loads(json.dumps(given.as_dict())))


def shown(elections: object) -> dict[str, object]:
    assert hasattr(elections, "items")
    return {name: (state.revision, state.queue, state.has_gap) for name, state in elections.items()}


@given(histories_below(b"election/"), deeds)
def test_a_replay_gives_exactly_the_transitions_that_were_seen(
    moments: list[Moment], what: list[Callable[[Live, Moment], None]]
) -> None:
    """H91: whatever a monitor went through: reads afresh, lost events, restores, elections that were forgotten."""
    live = lived(PREFIX, moments, what)
    replica, transitions = Replica([PREFIX]), list[Transition]()
    for each in live.inputs:
        transitions += replica.take(written_and_read(each))
    assert transitions == live.transitions
    assert shown(replica.elections) == shown(live.directory.elections)
    assert shown(replica.strays) == shown(live.directory.strays.elections)
    assert replica.revision == live.directory.revision


@given(histories_below(b"election/"), deeds, st.integers(0, 25))
def test_it_goes_on_from_an_image_as_from_all_that_led_to_it(
    moments: list[Moment], what: list[Callable[[Live, Moment], None]], cut: int
) -> None:
    live = lived(PREFIX, moments, what)
    whole, later, other = Replica([PREFIX]), Replica([PREFIX]), Replica([PREFIX])
    other.take(MonitorInput(0, "read", EPOCH, 7, (Candidate(b"election/else/7b", b"x", 0x7B, 5, 5),)))
    for each in live.inputs[:cut]:
        whole.take(each)
    for image in whole.images(EPOCH):
        later.take(written_and_read(image))
        other.take(image)
    for each in live.inputs[cut:]:
        told = whole.take(each)
        assert later.take(each) == told
        if whole.images(EPOCH) and cut:
            assert other.take(each) == told
    assert shown(later.elections) == shown(whole.elections)
    assert shown(later.strays) == shown(whole.strays)


def test_several_prefixes_are_kept_apart() -> None:
    replica = Replica(["svc/a/", "svc/b/"])
    line = (Candidate(b"svc/b/x/7b", b"\xff", 0x7B, 5, 5),)
    replica.take(MonitorInput(1, "read", EPOCH, 7, line))
    assert not replica.has_begun
    replica.take(MonitorInput(0, "read", EPOCH, 9, ()))
    assert replica.has_begun
    assert (list(replica.elections), replica.revision) == (["b/x"], 7)
    with pytest.raises(ValueError, match="no prefix number 2"):
        replica.take(MonitorInput(2, "read", EPOCH, 9, ()))


def test_bytes_that_are_no_text_survive() -> None:
    events = KeyPut(Candidate(b"election/\xff/7b", b"\xc3\x28\0", -5, 12, 13)), KeyDeleted(b"election/\xfe")
    revision = MonitorInput(3, "revision", EPOCH, 13, events=events)
    state = MonitorInput(
        0,
        "state",
        EPOCH,
        13,
        lines=(LineImage(b"\xff", 12, True, ()),),
        missed=True,
        known_vacant=(b"\xfe",),
        crowded=(b"\xfd",),
    )
    forgotten = MonitorInput(0, "forget", EPOCH, 13, election="a\udcff")
    assert [written_and_read(each) for each in (revision, state, forgotten)] == [revision, state, forgotten]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"input": "dream"}, "no input 'dream'"),
        ({"prefix": "0"}, "whole numbers"),
        ({"at": "yesterday"}, "yesterday"),
        ({"at": "2026-01-01T00:00:00"}, "no offset"),
        ({"events": 5}, "wrong type"),
        ({"events": [{"deleted": {"base64": "§"}}]}, "ASCII"),
        ({"events": [{"key": "a", "value": "b", "lease": "x", "create_revision": 1, "mod_revision": 1}]}, "'x'"),
        ({"events": [{"key": "a", "value": "b", "lease": "7", "create_revision": "1", "mod_revision": 1}]}, "whole"),
        ({"events": [{"key": "a"}]}, "'create_revision' is missing"),
        (
            {"input": "state", "lines": [{"path": "a", "revision": "1", "gap": False, "candidates": []}]},
            "a whole number and gap",
        ),
    ],
)
def test_what_is_no_input_is_refused(change: dict[str, object], complaint: str) -> None:
    document = MonitorInput(0, "revision", EPOCH, 13).as_dict() | change
    with pytest.raises(ValueError, match=complaint):
        MonitorInput.from_dict(document)


def test_its_size_is_that_of_all_keys_and_values() -> None:
    first, second = Candidate(b"election/x/7b", b"value", 0x7B, 5, 5), Candidate(b"election/y/7c", b"", 0x7C, 6, 6)
    events = KeyPut(first), KeyDeleted(second.key)
    assert MonitorInput(0, "revision", EPOCH, 6, (second,), events=events).size == 13 + 5 + 13


def test_a_copy_knows_the_same_and_goes_on_by_itself() -> None:
    replica, leader = Replica([PREFIX]), Candidate(b"election/x/7b", b"v", 0x7B, 5, 5)
    replica.take(MonitorInput(0, "read", EPOCH, 7, (leader,)))
    other = replica.copy()
    assert shown(other.elections) == shown(replica.elections)
    other.take(MonitorInput(0, "revision", EPOCH, 8, events=(KeyDeleted(leader.key),)))
    assert (other.elections["x"].leader, replica.elections["x"].leader) == (None, leader)


def test_what_is_odd_is_told_as_by_a_monitor() -> None:
    replica = Replica([PREFIX])
    line = Candidate(b"election/x/7b", b"v", 0x7B, 5, 5), Candidate(b"election/x/config", b"v", 0, 6, 6)
    replica.take(MonitorInput(0, "read", EPOCH, 7, line))
    assert [(each.kind, each.key, each.election) for each in replica.oddities()] == [("stray", line[1].key, "x")]


def test_what_nobody_wants_is_not_told() -> None:
    told: list[MonitorInput] = []
    tapped = Tapped(Directory(PREFIX), 0, told.append, lambda: False, lambda: EPOCH)
    candidate = Candidate(b"election/x/7b", b"v", 0x7B, 8, 8)
    list(tapped.load(Snapshot(7, (), EPOCH)))
    assert [each.kind for each in tapped.apply(Revision(8, (KeyPut(candidate),), EPOCH))] == ["elected"]
    tapped.apply(Revision(9, (KeyDeleted(candidate.key),), EPOCH))
    assert tapped.forget("x")
    tapped.rewind()
    assert tapped.audit(Snapshot(10, (), EPOCH), None) == []
    assert told == []


def test_a_log_that_was_forgotten_counts_in_a_copy_as_it_does_here() -> None:
    logs = TermLogs(10, 2)
    for name in ("a", "b"):
        for revision in (5, 6):
            before = Candidate(b"k", b"", 1, revision, revision) if revision > 5 else None
            after = Candidate(b"k", b"", 1, revision + 1, revision + 1)
            logs.record(Transition(name, revision, before, after, False, at(revision)), EPOCH)
    held = logs["a"]
    logs.forget("a")
    copied = logs.copy()
    assert copied["b"].terms == logs["b"].terms
    assert copied["b"] is not logs["b"]
    assert held.terms


def test_what_was_forgotten_is_forgotten_again() -> None:
    told: list[MonitorInput] = []
    tapped = Tapped(directory := Directory(PREFIX), 0, told.append, lambda: True, lambda: EPOCH)
    candidate = Candidate(b"election/x/7b", b"v", 0x7B, 8, 8)
    list(tapped.load(Snapshot(7, (), EPOCH)))
    tapped.apply(Revision(8, (KeyPut(candidate),), EPOCH))
    assert tapped.forget("x"), "it is led, and stays"
    tapped.apply(Revision(9, (KeyDeleted(candidate.key),), EPOCH))
    assert tapped.forget("x")
    assert tapped.forget("never seen")
    replica = Replica([PREFIX])
    for each in told:
        replica.take(written_and_read(each))
    assert list(replica.elections) == list(directory.elections) == []
    assert [each.election for each in told if each.kind == "forget"].count("x") >= 1
