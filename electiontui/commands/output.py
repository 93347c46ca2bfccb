"""How data leaves on stdout: JSON for any bytes, and a pipe whose reader has left as a quiet end."""

from __future__ import annotations

import json

from ..as_json import Json
from ..text import ascii_form
from .streams import is_plain

__all__ = ["print_json", "print_line"]


def print_json(document: Json) -> None:
    """One document on one line. Raises OSError where `print_line` does."""
    print_line(json.dumps(document))


def print_line(line: str) -> None:
    """One line, at once. What the terminal cannot show has a form in ASCII.

    Raises:
        OSError: it cannot be written, see `streams.stdout_failed`.
    """
    print(ascii_form(line) if is_plain() else line, flush=True)
