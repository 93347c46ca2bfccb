"""electiontui record, as a process of its own on a real etcd."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from election_core import Client, utc_now
from electiontui.embedded import EmbeddedEtcd
from electiontui.history.recorder import Recorder
from electiontui.history.rows import ticks
from electiontui.sources import ClusterView

from .history_load import Kept, changing, etcds_log
from .servers import needed_binary, python, read_line, wait_until

ROUNDS = int(os.environ.get("HISTORY_ROUNDS", "2"))


def recording(etcd: EmbeddedEtcd, prefix: str, file: Path, *more: str) -> subprocess.Popen[str]:
    options = ("--endpoints", etcd.endpoint, "--prefix", prefix, "--history", str(file))
    return python("-m", "electiontui", "record", *options, *more)


async def first_line(process: subprocess.Popen[str]) -> str:
    return await asyncio.to_thread(read_line, process.stderr)


async def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    _, told = await asyncio.to_thread(process.communicate, timeout=30)
    return process.returncode, told


def saved(file: Path) -> int:
    return Kept(file).revision if file.exists() else 0


@pytest.mark.timeout(60 + 40 * ROUNDS)
async def test_killed_at_any_moment_nothing_that_was_saved_is_lost(
    etcd: EmbeddedEtcd, prefix: str, tmp_path: Path
) -> None:
    """H87: a recorder is killed again and again at a thousand changes a second; what is kept is etcd's own log."""
    file = tmp_path / "history.db"
    reached = 0
    async with Client(etcd.endpoint) as client:
        began = (await client.past("")).revision
    async with changing(etcd, prefix):
        for turn in range(ROUNDS):
            recorder = recording(etcd, prefix, file)
            await first_line(recorder)
            await asyncio.sleep(0.05 + 0.17 * (turn % 7))
            shown = Kept(file).revision
            recorder.kill()
            await asyncio.to_thread(recorder.communicate)
            kept = Kept(file)
            assert kept.revision >= shown >= reached
            reached = kept.revision
    recorder = recording(etcd, prefix, file)
    await first_line(recorder)
    code, told = await ended(recorder)
    assert code == 0, told
    kept = Kept(file)
    log = await etcds_log(etcd, prefix, began, kept.revision)
    assert len(log) > 20 * ROUNDS, "it was busy, as far as the disk let it"
    assert kept.up_to(kept.revision) == log
    assert (kept.rows, kept.eras) == (len(log), 1), "nothing is kept twice, and nothing that did not happen"


async def test_two_recorders_and_a_dashboard_keep_one_history(etcd: EmbeddedEtcd, prefix: str, tmp_path: Path) -> None:
    """H87"""
    file = tmp_path / "history.db"
    first = recording(etcd, prefix, file)
    await first_line(first)
    async with Client(etcd.endpoint) as client:
        began = (await client.past("")).revision
    view = ClusterView(lambda: Client(etcd.endpoint), prefix, recorder=Recorder(file))
    async with changing(etcd, prefix):
        second = recording(etcd, prefix, file)
        async with view:
            await first_line(second)
            for _ in range(20):
                view.take_news()
                view.flush()
                await asyncio.sleep(0.05)
            first.kill()
            view.note_watching(utc_now())
            await asyncio.sleep(0.5)
    async with Client(etcd.endpoint) as client:
        last = (await client.past("")).revision
    await asyncio.to_thread(wait_until, lambda: saved(file) >= last, "the last change is saved", 20)
    assert (await ended(second))[0] == 0
    kept = Kept(file)
    log = await etcds_log(etcd, prefix, began, last)
    assert len(log) > 50, "it was busy, as far as the disk let it"
    assert {key: value for key, value in kept.up_to(last).items() if key[1] > began} == log
    assert kept.rows == len(log)
    assert kept.stretches == 3


async def test_it_says_what_it_does_and_ends_cleanly(etcd: EmbeddedEtcd, prefix: str, tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    async with Client(etcd.endpoint) as client:
        campaign = await client.election("jobs", prefix=prefix).campaign("host-a").wait()
        recorder = recording(etcd, prefix, file)
        assert await first_line(recorder) == f"electiontui: recording 1 election under {prefix} into {file}"
        await campaign.resign()
        await asyncio.to_thread(wait_until, lambda: Kept(file).rows == 2, "the resignation is saved")
    code, told = await ended(recorder)
    assert code == 0
    assert "saved 2 changes, up to revision" in told


async def test_only_what_was_named_is_recorded(etcd: EmbeddedEtcd, prefix: str, tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    recorder = recording(etcd, prefix, file, "orders/*", "mail")
    assert f"under {prefix}orders/ and {prefix}mail/ into" in await first_line(recorder)
    async with Client(etcd.endpoint) as client:
        for name in ("orders/eu", "billing", "mail", "mail-2"):
            campaign = await client.election(name, prefix=prefix).campaign("host-a").wait()
            await campaign.resign()
    await asyncio.to_thread(wait_until, lambda: Kept(file).rows == 4, "both are saved")
    assert (await ended(recorder))[0] == 0
    assert {path for path, _ in Kept(file).exact} == {f"{prefix}orders/eu".encode(), f"{prefix}mail".encode()}


async def test_a_file_that_cannot_be_written_is_told_and_ends_nothing(
    etcd: EmbeddedEtcd, prefix: str, tmp_path: Path
) -> None:
    """H90"""
    (tmp_path / "file").touch()
    recorder = recording(etcd, prefix, tmp_path / "file" / "history.db")
    assert "not saved at present, trying again" in await first_line(recorder)
    code, told = await ended(recorder)
    assert code == 1
    assert "Traceback" not in told


async def test_while_etcd_is_gone_nothing_counts_as_watched(prefix: str, tmp_path: Path) -> None:
    """H89"""
    file = tmp_path / "history.db"
    with EmbeddedEtcd(binary=needed_binary("3.5")) as own:
        recorder = recording(own, prefix, file)
        await first_line(recorder)
        await asyncio.to_thread(wait_until, lambda: Kept(file).stretches == 1, "a stretch is saved")
        own.members[0].kill()
        assert "disconnected: " in await first_line(recorder)
        # Within three seconds nothing would count as missed.
        silent = 4 * 1_000_000
        await asyncio.to_thread(wait_until, lambda: ticks(utc_now()) - Kept(file).until > silent, "time passes", 20)
        before = Kept(file).until
        own.members[0].restart()
        assert await first_line(recorder) == "electiontui: connected again"
        await asyncio.to_thread(wait_until, lambda: Kept(file).stretches == 2, "another stretch is saved", 20)
        assert Kept(file).since - before > silent
        assert (await ended(recorder))[0] == 0


async def test_what_could_not_be_written_at_the_end_is_told(etcd: EmbeddedEtcd, prefix: str, tmp_path: Path) -> None:
    """H90: somebody has locked the file, and the exit code alone would not say why."""
    file = tmp_path / "history.db"
    recorder = recording(etcd, prefix, file)
    await first_line(recorder)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        code, told = await ended(recorder)
    assert code == 1
    assert f"not all was saved: not all could be written to {file} in time" in told
