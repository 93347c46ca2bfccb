"""The file of a recording: written whole, bounded, gone on with, and read with the number of a damaged line."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from election_core import Candidate, EndpointStatus, MonitorInput, Replica
from election_core.core.model import KeyPut
from electiontui.recording import Header, Mark, RawWriter, Recording, RecordingError
from electiontui.recording import writer as writer_module
from electiontui.recording.format import encoded
from electiontui.recording.writer import LEAST_SIZE

BEGAN = datetime(2026, 3, 1, 2, 10, tzinfo=timezone(timedelta(hours=2)))
HEADER = Header(("election/", "odd\udcff/"), BEGAN, "cdf818194e3a8c32", ("127.0.0.1:2379",))
SIZE = 64 << 20


def put(number: int, value: bytes = b"host") -> MonitorInput:
    candidate = Candidate(b"election/job/7b", value, 0x7B, number, number)
    at = BEGAN.astimezone(UTC) + timedelta(seconds=number)
    return MonitorInput(0, "revision", at, number, events=(KeyPut(candidate),))


def start() -> MonitorInput:
    return MonitorInput(0, "read", BEGAN.astimezone(UTC), 1)


def recorded(path: Path, *lines: MonitorInput | Mark, size: int = SIZE) -> RawWriter:
    writer = RawWriter(path, HEADER, size=size)
    for line in lines:
        writer.put(line)
    writer.close()
    return writer


def inputs_of(path: Path) -> list[object]:
    return [item.what for item in Recording(path).read()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "night.jsonl"


def test_what_is_written_is_read_again(path: Path) -> None:
    member = EndpointStatus("127.0.0.1:2379", True, 0.002, "3.5.16", 7, 7, 20480, ("NOSPACE",))
    lines: list[MonitorInput | Mark] = [
        Mark("begin", BEGAN),
        start(),
        put(2, b"\xff\x00"),
        Mark("alive", BEGAN, 0.25, wall=BEGAN, members=(member,)),
        Mark("lost", BEGAN + timedelta(seconds=9), 3.5, error="None of it answered"),
    ]
    assert recorded(path, *lines).failure is None
    found = Recording(path)
    assert (found.header, found.ends, found.note) == (HEADER, BEGAN + timedelta(seconds=9), None)
    assert [item.what for item in found.read()] == lines
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_is_read_on_from_any_line(path: Path) -> None:
    recorded(path, start(), put(2), put(3))
    found = Recording(path)
    items = list(found.read())
    assert list(found.read(items[0].after)) == items[1:]


@pytest.mark.parametrize("cut", [1, 40])
def test_a_last_line_that_was_cut_off_is_left_out_with_a_note(path: Path, cut: int) -> None:
    """H92: whoever records is killed in the middle of a line."""
    recorded(path, start(), put(2), put(3))
    data = path.read_bytes()
    path.write_bytes(data[: -cut - 1])
    assert inputs_of(path) == [start(), put(2)]
    assert Recording(path).note == "its last line was cut off, and is left out"
    path.write_bytes(data[:-1])
    assert (inputs_of(path)[-1], Recording(path).note) == (put(3), None)


def test_anything_else_that_is_damaged_is_an_error_with_its_line(path: Path) -> None:
    recorded(path, start(), put(2), put(3))
    lines = path.read_bytes().splitlines(keepends=True)
    for number, damage, complaint in [
        (1, b"{}\n", "line 1: this is no recording of electiontui"),
        (1, lines[0].replace(b'"version":1', b'"version":2'), "line 1: its version is 2, and .* reads version 1"),
        (2, b"{]\n", "line 2: "),
        (3, b'{"mark":"mood"}\n', "line 3: it is neither an input nor a mark"),
        (3, b'{"mark":"alive","at":"2026-03-01T00:00:00+00:00"}\n', "line 3: a mark is damaged: .*stale"),
        (3, lines[2].replace(b'"lease":"7b",', b""), "line 3: 'lease' is missing"),
        (4, b"\xff\n", "line 4: "),
        (4, b"[]\n", "line 4: it is no JSON object"),
    ]:
        path.write_bytes(b"".join([*lines[: number - 1], damage, *lines[number:]]))
        with pytest.raises(RecordingError, match=complaint):
            inputs_of(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"hello\n", b"\n"])
def test_what_is_no_recording_is_said_to_be_none(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(RecordingError, match="line 1: "):
        Recording(path)


def test_a_file_that_is_missing_is_an_error(path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be read: No such file"):
        Recording(path)


def test_a_recording_is_gone_on_with_less_a_line_that_was_cut_off(path: Path) -> None:
    recorded(path, start(), put(2), put(3))
    os.truncate(path, path.stat().st_size - 5)
    recorded(path, Mark("begin", BEGAN), start())
    assert inputs_of(path) == [start(), put(2), Mark("begin", BEGAN), start()]


@pytest.mark.parametrize("content", [b"my diary", b"my diary\n", encoded(HEADER._replace(prefixes=("svc/",)))])
def test_no_other_file_is_written_to(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"left as it is.*; give another file"):
        RawWriter(path, HEADER, size=SIZE)
    assert path.read_bytes() == content


def test_no_recording_of_another_cluster_is_gone_on_with(path: Path) -> None:
    recorded(path, start(), put(2))
    before = path.read_bytes()
    writer = RawWriter(path, HEADER._replace(cluster="7"), size=SIZE)
    writer.put(put(3))
    writer.close()
    assert writer.failure is not None
    assert "a recording of another cluster" in writer.failure
    assert path.read_bytes() == before


def test_two_never_write_one_file(path: Path) -> None:
    first = RawWriter(path, HEADER, size=SIZE)
    with pytest.raises(RecordingError, match="is being written by another process"):
        RawWriter(path, HEADER, size=SIZE)
    first.close()


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be written: No such file"):
        RawWriter(tmp_path / "missing" / "x.jsonl", HEADER, size=SIZE)


def test_both_files_together_keep_within_the_size_and_each_begins_with_all_that_is_known(path: Path) -> None:
    writer = RawWriter(path, HEADER, size=LEAST_SIZE)
    whole, last = Replica(HEADER.prefixes), 6_000
    lines: list[MonitorInput | Mark] = [
        Mark("begin", BEGAN),
        start(),
        *(put(number, b"x" * (number % 300)) for number in range(2, last)),
    ]
    for line in lines:
        writer.put(line)
        if isinstance(line, MonitorInput):
            whole.take(line)
    writer.close()
    assert writer.failure is None
    older = path.with_name("night.jsonl.1")
    assert LEAST_SIZE // 2 < older.stat().st_size + path.stat().st_size <= LEAST_SIZE
    assert sorted(each.name for each in path.parent.iterdir()) == ["night.jsonl", "night.jsonl.1"]
    found = [item.what for item in Recording(path).read()]
    assert isinstance(found[0], MonitorInput)
    assert found[0].kind == "state"
    later = Replica(HEADER.prefixes)
    for each in found:
        if isinstance(each, MonitorInput):
            later.take(each)
    assert {name: state.queue for name, state in later.elections.items()} == {
        name: state.queue for name, state in whole.elections.items()
    }


def test_what_is_known_already_may_be_more_than_the_recording_may_take(path: Path) -> None:
    line = tuple(Candidate(b"election/%d/7b" % number, b"x" * 300, 0x7B, 1, 1) for number in range(1_250))
    many = [put(number) for number in range(2, 4_000)]
    writer = recorded(path, start()._replace(candidates=line), *many, size=LEAST_SIZE)
    assert writer.failure is not None
    assert "allow it more" in writer.failure
    assert path.stat().st_size <= LEAST_SIZE // 2
    assert inputs_of(path)


def test_a_full_disk_ends_the_recording_after_a_whole_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = RawWriter(path, HEADER, size=SIZE)
    real = os.write

    def no_room(file: int, data: bytes) -> int:
        # 100 bytes at a time, the last of them in the midst of a line.
        room = 1_000 - path.stat().st_size
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(file, data[: min(room, 100)])

    monkeypatch.setattr(os, "write", no_room)
    for number in range(2, 40):
        writer.put(put(number))
    writer.close()
    assert writer.failure == f"{path}: No space left on device; nothing more is recorded there"
    assert Recording(path).note is None


def test_what_has_no_room_is_not_kept_and_said_to_be_missing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """H92: a disk that is too slow costs the recording a gap, and the watching nothing."""
    monkeypatch.setattr(writer_module, "_TOGETHER", 30.0)
    monkeypatch.setattr(writer_module, "_QUEUED", 10)
    writer = RawWriter(path, HEADER, size=SIZE)
    for number in range(2, 40):
        writer.put(put(number))
    assert writer.overflown
    writer.put(Mark("begin", BEGAN))
    assert writer.overflown
    writer.close()
    assert inputs_of(path) == [put(number) for number in range(2, 12)]


def test_few_large_values_have_no_room_either(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "_TOGETHER", 30.0)
    monkeypatch.setattr(writer_module, "_QUEUED_BYTES", 3_500)
    writer = RawWriter(path, HEADER, size=SIZE)
    for number in range(2, 9):
        writer.put(put(number, b"x" * 1_000))
    assert writer.overflown
    writer.close()
    assert len(inputs_of(path)) == 3


def test_all_that_is_known_is_written_down_now_and_then(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "_IMAGE_EVERY", 5_000)
    recorded(path, start(), *(put(number) for number in range(2, 200)))
    found = Recording(path)
    images = found.images()
    assert len(images) > 3
    for at, offset in images:
        first = next(found.read(offset)).what
        assert isinstance(first, MonitorInput)
        assert (first.kind, first.at) == ("state", at)


def test_it_is_read_on_while_the_file_is_put_by(path: Path) -> None:
    """A recording may be played while it goes on, and begins anew in another file when it is full."""
    recorded(path, start(), put(2), put(3))
    found = Recording(path)
    items = list(found.read())
    path.replace(path.with_name("night.jsonl.1"))
    recorded(path, start())
    assert list(found.read()) == items
    assert found.images() == []


@pytest.mark.parametrize(
    "line",
    [
        b'{"mark":"alive","at":"2026-03-01T00:00:00+00:00","stale":1e300}\n',
        b'{"mark":"alive","at":"2026-03-01T00:00:00+00:00","stale":NaN}\n',
        b'{"mark":"alive","at":"0001-01-01T00:00:00+00:00","stale":5}\n',
        b'{"input":"rewind","prefix":0,"at":"9999-12-31T23:59:59-23:00","revision":0}\n',
        b'{"mark":' + b"[" * 100_000 + b"\n",
        b'{"mark":{},"at":"2026-03-01T00:00:00+00:00","stale":0}\n',
        b'{"input":"state","prefix":0,"at":"2026-03-01T00:00:00+00:00","revision":5,"missed":false,"known_vacant":[],'
        b'"lines":[{"path":"election/job","revision":"five","gap":false,"candidates":[]}],"strays":[],"crowded":[]}\n',
    ],
)
def test_what_cannot_be_is_damaged_wherever_it_stands(path: Path, line: bytes) -> None:
    recorded(path, start(), put(2))
    data = path.read_bytes()
    for content in (data + line, data + line + encoded(put(3))):
        path.write_bytes(content)
        with pytest.raises(RecordingError, match="line 4: "):
            inputs_of(path)


def test_a_first_line_without_an_end_is_not_read_to_it(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 34)
    with pytest.raises(RecordingError, match="line 1: "):
        Recording(path)


def test_no_file_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(RecordingError, match="cannot be read: it is no file"):
            Recording(path)


def test_a_recording_of_very_many_prefixes_is_gone_on_with(path: Path) -> None:
    header = HEADER._replace(prefixes=tuple(f"election/{number:020}/" for number in range(10_000)))
    for _ in range(2):
        writer = RawWriter(path, header, size=SIZE)
        writer.put(start())
        writer.close()
    assert inputs_of(path) == [start(), start()]


def test_a_foreign_file_is_not_replaced_when_this_one_is_full(path: Path) -> None:
    diary = path.with_name("night.jsonl.1")
    diary.write_text("Dear diary\n")
    writer = recorded(path, start(), *(put(number, b"x" * 300) for number in range(2, 4_000)), size=LEAST_SIZE)
    assert diary.read_text() == "Dear diary\n"
    assert writer.failure is not None
    assert "night.jsonl.1 is no recording" in writer.failure
    assert inputs_of(path)[:2] == [start(), put(2, b"x" * 300)]


def test_a_defect_ends_the_recording_and_is_told(path: Path) -> None:
    writer = recorded(path, start(), put(2)._replace(prefix=7), put(3))
    assert writer.failure is not None
    assert "no prefix number 7" in writer.failure
