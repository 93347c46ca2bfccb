"""Keys left where nobody campaigns: what is known of them, and how little."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from election_core.core.directory import Directory
from election_core.core.loading import finish
from election_core.core.model import Candidate, KeyDeleted, KeyEvent, KeyPut, Revision, Snapshot
from election_core.core.oddities import oddities
from election_core.core.strays import MOST_KEYS, MOST_PATHS, is_stray
from election_core.core.survey import Occupied, Survey

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEASE = 0x694D9AF0B1C2D3E4
HEX, DECIMAL = f"{LEASE:x}", str(LEASE)


def key(name: str, revision: int = 2, lease_id: int = 0) -> Candidate:
    return Candidate(name.encode(), b"v", lease_id, revision, revision)


def directory(*keys: Candidate, revision: int = 9) -> Directory:
    return Directory("election/", Snapshot(revision, keys, NOW))


def apply(known: Directory, *events: KeyEvent) -> set[str]:
    known.take_changed()
    assert known.apply(Revision(known.revision + 1, events, NOW)) == []
    return known.take_changed()


def lines(known: Directory) -> dict[str, list[str]]:
    return {name: [each.key.decode() for each in state] for name, state in known.strays.elections.items()}


@pytest.mark.parametrize(
    ("name", "lease_id", "expected"),
    [
        (f"election/job/{HEX}", 0, True),
        (f"election/job/{DECIMAL}", 0, True),
        (f"election/job/{HEX}", LEASE, False),
        (f"election/job/{HEX}0", 0, False),
        ("election/job/7b", 0, False),
        (f"election/job/{HEX.upper()}", 0, False),
        ("election/job/by-hand", 0, False),
        (HEX, 0, False),
    ],
)
def test_a_stray_is_named_after_a_lease_and_has_none(name: str, lease_id: int, expected: bool) -> None:
    assert is_stray(key(name, lease_id=lease_id)) is expected


def test_where_a_stray_alone_stands_it_is_known_without_its_value() -> None:
    known = directory(key(f"election/job/{HEX}", 3), key(f"election/job/{HEX[:-1]}5", 2), key("election/other/x"))
    assert lines(known) == {"job": [f"election/job/{HEX[:-1]}5", f"election/job/{HEX}"]}
    assert known.elections == {}
    assert {each.value for each in known.strays.elections["job"]} == {b""}
    assert [(each.kind, each.election) for each in oddities(known.strays.lines)] == [("stray", "job")] * 2


def test_it_comes_and_goes_without_a_transition() -> None:
    known, stray = directory(), key(f"election/job/{HEX}", 10)
    assert apply(known, KeyPut(stray)) == {"job"}
    assert lines(known) == {"job": [f"election/job/{HEX}"]}
    assert apply(known, KeyPut(key("election/job/else", 11)), KeyDeleted(b"election/job/never")) == set()
    assert apply(known, KeyDeleted(stray.key)) == {"job"}
    assert lines(known) == {}


def test_one_that_is_put_on_a_lease_again_makes_an_election() -> None:
    known = directory(key(f"election/job/{HEX}"))
    proper = key(f"election/job/{HEX}", 10, LEASE)
    known.take_changed()
    (transition,) = known.apply(Revision(10, (KeyPut(proper),), NOW))
    assert (transition.election, transition.before, transition.after) == ("job", None, proper)
    assert known.take_changed() == {"job"}
    assert lines(known) == {}


def test_one_that_is_put_on_another_lease_is_a_stray_no_more() -> None:
    known = directory(key(f"election/job/{HEX}"))
    assert apply(known, KeyPut(key(f"election/job/{HEX}", 10, 77))) == {"job"}
    assert lines(known) == {}


def test_an_election_takes_all_strays_below_its_path() -> None:
    known = directory(key(f"election/a/{HEX}"), key(f"election/a/b/{HEX}"), key(f"election/ab/{HEX}"))
    assert set(lines(known)) == {"a", "a/b", "ab"}
    known.take_changed()
    candidate = KeyPut(key(f"election/a/{LEASE + 1:x}", 10, LEASE + 1))
    known.apply(Revision(10, (candidate,), NOW))
    assert set(lines(known)) == {"ab"}
    assert known.take_changed() == {"a", "a/b"}
    known.apply(Revision(11, (KeyPut(key(f"election/a/c/{HEX}", 11)),), NOW))
    assert set(lines(known)) == {"ab"}, "it stands in the line of an election"


def test_in_the_line_of_an_election_no_stray_is_told_of_twice() -> None:
    known = directory(key(f"election/job/{LEASE:x}", 3, LEASE), key(f"election/job/{LEASE + 1:x}", 2))
    assert lines(known) == {}
    assert len(known.elections["job"]) == 2


def test_a_later_read_counts_alone() -> None:
    known = directory(key(f"election/old/{HEX}"))
    known.take_changed()
    finish(known.load(Snapshot(20, (key(f"election/new/{HEX}"),), NOW)))
    assert lines(known) == {"new": [f"election/new/{HEX}"]}
    assert known.take_changed() == {"old", "new"}


def strays_of(path: str, count: int) -> list[Candidate]:
    return [key(f"{path}/{LEASE + number:x}", number + 2) for number in range(count)]


def test_a_path_with_many_of_them_is_a_store() -> None:
    known = directory(*strays_of("election/few", MOST_KEYS), *strays_of("election/many", MOST_KEYS + 1))
    assert set(lines(known)) == {"few"}
    assert apply(known, KeyPut(key(f"election/few/{LEASE + 100:x}", 10))) == {"few"}
    assert apply(known, KeyPut(key(f"election/few/{LEASE + 101:x}", 11))) == set()
    assert apply(known, KeyDeleted(f"election/few/{LEASE:x}".encode())) == set()
    assert lines(known) == {}


def test_what_a_store_of_them_becomes_is_an_election_like_any_other() -> None:
    known = directory(*strays_of("election/many", MOST_KEYS + 1))
    known.apply(Revision(10, (KeyPut(key(f"election/many/{LEASE:x}", 10, LEASE)),), NOW))
    assert set(known.elections) == {"many"}


def test_only_so_many_paths_are_kept() -> None:
    known = directory()
    for number in range(MOST_PATHS + 5):
        known.apply(Revision(10 + number, (KeyPut(key(f"election/{number}/{HEX}", 10 + number)),), NOW))
    assert len(known.strays.elections) == MOST_PATHS


def survey(found: Iterable[Candidate]) -> Survey:
    shown = Survey(Occupied())
    shown.show(sorted(found))
    return shown


def test_a_survey_finds_them_outside_of_lines_and_keeps_few() -> None:
    """H60: a million keys that look like strays cost no more than the bound."""
    election = [key(f"e/{LEASE:x}", 2, LEASE), key(f"e/{LEASE + 1:x}"), key(f"e/deep/{HEX}")]
    found = survey([*election, *strays_of("few", 2), *strays_of("many", 500), key("other/x")]).strays()
    assert [each.key for each in found] == sorted(
        each.key for each in [*strays_of("few", 2), *strays_of("many", MOST_KEYS + 1)]
    )
    everywhere = survey(key(f"p{number:05}/{HEX}") for number in range(2 * MOST_PATHS)).strays()
    assert len(everywhere) == MOST_PATHS
