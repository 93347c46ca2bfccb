"""What is kept of a history, and for how long."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from electiontui.history import retention
from electiontui.history.reading import Reader
from electiontui.history.retention import Keep, Kept, Retention, kept, size_of
from electiontui.history.rows import ticks
from electiontui.history.schema import create
from electiontui.history.writer import Seen

from ..history_changes import PATH, PREFIX, changes, rows, write


def test_what_is_older_is_removed_but_for_who_led_then(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    now = datetime.now(UTC)
    old = now - timedelta(seconds=1000)
    write(file, *changes(900, old), *changes(8, old, b"election/over"), Seen(PREFIX, old, now, 900))
    with closing(create(file)) as opened:
        retaining = Retention()
        retaining.begin(opened, Keep(seconds=500))
        retaining.run(opened, lambda: False)
        first, last = opened.execute("SELECT min(revision), max(revision) FROM changes").fetchone()
        assert 499 <= first < 600
        assert last == 900
        (since,) = opened.execute("SELECT since FROM watched").fetchone()
        assert 0 <= since - ticks(now - timedelta(seconds=500)) < 100_000_000
    with Reader(file) as reader:
        assert [each for each in reader.elections() if reader.is_known(each, old, now)] == [PATH]


def test_a_clock_that_is_set_meanwhile_removes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes dates everything by the clock as it was at first; so what is old must be told by that one, too."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=3650)

    file, now = tmp_path / "history.db", datetime.now(UTC)
    write(file, *changes(60, now - timedelta(hours=1)), Seen(PREFIX, now - timedelta(hours=1), now, 60))
    monkeypatch.setattr(retention, "datetime", Ahead, raising=False)
    with closing(create(file)) as opened:
        Retention().run(opened, lambda: False)
    assert len(rows(file)) == 60


def test_the_oldest_is_removed_where_it_is_too_large(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    now = datetime.now(UTC)
    write(file, *changes(30_000, now - timedelta(seconds=30_000)), Seen(PREFIX, now - timedelta(hours=9), now, 30_000))
    before = file.stat().st_size
    with closing(create(file)) as opened:
        retaining = Retention()
        retaining.begin(opened, Keep(size=1_000_000))
        while size_of(opened) > 1_000_000:
            retaining.run(opened, lambda: False)
        first, last = opened.execute("SELECT min(revision), max(revision) FROM changes").fetchone()
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert last == 30_000
    assert 1_000 < first < 29_000
    assert file.stat().st_size < before / 1.5, "the room is given back"


def test_removing_waits_for_who_has_something_to_write(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    old = datetime.now(UTC) - timedelta(days=2)
    write(file, *changes(5_000, old), Seen(PREFIX, old, old, 5_000))
    with closing(create(file)) as opened:
        retaining = Retention()
        retaining.begin(opened, Keep(seconds=3600))
        retaining.run(opened, lambda: True)
        (left,) = opened.execute("SELECT count(*) FROM changes").fetchone()
        assert left == 4_000
        retaining.run(opened, lambda: False)
        (left,) = opened.execute("SELECT count(*) FROM changes").fetchone()
        assert left == 0, "nobody has led it since"
        assert opened.execute("SELECT count(*) FROM elections").fetchone() == (0,)


def test_what_is_kept_is_decided_for_the_file(tmp_path: Path) -> None:
    """A dashboard must not remove what a recorder was told to keep."""
    file = tmp_path / "history.db"
    old = datetime.now(UTC) - timedelta(days=200)
    write(file, *changes(1_000, old), Seen(PREFIX, old, old, 1_000), keep=Keep(seconds=300 * 86_400))
    write(file, *changes(1))
    with closing(create(file)) as opened:
        retaining = Retention()
        retaining.begin(opened, None)
        retaining.run(opened, lambda: False)
    assert len(rows(file)) == 1_000


def test_what_is_not_said_of_keeping_stays_as_it_was(tmp_path: Path) -> None:
    """Who says how old it may be must not have it cut to the size that is taken where none was given."""
    file = tmp_path / "history.db"
    write(file, keep=Keep(size=5_000_000_000))
    write(file, keep=Keep(seconds=365 * 86_400))
    with closing(create(file)) as opened:
        assert kept(opened) == Kept(365 * 86_400, 5_000_000_000)
