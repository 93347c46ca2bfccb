"""What a recorder does with what it is told, on a store in memory."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from election_core import Candidate, Client, Monitor, PermissionDenied, Transition, utc_now
from election_core.testing import MemoryStore
from electiontui.history import eras
from electiontui.history import recorder as module
from electiontui.history.eras import Known
from electiontui.history.reading import Reader
from electiontui.history.recorder import Recorder
from electiontui.history.rows import LONGEST_VALUE
from electiontui.history.schema import connect
from electiontui.history.writer import Change

from ..servers import wait_until

PATH = b"election/jobs"


@asynccontextmanager
async def recording(client: Client, recorder: Recorder) -> AsyncIterator[Monitor]:
    """A monitor whose transitions go to the recorder."""
    async with client.monitor() as monitor:
        monitor.on("change", recorder.saw)
        recorder.begin(client, monitor.prefixes, "election/", lambda: leaders(monitor), lambda: monitor.revision)
        yield monitor
        recorder.watched(utc_now())
    await recorder.close()


def leaders(monitor: Monitor) -> dict[str, Candidate | None]:
    return {name: state.leader for name, state in monitor.elections.items()}


def values(file: Path) -> list[bytes | None]:
    with Reader(file) as reader:
        now = utc_now()
        terms = reader.terms(PATH, now - timedelta(hours=1), now + timedelta(hours=1))
        return [term.first_value if term.leader else None for term in terms]


async def one_term(client: Client, monitor: Monitor) -> None:
    """Somebody leads until a monitor has heard of it."""
    elected = asyncio.Event()
    monitor.on("change", lambda _: elected.set())
    async with client.election("jobs").campaign("host-a"):
        await elected.wait()


async def saved(recorder: Recorder, revision: int) -> None:
    await asyncio.to_thread(wait_until, lambda: recorder.saved.revision >= revision, "it is saved")


async def test_what_happened_before_and_between_is_recovered_in_order(tmp_path: Path) -> None:
    store, file = MemoryStore(), tmp_path / "history.db"
    async with Client.over(store) as client:
        for turn in range(3):
            async with client.election("jobs").campaign(f"before-{turn}"):
                pass
            recorder = Recorder(file)
            async with recording(client, recorder):
                await recorder.ready.wait()
                async with client.election("jobs").campaign(f"seen-{turn}"):
                    pass
    expected = [step for turn in range(3) for step in (f"before-{turn}", None, f"seen-{turn}", None)]
    assert values(file) == [None if each is None else each.encode() for each in expected]
    with closing(connect(file)) as opened:
        known = opened.execute("SELECT how FROM changes ORDER BY revision").fetchall()
    assert known == [(2,), (2,), (0,), (0,)] * 3


async def test_what_could_not_be_kept_leaves_a_hole_that_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, file = MemoryStore(), tmp_path / "history.db"
    recorder = Recorder(file)
    async with Client.over(store) as client, recording(client, recorder) as monitor:
        await recorder.ready.wait()
        monkeypatch.setattr("electiontui.history.writer.ROOM", 0)
        async with client.election("jobs").campaign("lost"):
            pass
        async with client.election("jobs").campaign("leads") as campaign:
            elected = asyncio.Event()
            monitor.on("change", lambda _: elected.set())
            if monitor.revision < campaign.fencing_token:
                await elected.wait()
            recorder.watched(utc_now())
            assert recorder._since is None, "the time is not claimed as watched"
            monkeypatch.undo()
            recorder.watched(utc_now())
            recorder.watched(utc_now())
            await saved(recorder, campaign.fencing_token)
            assert values(file) == [b"leads"]
            with Reader(file) as reader:
                (term,) = reader.terms(PATH, utc_now() - timedelta(hours=1), utc_now())
            assert not term.began_known


async def test_what_waits_for_the_file_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOM", 5)
    (tmp_path / "file").touch()
    recorder = Recorder(tmp_path / "file" / "history.db")
    async with Client.over(MemoryStore()) as client, recording(client, recorder):
        for _ in range(4):
            async with client.election("jobs").campaign("host-a"):
                pass
        await recorder.ready.wait()
        assert recorder.trouble
        assert recorder._waiting is not None
        assert len(recorder._waiting) <= 5


async def test_a_cluster_that_nobody_names_has_no_file_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    monkeypatch.setattr(type(store), "cluster_id", 0)
    recorder = Recorder()
    async with Client.over(store) as client, recording(client, recorder):
        await recorder.ready.wait()
        assert "give a file with --history" in recorder.trouble


@pytest.mark.timeout(15)
async def test_a_file_that_could_not_be_opened_again_is_no_trouble_once_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H90: a new monitor begins while somebody has locked the file; after that the status bar has nothing to say."""
    told, is_over = list[str](), asyncio.Event()

    def tell(trouble: str) -> None:
        told.append(trouble)
        if not trouble and len(told) > 1:
            is_over.set()

    recorder = Recorder(tmp_path / "history.db", told=tell)
    async with Client.over(MemoryStore()) as client, recording(client, recorder) as monitor:
        recorder.watched(utc_now())
        await saved(recorder, monitor.revision)
        locked = [sqlite3.OperationalError("database is locked")]
        opened = eras.look

        def look(*given: Any) -> Known:
            if locked:
                raise locked.pop()
            return opened(*given)

        monkeypatch.setattr(module, "look", look)
        monkeypatch.setattr(module, "_RETRY", 0.01)
        recorder.begin(client, monitor.prefixes, "election/", lambda: leaders(monitor), lambda: monitor.revision)
        await is_over.wait()
        assert "database is locked" in told[0]
        assert recorder.trouble == ""


