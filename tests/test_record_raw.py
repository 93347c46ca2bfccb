"""`record --raw` on a real etcd: killed and gone on with, a queue that overflows, files that it must leave alone."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from election_core import Candidate, Client
from electiontui import cli as command_line
from electiontui.commands import INVALID_INPUT
from electiontui.commands.recording import Raw, keep_raw, raw_recorder
from electiontui.embedded import EmbeddedEtcd
from electiontui.recording import Recording, RecordingError
from electiontui.recording import writer as writer_module
from electiontui.replay.story import Story
from electiontui.sources import ClusterView

from .servers import Etcdctl, clean_environment, wait_until
from .test_replay import Scene

TUI = str(Path(sys.executable).parent / "electiontui")
SIZE = 64 << 20


def story_of(path: Path) -> Story:
    recording = Recording(path)
    story = Story(recording.header, recording.start, recording.header.began)
    for item in recording.read():
        story.take(item)
    return story


def queues(story: Story) -> dict[str, tuple[Candidate, ...]]:
    return {name: state.queue for name, state in story.elections.items() if len(state)}


@asynccontextmanager
async def recording(etcd: EmbeddedEtcd, prefix: str, path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command, from when it says that it records."""
    command = [TUI, "--endpoints", etcd.endpoint, "--prefix", prefix, "record", "--no-history", "--raw", str(path)]
    process = await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE, env=clean_environment())
    try:
        assert process.stderr is not None
        said = await process.stderr.readline()
        assert said.endswith(f"under {prefix} into {path}\n".encode())
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def happens(what: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, what, "it", 20.0)


async def until_recorded(path: Path, key: str) -> None:
    await happens(lambda: key.encode() in path.read_bytes())


async def test_one_that_was_killed_is_gone_on_with(etcd: EmbeddedEtcd, prefix: str, tmp_path: Path) -> None:
    """H92: all that had reached the file is played, and what happened between the two is told with a gap."""
    path, tool = tmp_path / "night.jsonl", Etcdctl(etcd.endpoint)
    async with Client(etcd.endpoint) as client:
        first, other = (client.election("a", prefix=prefix).campaign("host-1"), client.election("b", prefix=prefix))
        await first.wait()
        await other.campaign("host-1").wait()
        async with recording(etcd, prefix, path) as process:
            second = client.election("a", prefix=prefix).campaign("host-2")
            await until_recorded(path, "host-2")
            process.kill()
            await process.wait()
        before = queues(story_of(path))
        assert [each.value for each in before["a"]] == [b"host-1", b"host-2"]
        path.write_bytes(path.read_bytes() + b'{"input":"revi')
        await first.resign()
        await second.wait()
        async with recording(etcd, prefix, path) as process:
            tool.run("put", f"{prefix}b/last", "")
            await until_recorded(path, "b/last")
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    story = story_of(path)
    assert [(each.election, each.kind, each.gap) for each in story.recent] == [("a", "succeeded", True)]
    assert [each.value for each in queues(story)["a"]] == [b"host-2"]
    unwatched = story.watched.unwatched(Recording(path).header.began, story.at)
    assert len([part for part in unwatched if part.until < story.at]) == 2


async def test_what_had_no_room_is_read_afresh(
    etcd: EmbeddedEtcd, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "_QUEUED", 5)
    monkeypatch.setattr(writer_module, "_TOGETHER", 0.5)
    path, tool = tmp_path / "night.jsonl", Etcdctl(etcd.endpoint)
    view = ClusterView(lambda: Client(etcd.endpoint), prefix)
    view.raw = raw = raw_recorder(Raw(path, SIZE), view.prefixes, view.client.endpoints)
    async with Client(etcd.endpoint) as client, client.election("a", prefix=prefix).campaign("host-1"), view:
        await happens(lambda: raw.has_begun)
        for number in range(30):
            tool.run("put", f"{prefix}a/{number}", "")
        await happens(lambda: raw.needs_another_monitor)
        await keep_raw(view, raw)
        await happens(lambda: raw.has_begun and not raw.writer.overflown)
    await asyncio.to_thread(raw.writer.close)
    assert raw.writer.failure is None
    assert len(queues(story_of(path))["a"]) == 31


@pytest.mark.parametrize("content", ["my diary\n", ""])
def test_a_file_that_cannot_be_one_is_told_at_once(content: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    if content:
        path.write_text(content)
    else:
        path.mkdir()
    command = [TUI, "--endpoints", "127.0.0.1:1", "record", "--no-history", "--raw", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), timeout=30)
    assert done.returncode == INVALID_INPUT
    assert str(path) in done.stderr
    assert not content or path.read_text() == content


def test_it_cannot_be_written_where_nothing_may_be(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="give another file"):
        raw_recorder(Raw(tmp_path / "missing" / "x", SIZE), ["election/"], [])


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (["no.jsonl"], "no.jsonl cannot be read: No such file"),
        (["diary"], "diary, line 1: "),
        (["night", "--from", "25:00"], "'25:00' is no moment of a recording; write it like 02:10"),
        (["night", "--from", "05:00"], "'05:00' is not within the recording: it goes from 2026-03-01 02:10:00"),
        (["night", "--speed", "0"], "--speed"),
        (["night", "--plain"], "a replay needs a terminal"),
    ],
)
def test_a_replay_says_what_is_wrong_with_what_it_is_given(
    args: list[str],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("diary").write_text("hello\n")
    Scene(Path("night"))
    assert command_line._run(["replay", *args]) == INVALID_INPUT
    assert complaint in capsys.readouterr().err
