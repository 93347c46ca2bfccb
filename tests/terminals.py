"""The dashboard in a terminal of its own, as a user has it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from .servers import ROOT, clean_environment

__all__ = ["in_terminal", "read_until"]


@contextmanager
def in_terminal(*options: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The process, and our end of its terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 40, 160, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "electiontui", *options],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env=clean_environment(TERM="xterm-256color"),
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def read_until(terminal: int, wanted: bytes, seconds: float = 30.0) -> str:
    """What is drawn that looks so."""
    drawn, ends_at = b"", monotonic() + seconds
    while (found := re.search(wanted, drawn)) is None:
        assert select.select([terminal], [], [], max(ends_at - monotonic(), 0.0))[0], drawn
        drawn += os.read(terminal, 1 << 16)
    return found[0].decode()
