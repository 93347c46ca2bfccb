"""`Directory` in stories, for reading; random histories are in `test_directory`."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from election_core.core.directory import Directory
from election_core.core.model import Candidate, KeyDeleted, KeyPut, Revision, Snapshot, Transition

from .test_state import EPOCH, at

GO_LEASE = 1879586589450763092

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
    joined = revision(11, put(b"election/job/7b", 11))
    assert stray.unread(joined) == [b"election/job"]
    known = [put(b"election/job/config", 2, lease=0).candidate, put(b"election/job/7b", 11).candidate]
    assert brief(stray.apply(joined.with_known(known))) == [("job", "elected", b"election/job/config")]


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
    assert list(known.elections) == ["election/led"]


@pytest.mark.parametrize("after", [put(b"other/key", 12, value=b"newer"), KeyDeleted(b"other/key")])
def test_a_key_of_no_election_that_is_newer_than_an_audit_is_left_alone(after: KeyPut | KeyDeleted) -> None:
    old = put(b"other/key", 4)
    known = directory(LED, old, prefix="")
    known.apply(revision(12, after))
    assert known.audit(Snapshot(11, (LED.candidate, old.candidate), EPOCH)) == []
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