@pytest.mark.timeout(15)
async def test_a_past_that_cannot_be_read_is_told_and_what_waits_for_it_is_not_called_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*given: object) -> None:
        raise PermissionDenied("no right to read it")

    monkeypatch.setattr(module, "backfill", refused)
    recorder = Recorder(tmp_path / "history.db")
    async with Client.over(MemoryStore()) as client, recording(client, recorder) as monitor:
        await one_term(client, monitor)
        await recorder.ready.wait()
        assert "no right to read it" in recorder.trouble
    assert recorder.trouble


async def test_what_was_seen_before_the_file_was_found_is_not_called_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = asyncio.Event()

    async def slow(*given: object) -> None:
        await never.wait()

    monkeypatch.setattr(module, "backfill", slow)
    recorder = Recorder(tmp_path / "history.db")
    async with Client.over(MemoryStore()) as client, recording(client, recorder) as monitor:
        await one_term(client, monitor)
    assert "not all could be written" in recorder.trouble


def test_large_values_do_not_wait_whole() -> None:
    """H90: while the disk takes nothing, 200,000 changes wait, and a value may have a megabyte and more."""
    recorder, size = Recorder(Path("nowhere")), 1 << 20
    recorder._waiting = deque()
    first, last = (Candidate(PATH + b"/1", bytes([n]) * size, 1, 1, n) for n in (1, 2))
    for before, after in ((None, first), (first, last), (last, None)):
        recorder.saw(Transition("jobs", 5, before, after, False, utc_now()))
    kept = [message.transition for message in recorder._waiting if isinstance(message, Change)]
    assert [each.kind for each in kept] == ["elected", "proclaimed", "vacated"]
    assert all(len(who.value) <= LONGEST_VALUE for each in kept for who in (each.before, each.after) if who)


async def test_a_defect_while_it_is_opened_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> None:
        raise KeyError("what nobody expects")

    monkeypatch.setattr("electiontui.history.recorder.look", broken)
    recorder = Recorder(tmp_path / "history.db")
    async with Client.over(MemoryStore()) as client:
        recorder.begin(client, ["election/"], "election/", dict, int)
        async with asyncio.timeout(10):
            await recorder.ready.wait()
        assert "what nobody expects" in recorder.trouble
        await recorder.close()
