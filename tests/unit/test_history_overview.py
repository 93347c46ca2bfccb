"""Long stretches in few terms: the picture is the same."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from election_core import TermLog
from electiontui.history import overview as module
from electiontui.history import tiles as tiles_module
from electiontui.history.overview import OverviewLog, joined, overview
from electiontui.history.reading import Reader
from electiontui.history.schema import connect
from electiontui.history.tiles import Tiles
from electiontui.pictures.lanes import Window, lanes_of
from electiontui.pictures.raster import raster

from ..history_days import busy

PATH = b"election/jobs"
BEGAN = datetime(2026, 11, 26, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def drawn(log: TermLog, window: Window) -> dict[str, str]:
    return {lane.label: raster(lane, window, window.until) for lane in lanes_of(log, (), window)}


@pytest.mark.parametrize("minutes", [60, 180])
def test_a_picture_of_pieces_is_that_of_all_terms(tmp_path: Path, minutes: int) -> None:
    file = tmp_path / "history.db"
    busy(file, PATH, BEGAN, BEGAN + 4 * HOUR, 0.3)
    window = Window(BEGAN + 3.5 * HOUR, timedelta(minutes=minutes), 60)
    with Reader(file) as reader:
        every = TermLog.of("jobs", list(reader.terms(PATH, window.since, window.until)))
        log = overview(reader.file, PATH, "jobs", window.since, window.until, window.cell)
    assert log is not None
    assert (len(log.terms_kept) < len(every.terms_kept) / 2) == (minutes > 60)
    exact, found = drawn(every, window), drawn(log, window)
    assert exact.keys() == found.keys()
    differing = sum(a != b for lane in exact for a, b in zip(exact[lane], found[lane], strict=True))
    assert differing <= 0.05 * sum(map(len, exact.values()))


def test_what_is_asked_for_a_moment_is_not_made_up(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    changes = busy(file, PATH, BEGAN, BEGAN + 4 * HOUR, 1)
    with closing(connect(file)) as opened:
        log = overview(opened, PATH, "jobs", BEGAN, BEGAN + 4 * HOUR, timedelta(minutes=4))
    assert isinstance(log, OverviewLog)
    assert len(log.terms_kept) < changes / 10
    moment = BEGAN + 2 * HOUR
    assert all(id(term) not in set(map(id, log.pieces)) for term in log.between(moment, moment))
    assert abs(log.changes(BEGAN - HOUR, BEGAN + 5 * HOUR) - changes / 2) <= changes * 0.05


def test_few_changes_are_given_one_by_one_with_their_ends(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    busy(file, PATH, BEGAN, BEGAN + HOUR, 0.01)
    with closing(connect(file)) as opened:
        log = overview(opened, PATH, "jobs", BEGAN + HOUR / 4, BEGAN + HOUR / 2, timedelta(seconds=10))
        assert overview(opened, b"election/none", "none", BEGAN, BEGAN + HOUR, timedelta(seconds=10)) is None
    assert log is not None
    assert log.terms_kept[0].began_at <= BEGAN + HOUR / 4
    assert log.terms_kept[-1].began_at <= BEGAN + HOUR / 2
    assert all(term.ended_at is not None for term in log.terms_kept)


@pytest.mark.parametrize("most", [1_000, 10])
def test_stretches_that_follow_each_other_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(module, "MOST", most)
    file = tmp_path / "history.db"
    busy(file, PATH, BEGAN, BEGAN + HOUR, 0.02)
    window = Window(BEGAN + HOUR, HOUR, 90)
    recent = TermLog("jobs", None, BEGAN + HOUR)
    with Reader(file) as reader:
        every = list(reader.terms(PATH, BEGAN, BEGAN + HOUR))
        parts = [
            overview(reader.file, PATH, "", BEGAN + n * HOUR / 4, BEGAN + (n + 1) * HOUR / 4, window.cell)
            for n in range(4)
        ]
    log = joined("jobs", [part for part in parts if part is not None], recent)
    assert drawn(log, window) == drawn(TermLog.of("jobs", every), window)
    assert joined("jobs", [], recent) is recent


async def test_pieces_are_read_once_and_kept_in_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "history.db"
    busy(file, PATH, BEGAN, BEGAN + 4 * HOUR, 0.05)
    came = asyncio.Event()
    tiles = Tiles(lambda: file, lambda path: came.set())

    async def complete(since: datetime) -> list[TermLog]:
        async with asyncio.timeout(20):
            found = tiles.terms(PATH, since, since + HOUR, 60)
            while tiles._wanted or (tiles._reading is not None and not tiles._reading.done()):
                came.clear()
                await came.wait()
                await asyncio.sleep(0)
            found = tiles.terms(PATH, since, since + HOUR, 60)
        return found

    assert tiles.terms(PATH, BEGAN, BEGAN + HOUR, 60) == []
    first = await complete(BEGAN)
    assert len(first) >= 4
    read = tiles.version
    assert await complete(BEGAN) == first
    assert tiles.version == read
    monkeypatch.setattr("electiontui.history.tiles._TERMS", 60)
    await complete(BEGAN + 2 * HOUR)
    assert tiles._kept <= 60
    tiles.close()


async def test_where_there_is_no_file_nothing_is_wanted() -> None:
    tiles = Tiles(lambda: None, lambda path: None)
    assert tiles.terms(PATH, BEGAN, BEGAN + HOUR, 60) == []
    assert not tiles._wanted


async def test_a_piece_that_goes_on_is_read_again_once_a_cell_of_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A week of a busy election takes seconds to read, which a screen that only shows it must not do all the time."""
    read, now = list[object](), [datetime(2026, 3, 1, tzinfo=UTC)]
    monkeypatch.setattr(tiles_module, "_load", lambda file, key: read.append(key))
    monkeypatch.setattr(tiles_module, "utc_now", lambda: now[0])

    async def reads(pieces: Tiles, columns: int) -> int:
        began = len(read)
        pieces.terms(b"election/jobs", now[0] - timedelta(days=7), now[0], columns)
        if pieces._reading is not None:
            await pieces._reading
        return len(read) - began

    for columns, wait in ((100, timedelta(hours=1.7)), (10**6, timedelta(seconds=11))):
        pieces = Tiles(lambda: tmp_path, lambda path: None)
        assert await reads(pieces, columns) > 3
        now[0] += wait / 4
        assert await reads(pieces, columns) == 0
        now[0] += wait
        assert await reads(pieces, columns) == 1
