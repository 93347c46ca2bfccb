"""A program in a pseudo-terminal: what it draws is read at once, its frames are counted, keys can be pressed."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Sequence
from types import TracebackType

from .process import cpu_seconds

__all__ = ["Terminal", "TerminalFailed"]

_FRAME = b"\x1b[?2026h"
"""How a program begins a frame, where the terminal says that it can draw it whole."""
_ASKED_FOR_FRAMES = b"\x1b[?2026$p"
_FRAMES_ARE_KNOWN = b"\x1b[?2026;2$y"
_CONTROL = re.compile(rb"\x1b\[[0-9;?<>=$]*[A-Za-z]")
_KEPT = 200_000


class TerminalFailed(RuntimeError):
    """The program ended, or did not draw what was waited for."""


class Terminal:
    """Runs a program until it is left. A thread reads what is drawn, so that the program never waits for it."""

    # The mutable state, filled by the thread: how many frames began, what was drawn last, and when which of the
    # texts that are waited for was seen.

    def __init__(self, command: Sequence[str], *, columns: int = 120, lines: int = 40) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.started_at = time.monotonic()
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True
        )
        os.close(slave)
        self.frames = 0
        self._drawn = b""
        self._seen = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def cpu(self) -> float:
        """CPU seconds that the program has used until now."""
        return cpu_seconds(self._process.pid)

    def press(self, key: bytes) -> None:
        os.write(self._master, key)

    def wait_for(self, *texts: str, timeout: float) -> float:
        """Wait until all of the texts were drawn; when that was, in monotonic seconds.

        Raises:
            TerminalFailed: they were not in time.
        """
        wanted = [text.encode() for text in texts]
        with self._seen:
            if self._seen.wait_for(lambda: all(text in self._drawn for text in wanted), timeout):
                return time.monotonic()
        raise TerminalFailed(f"{texts} were not drawn within {timeout:g} s; last: {self._drawn[-300:]!r}")

    def forget(self) -> None:
        """`wait_for` is about what is drawn from now on."""
        with self._seen:
            self._drawn = b""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join(5.0)
        os.close(self._master)

    def _read(self) -> None:
        while True:
            try:
                drawn = os.read(self._master, 65536)
            except OSError:
                return  # the program has ended
            if _ASKED_FOR_FRAMES in drawn:
                os.write(self._master, _FRAMES_ARE_KNOWN)
            with self._seen:
                self.frames += drawn.count(_FRAME)
                self._drawn = (self._drawn + _CONTROL.sub(b"", drawn))[-_KEPT:]
                self._seen.notify_all()
