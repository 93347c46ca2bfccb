"""The file that a recording is written to: whole lines at its end, by one writer, and put by when it is full."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from .format import LONGEST_HEADER, Header, RecordingError, encoded, header_of

__all__ = ["Storage"]

_STEP = 1 << 16


class Storage:
    """Attributes:
    length: bytes of whole lines in the file.
    found: what its first line said before, if there was one.
    """

    # The mutable state: the open file, which is locked, and its length.

    def __init__(self, path: Path, header: Header) -> None:
        """Begin a recording, or go on with the one that is there, less a last line that was cut off.

        Raises:
            RecordingError: another recording is in the file, somebody writes it, or it cannot be written.
        """
        self._path = path
        self.found: Header | None = None
        try:
            self._file = _open_locked(path)
            self.length = self._take_up(header.prefixes)
        except OSError as exc:
            raise RecordingError(f"{path} cannot be written: {exc.strerror}; give another file.") from exc

    def _take_up(self, prefixes: tuple[str, ...]) -> int:
        size = os.fstat(self._file).st_size
        whole = _after_last_newline(self._file, size)
        if whole == 0 and size:
            raise RecordingError(f"{self._path} is no recording, and is left as it is; give another file.")
        if whole == 0:
            return 0
        try:
            self.found = header_of(os.pread(self._file, LONGEST_HEADER, 0).partition(b"\n")[0])
        except ValueError as exc:
            raise RecordingError(f"{self._path} is left as it is: {exc}; give another file.") from exc
        if self.found.prefixes != prefixes:
            raise RecordingError(
                f"{self._path} is a recording of other prefixes, and is left as it is; give another file."
            )
        os.ftruncate(self._file, whole)
        os.lseek(self._file, whole, os.SEEK_SET)
        return whole

    def begin(self, header: Header) -> None:
        """Write the first line, where there is none.

        Raises:
            OSError: the disk does not take it.
            RecordingError: there is one, of another cluster.
        """
        if self.found is None:
            self.append([encoded(header)])
        elif self.found.cluster and header.cluster and self.found.cluster != header.cluster:
            raise RecordingError("it is a recording of another cluster, and is left as it is")

    def append(self, lines: Iterable[bytes]) -> None:
        """Raises:
        OSError: the disk does not take them.
        """
        self.length += _write(self._file, lines)

    def cut_back(self) -> None:
        """Leave no part of a line that was not written whole."""
        os.ftruncate(self._file, self.length)

    def put_by(self, start: Iterable[bytes]) -> None:
        """Make the file ``FILE.1``, in place of an older one, and begin another with these lines.

        Raises:
            OSError: it cannot be done.
            RecordingError: something else is called so.
        """
        older = self._path.with_name(self._path.name + ".1")
        _check_recording(older)
        os.replace(self._path, older)
        old, self._file = self._file, _open_locked(self._path)
        os.close(old)
        self.length = 0
        self.append(start)

    def close(self) -> None:
        os.close(self._file)


def _open_locked(path: Path) -> int:
    # What candidates proclaim may be for few eyes.
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        os.close(file)
        raise RecordingError(f"{path} is being written by another process; give another file.") from exc
    return file


def _check_recording(path: Path) -> None:
    with suppress(FileNotFoundError), path.open("rb") as file:
        try:
            header_of(file.readline(LONGEST_HEADER))
        except ValueError as exc:
            raise RecordingError(f"{path.name} is no recording, and is left as it is; move it away") from exc


def _after_last_newline(file: int, size: int) -> int:
    """Where the last whole line ends."""
    end = size
    while end > 0:
        start = max(0, end - _STEP)
        at = os.pread(file, end - start, start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


def _write(file: int, lines: Iterable[bytes]) -> int:
    data = b"".join(lines)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
    return len(data)
