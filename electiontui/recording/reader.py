"""Reading a recording: line by line, from any line that was read before, with the line's number where it is damaged."""

from __future__ import annotations

import os
import stat
import weakref
from collections.abc import Iterator
from datetime import datetime
from io import BufferedReader, RawIOBase
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .format import LONGEST_HEADER, Line, RecordingError, document_of, header_of, line_of, time_of

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["Item", "Recording"]

_STEP = 1 << 16
_IMAGE = b'\n{"input":"state","prefix":0,"at":"'


class Item(NamedTuple):
    """What a line says."""

    what: Line
    after: int
    """Where the next line begins, in bytes."""


class Recording:
    """A file of which as much is read as there was when it was opened.

    Attributes:
        path: the file.
        header: what its first line says.
        start: where its second line begins, in bytes.
        ends: the time of its last line.
        note: what is to be told of the file, such as that its last line was cut off; or ``None``.
    """

    def __init__(self, path: Path) -> None:
        """Raises:
        RecordingError: it cannot be read, or is no recording.
        """
        self.path = path
        self.note: str | None = None
        try:
            # The one that is there now, whatever becomes of its name: when it is full another file takes that.
            self._file = _opened(path)
            weakref.finalize(self, os.close, self._file)
            first = os.pread(self._file, LONGEST_HEADER, 0).partition(b"\n")[0] + b"\n"
            self.header = header_of(first)
            size = os.fstat(self._file).st_size
            self._size = _whole(self._file, size)
            last = _last_line(self._file, self._size)
        except OSError as exc:
            raise RecordingError(f"{path} cannot be read: {exc.strerror or exc}") from exc
        except ValueError as exc:
            raise RecordingError(f"{path}, line 1: {exc}") from exc
        if self._size < size:
            self.note = "its last line was cut off, and is left out"
        self.start = len(first)
        self.ends = max(self.header.began, _time_of(last) or self.header.began)

    @property
    def length(self) -> int:
        """Bytes of what is read."""
        return self._size

    def read(self, start: int | None = None) -> Iterator[Item]:
        """What the lines say, from the beginning of one on.

        Raises:
            RecordingError: a line is damaged, or the file cannot be read.
        """
        offset = self.start if start is None else start
        try:
            with BufferedReader(_From(self._file, offset), _STEP) as file:
                while offset < self._size:
                    line = file.readline()
                    try:
                        what = line_of(line)
                    except ValueError as exc:
                        raise RecordingError(f"{self.path}, line {self._number_of(offset)}: {exc}") from exc
                    offset += len(line)
                    yield Item(what, offset)
        except OSError as exc:
            raise RecordingError(f"{self.path} cannot be read: {exc.strerror}") from exc

    def images(self) -> list[tuple[datetime, int]]:
        """When all that was known is written down, and where, in order. A gigabyte takes half a second."""
        found: list[tuple[datetime, int]] = []
        try:
            with mmap(self._file, self._size, access=ACCESS_READ) as data:
                at = data.find(_IMAGE, self.start - 1)
                while at >= 0:
                    head = data[at + len(_IMAGE) : at + len(_IMAGE) + 32].partition(b'"')[0]
                    found.append((datetime.fromisoformat(head.decode()), at + 1))
                    at = data.find(_IMAGE, at + 1)
        except (OSError, ValueError) as exc:
            raise RecordingError(f"{self.path} cannot be searched: {exc}") from exc
        return found

    def _number_of(self, offset: int) -> int:
        steps = range(0, offset, _STEP)
        return 1 + sum(os.pread(self._file, min(_STEP, offset - at), at).count(b"\n") for at in steps)


class _From(RawIOBase):
    """An open file from a place on; several may read it at once, each at its own pace."""

    def __init__(self, file: int, offset: int) -> None:
        self._file, self._offset = file, offset

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        number = os.preadv(self._file, [buffer], self._offset)
        self._offset += number
        return number


def _opened(path: Path) -> int:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError("it is no file")
    return file


def _whole(file: int, size: int) -> int:
    """Bytes of the file without a last line that was cut off; one that only has no end counts."""
    tail = _last_line(file, size)
    try:
        document_of(tail)
    except ValueError:
        return size - len(tail) if not tail.endswith(b"\n") else size
    return size


def _last_line(file: int, size: int) -> bytes:
    start = max(0, size - 1)
    while start > 0:
        step = min(_STEP, start)
        at = os.pread(file, step, start - step).rfind(b"\n")
        if at >= 0:
            start = start - step + at + 1
            break
        start -= step
    return os.pread(file, size - start, start)


def _time_of(line: bytes) -> datetime | None:
    """Where the last line is damaged that is said once it is read."""
    try:
        return time_of(document_of(line)["at"])
    except (ValueError, KeyError, TypeError):
        return None
