"""Keys that stand where only candidates should, by name."""

from __future__ import annotations

from datetime import UTC, datetime

from election_core.core.directory import Directory
from election_core.core.model import Candidate, KeyDeleted, Revision, Snapshot
from election_core.core.oddities import oddities

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def key(text: str, lease_id: int, revision: int) -> Candidate:
    return Candidate(text.encode(), b"v", lease_id, revision, revision)


def found(directory: Directory) -> list[tuple[str, str, str]]:
    return [(oddity.kind, oddity.key.decode(), oddity.election) for oddity in oddities(directory.lines)]


def test_each_kind_is_told_with_its_key_and_the_line_it_stands_in() -> None:
    directory = Directory(
        "election/",
        Snapshot(
            9,
            (
                key("election/job/7b", 0x7B, 2),
                key("election/job/124", 124, 3),
                key("election/job/stray", 0, 4),
                key("election/job/other-name", 0x7D, 5),
                key("election/job/nested/7e", 0x7E, 6),
                key("election/job/deep/er/x", 0x7F, 7),
                key("election/settings", 0, 8),
            ),
            NOW,
        ),
    )
    assert found(directory) == [
        ("nested", "election/job/deep/er/x", "job"),
        ("nested", "election/job/nested/7e", "job"),
        ("unlike", "election/job/other-name", "job"),
        ("stray", "election/job/stray", "job"),
    ]


def test_proper_elections_have_none_and_what_is_deleted_is_forgotten() -> None:
    directory = Directory("election/", Snapshot(3, (key("election/job/7b", 0x7B, 2), key("election/job/x", 0, 3)), NOW))
    assert len(found(directory)) == 1
    directory.apply(Revision(4, (KeyDeleted(b"election/job/x"),), NOW))
    assert found(directory) == []
