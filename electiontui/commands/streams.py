"""stdout and stderr when they are closed, full, plain or narrow."""

from __future__ import annotations

import locale
import os
import shutil
import sys
import textwrap
from io import TextIOWrapper
from typing import TextIO

from . import ERROR, OK

__all__ = ["can_ask", "is_plain", "replace_closed_streams", "say", "stdout_failed"]


def replace_closed_streams() -> None:
    """What was closed when the program began fails when it is written to, and no connection takes its number.

    What stdout cannot encode is escaped from then on.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def is_plain() -> bool:
    """Whether stdout gets ASCII alone: its encoding or the locale has no more, or it is a dumb terminal."""
    try:
        "→–…".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return True
    # Python takes the locale C for UTF-8, which a terminal in that locale need not be.
    guessed = bool(sys.flags.utf8_mode) and not {"PYTHONUTF8", "PYTHONIOENCODING"} & os.environ.keys()
    if guessed and locale.getencoding().lower().replace("-", "") != "utf8":
        return True
    return os.environ.get("TERM") == "dumb" and sys.stdout.isatty()


def can_ask() -> bool:
    """Whether there is a terminal to ask a question on."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def say(text: str) -> None:
    """Narration on stderr, whole, and wrapped at words on a terminal; where nobody can be told, nothing."""
    text = f"electiontui: {text}"
    try:
        if sys.stderr.isatty():
            width = shutil.get_terminal_size().columns
            text = textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)
        print(text, file=sys.stderr, flush=True)
    except OSError:
        _lead_nowhere(sys.stderr)


def stdout_failed(exc: OSError) -> int:
    """Say why stdout could not be written, unless its reader has left; returns the exit code."""
    _lead_nowhere(sys.stdout)
    if isinstance(exc, BrokenPipeError):
        return OK
    say(f"cannot write to stdout: {exc.strerror or exc}; redirect it to where there is room.")
    return ERROR


def _lead_nowhere(stream: TextIO) -> None:
    # What is left in its buffer would fail once more at the exit, and change the exit code.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
