"""The file of a history: what several writers put into it, and what becomes of a bad one."""

from __future__ import annotations

import sqlite3
import stat
import threading
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from electiontui.history import places, schema, writer
from electiontui.history.eras import decide, look
from electiontui.history.reading import Reader
from electiontui.history.retention import Retention
from electiontui.history.rows import ticks
from electiontui.history.schema import STEPS, HistoryUnusable, connect, create
from electiontui.history.writer import Begin, Seen, Writer

from ..history_changes import NOW, PATH, PREFIX, changes, rows, write
from ..servers import wait_until


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "history.db"
    write(file, *changes(1))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_writers_at_once_write_nothing_twice(tmp_path: Path) -> None:
    """H87"""
    file = tmp_path / "history.db"
    writers = [Writer(file, None) for _ in range(4)]
    for each in writers:
        each.put(Begin(1))
        each.start()

    def feed(each: Writer) -> None:
        for change in changes(2000):
            assert each.put(change)

    threads = [threading.Thread(target=feed, args=(each,)) for each in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(each.close(30) for each in writers), [each.trouble for each in writers]
    assert rows(file) == [(revision, 0) for revision in range(1, 2001)]
    assert sum(each.saved.changes for each in writers) == 2000


def test_who_saw_it_happen_knows_better_than_who_found_it_later(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    write(file, *changes(3, NOW + timedelta(hours=1), untimed=True))
    write(file, *changes(2))
    write(file, *changes(3, NOW + timedelta(hours=2), untimed=True))
    times = [
        ticks(NOW + timedelta(seconds=1)),
        ticks(NOW + timedelta(seconds=2)),
        ticks(NOW + timedelta(hours=1, seconds=3)),
    ]
    assert rows(file, "at, how") == [(times[0], 0), (times[1], 0), (times[2], schema.UNTIMED)]


def test_another_era_begins_where_revisions_do(tmp_path: Path) -> None:
    """H88: a cluster that was wiped has the same id, if its members are called the same."""
    file = tmp_path / "history.db"
    known = look(file, [PREFIX], ["10.0.0.1:2379"], NOW)
    assert (known.era, known.kept) == (0, (0,))
    assert decide(file, known, 7, 10, over=0) == 1
    write(file, *changes(10), Seen(PREFIX, NOW, NOW + timedelta(seconds=60), 10))
    known = look(file, [PREFIX, b"election/jobs/", b"services/"], ["10.0.0.1:2379"], NOW)
    assert (known.era, known.revision, known.kept) == (1, 10, (10, 10, 0))
    assert decide(file, known, 7, 10, over=0) == 1
    assert decide(file, known, 7, 9, over=0) == 2
    assert decide(file, known, 7, 9, over=0) == 2, "another writer has noticed the same"
    again = look(file, [PREFIX], ["10.0.0.1:2379"], NOW)
    assert (again.era, again.kept) == (2, (0,))
    assert decide(file, again, 8, 100, over=0) == 3, "another cluster"
    assert decide(file, look(file, [PREFIX], [], NOW), 8, 100, over=3) == 4


def test_what_waits_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "ROOM", 10)
    full = Writer(tmp_path / "history.db", None)
    assert [full.put(Begin(1)) for _ in range(12)] == [True] * 10 + [False] * 2


def test_a_full_disk_is_told_once_and_written_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H90"""
    full, told, heard = [True], list[str](), threading.Event()

    def small(path: Path) -> sqlite3.Connection:
        file = create(path)
        if full[0]:
            file.execute(f"PRAGMA max_page_count = {file.execute('PRAGMA page_count').fetchone()[0] + 1}")
        return file

    def tell(trouble: str) -> None:
        told.append(trouble)
        heard.set()

    monkeypatch.setattr(writer, "create", small)
    monkeypatch.setattr(writer, "_RETRY", 0.05)
    found = Writer(tmp_path / "history.db", None, tell)
    found.put(Begin(1))
    for change in changes(3000):
        found.put(change)
    found.start()
    assert heard.wait(20)
    assert "full" in found.trouble
    assert found.saved.changes < 3000
    full[0] = False
    wait_until(lambda: found.saved.changes == 3000, "it is written")
    assert found.close(30)
    assert [("full" in each) for each in told] == [True, False]
    assert rows(tmp_path / "history.db") == [(revision, 0) for revision in range(1, 3001)]


def test_a_folder_that_cannot_be_written_costs_the_history_alone(tmp_path: Path) -> None:
    """H90"""
    (tmp_path / "file").touch()
    told: list[str] = []
    found = Writer(tmp_path / "file" / "history.db", None, told.append)
    found.put(Begin(1))
    found.start()
    assert not found.close(10)
    assert told == [found.trouble]
    assert str(tmp_path) in found.trouble


def test_a_newer_file_and_anothers_are_left_alone(tmp_path: Path) -> None:
    newer, foreign, text = tmp_path / "newer.db", tmp_path / "foreign.db", tmp_path / "text.db"
    with closing(create(newer)) as opened:
        opened.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    with closing(sqlite3.connect(foreign)) as opened:
        opened.execute("CREATE TABLE theirs (x)")
    text.write_text("Dear diary, " * 500)
    for file, why in ((newer, "newer electiontui"), (foreign, "another program"), (text, "no history")):
        before = file.read_bytes()
        for door in (create, connect):
            with pytest.raises(HistoryUnusable, match=why):
                door(file)
        assert file.read_bytes() == before
    with pytest.raises(HistoryUnusable, match="no history at"):
        connect(tmp_path / "none.db")


def test_an_older_file_is_brought_up_to_date_at_once_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "history.db"
    write(file, *changes(3))

    def step(opened: sqlite3.Connection) -> None:
        opened.execute("ALTER TABLE changes ADD COLUMN note TEXT")

    def broken(opened: sqlite3.Connection) -> None:
        opened.execute("ALTER TABLE nothing ADD COLUMN note TEXT")

    monkeypatch.setattr(schema, "STEPS", (*STEPS, step, broken))
    with pytest.raises(sqlite3.OperationalError):
        create(file)
    with pytest.raises(HistoryUnusable, match="older"):
        connect(file)
    monkeypatch.setattr(schema, "STEPS", (*STEPS, step))
    create(file).close()
    assert rows(file, "revision, note IS NULL") == [(1, 1), (2, 1), (3, 1)]


def test_the_file_is_found_by_the_endpoints_it_was_last_known_under(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    first, second = places.file_of(0xA1), places.file_of(0xB2)
    assert first == tmp_path / "electiontui" / "history" / "00000000000000a1.db"
    look(first, [PREFIX], ["10.0.0.1:2379", "10.0.0.2:2379"], NOW)
    look(second, [PREFIX], ["10.0.0.2:2379"], NOW + timedelta(hours=1))
    (first.parent / "garbage.db").write_text("garbage")
    assert places.find(["10.0.0.1:2379"]) == first
    assert places.find(["10.0.0.9:2379", "10.0.0.2:2379"]) == second
    with pytest.raises(HistoryUnusable, match=r"a1.db of 10.0.0.1:2379, 10.0.0.2:2379.*--history"):
        places.find(["10.0.0.3:2379"])


def test_writers_that_both_saw_etcd_restored_go_on_in_one_era(tmp_path: Path) -> None:
    """H88: each looks at the file when it has noticed; the second one finds the era that the first has begun."""
    file = tmp_path / "history.db"
    assert decide(file, look(file, [PREFIX], [], NOW), 7, 10, over=0) == 1
    write(file, *changes(10), Seen(PREFIX, NOW, NOW + timedelta(seconds=60), 10))
    assert decide(file, look(file, [PREFIX], [], NOW), 7, 12, over=1) == 2
    assert decide(file, look(file, [PREFIX], [], NOW), 7, 13, over=1) == 2
    assert decide(file, look(file, [PREFIX], [], NOW), 7, 14, over=2) == 3, "it was restored once more"


def test_a_stretch_whose_row_was_removed_gets_another_and_spoils_nobodys(tmp_path: Path) -> None:
    """Rows' numbers are given again: who was stopped for long must not write over another one's."""
    file = tmp_path / "history.db"
    stopped = Writer(file, None)
    stopped.put(Begin(1))
    stopped.put(Seen(PREFIX, NOW, NOW + timedelta(seconds=5), 10))
    stopped.start()
    wait_until(lambda: stopped.saved.revision == 10, "it is saved")
    with closing(create(file)) as opened:
        opened.execute("DELETE FROM watched")
    other, later = b"services/", NOW + timedelta(days=2)
    write(file, Seen(other, later, later + timedelta(seconds=5), 99))
    stopped.put(Seen(PREFIX, NOW, NOW + timedelta(seconds=9), 11))
    assert stopped.close(30)
    with Reader(file) as reader:
        now = later + timedelta(days=1)
        assert reader.watched(b"services/jobs", NOW, now) == [(later, later + timedelta(seconds=5))]
        assert reader.watched(PATH, NOW, now) == [(NOW, NOW + timedelta(seconds=9))]


def test_a_defect_of_the_thread_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(retention: Retention, file: sqlite3.Connection, is_needed: object) -> None:
        raise OverflowError("too large")

    told: list[str] = []
    monkeypatch.setattr(Retention, "run", broken)
    found = Writer(tmp_path / "history.db", None, told.append)
    found.put(Begin(1))
    found.start()
    wait_until(lambda: bool(told), "it is told")
    assert told == [found.trouble]
    assert "too large" in found.trouble
    found.put(Begin(1))
    assert not found.close(10)


def test_a_file_that_is_just_being_made_is_not_taken_for_another_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H87: several begin at once; what tells whose it is has to be of one moment."""
    file = tmp_path / "history.db"
    monkeypatch.setattr(schema, "_BUSY", 0.05)

    class Looking(sqlite3.Connection):
        def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
            if "sqlite_schema" in sql:
                with suppress(sqlite3.OperationalError):
                    create(file).close()
            return super().execute(sql, *given)

    with closing(sqlite3.connect(file, isolation_level=None, factory=Looking)) as looking:
        assert schema._version(looking, file) == 0
    create(file).close()
    with closing(sqlite3.connect(file, isolation_level=None, factory=Looking)) as looking:
        assert schema._version(looking, file) == len(STEPS)
