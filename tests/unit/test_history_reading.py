"""What is read of a history: terms of a stretch of time, and when they were watched."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from electiontui.history.reading import Reader
from electiontui.history.schema import connect, create
from electiontui.history.writer import Begin, Found, Seen

from ..history_changes import NOW, PATH, PREFIX, candidate, changes, rows, write


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "history.db"
    written = write(file, *changes(4), Seen(PREFIX, NOW, NOW + timedelta(seconds=60), 4))
    assert (written.saved.changes, written.saved.revision) == (4, 4)
    with Reader(file) as reader:
        terms = list(reader.terms(PATH, NOW, NOW + timedelta(hours=1)))
        assert [term.leader for term in terms] == [candidate(1), None, candidate(3), None]
        assert [term.ended_at for term in terms][:2] == [NOW + timedelta(seconds=2), NOW + timedelta(seconds=3)]
        assert reader.watched(PATH, NOW, NOW + timedelta(hours=1)) == [(NOW, NOW + timedelta(seconds=60))]
        assert reader.watched(b"other/jobs", NOW, NOW + timedelta(hours=1)) == []


def test_a_stretch_begins_with_who_led_before_it(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    write(file, *changes(5))
    with Reader(file) as reader:
        since = NOW + timedelta(seconds=3.5)
        assert [term.leader for term in reader.terms(PATH, since, since)] == [candidate(3)]
        later = [term.leader for term in reader.terms(PATH, since, NOW + timedelta(hours=1))]
        assert later == [candidate(3), None, candidate(5)]
        assert list(reader.terms(b"election/other", since, since)) == []


def test_who_is_found_leading_is_only_written_where_the_file_does_not_know(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    other = b"election/gone"
    write(file, *changes(3), *changes(1, path=other))
    write(file, Found([PREFIX], {PATH: candidate(3)}, 50, NOW + timedelta(hours=1)))
    with Reader(file) as reader:
        assert [term.leader for term in reader.terms(PATH, NOW, NOW + timedelta(days=1))][-1] == candidate(3)
        gone = list(reader.terms(other, NOW, NOW + timedelta(days=1)))
    assert [term.is_vacant for term in gone] == [False, True]
    assert not gone[0].ended_known
    assert len(rows(file)) == 3 + 2


def test_who_led_before_etcd_was_wiped_does_not_lead_on(tmp_path: Path) -> None:
    """H88"""
    file = tmp_path / "history.db"
    write(file, *changes(3), Begin(2), Found([PREFIX], {}, 5, NOW + timedelta(hours=1)))
    with Reader(file) as reader:
        terms = list(reader.terms(PATH, NOW, NOW + timedelta(days=1)))
    assert terms[-1].is_vacant
    assert (terms[-1].began_at, terms[-1].began_known) == (NOW + timedelta(hours=1), False)


def test_what_was_found_late_hides_nobody_who_was_seen_in_time(tmp_path: Path) -> None:
    """Another recorder's back-fill dates old terms when it finds them, later than what is known of the ones after."""
    file = tmp_path / "history.db"
    seen = [change for change in changes(4) if change.transition.revision > 2]
    late = changes(2, NOW + timedelta(hours=2), untimed=True)
    write(file, *seen, *late)
    with Reader(file) as reader:
        since = NOW + timedelta(hours=1)
        for until in (since, NOW + timedelta(hours=3)):
            assert [term.leader for term in reader.terms(PATH, since, until)] == [None]


def test_a_report_is_of_one_moment(tmp_path: Path) -> None:
    """What is removed meanwhile by whoever writes must not be missing halfway through."""
    file = tmp_path / "history.db"
    write(file, *changes(4))
    with Reader(file) as reader, closing(create(file)) as opened:
        assert reader.elections() == [PATH]
        opened.execute("DELETE FROM changes")
        assert len(list(reader.terms(PATH, NOW, NOW + timedelta(hours=1)))) == 4


def test_many_short_stretches_of_two_prefixes_are_compared_at_once(tmp_path: Path) -> None:
    """Two weeks of a connection that breaks every two minutes."""
    file = tmp_path / "history.db"
    number, every, length = 10_000, 120_000_000, 60_000_000
    with closing(create(file)) as opened:
        for prefix in (b"jobs/", b"services/"):
            opened.executemany(
                "INSERT INTO watched (prefix, era, since, until, revision) VALUES (?, 1, ?, ?, 1)",
                ((prefix, n * every, n * every + length) for n in range(number)),
            )
    with Reader(file) as reader:
        began = time.thread_time()
        found = reader.watched_below([b"jobs/", b"services/"], NOW)
        assert len(found) == number
        assert time.thread_time() - began < 2


def test_a_file_in_a_folder_that_cannot_be_written_is_read(tmp_path: Path) -> None:
    """SQLite wants to make files beside it even to read; a copy on a read-only disk is as good a history."""
    file = tmp_path / "night.db"
    write(file, *changes(4))
    (tmp_path / "night.db-wal").mkdir()
    with Reader(file) as reader:
        assert len(list(reader.terms(PATH, NOW, NOW + timedelta(hours=1)))) == 4
    file.unlink()
    file.mkdir()
    with pytest.raises(sqlite3.OperationalError):
        connect(file)


def test_a_report_of_thousands_looks_at_what_was_watched_once(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    seen = [Seen(PREFIX, NOW + timedelta(hours=n), NOW + timedelta(hours=n, minutes=30), 1) for n in range(3)]
    write(file, *seen, Seen(b"services/", NOW, NOW + timedelta(hours=9), 1))
    asked: list[str] = []
    with Reader(file) as reader:
        reader.file.set_trace_callback(asked.append)
        for number in range(1_000):
            path = b"election/job-%d" % number
            assert len(reader.watched(path, NOW, NOW + timedelta(days=1))) == 3
        assert reader.watched(b"services/a", NOW, NOW + timedelta(days=1)) == [(NOW, NOW + timedelta(hours=9))]
        assert reader.watched(PATH, NOW, NOW + timedelta(minutes=5)) == [(NOW, NOW + timedelta(minutes=5))]
    assert len([each for each in asked if "watched" in each]) == 4
