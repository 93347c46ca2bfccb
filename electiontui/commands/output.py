"""How data leaves on stdout: JSON for any bytes, and a pipe whose reader has left as a quiet end."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

from election_core import Candidate

from ..text import ascii_form, raw
from .streams import is_plain

__all__ = ["Json", "candidate_json", "print_json", "print_line", "text_json", "time_json"]

Json = dict[str, Any]


def text_json(value: bytes | str) -> str | Json:
    """Text for what is UTF-8, else ``{"base64": …}``."""
    data = raw(value)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def candidate_json(candidate: Candidate | None) -> Json | None:
    """A candidate as JSON. The lease is hex, as etcdctl writes it: as a number it would not survive JavaScript."""
    if candidate is None:
        return None
    return {
        "key": text_json(candidate.key),
        "value": text_json(candidate.value),
        "lease": format(candidate.lease_id, "x"),
        "create_revision": candidate.create_revision,
        "mod_revision": candidate.mod_revision,
    }


def time_json(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def print_json(document: Json) -> None:
    """One document on one line. Raises OSError where `print_line` does."""
    print_line(json.dumps(document))


def print_line(line: str) -> None:
    """One line, at once. What the terminal cannot show has a form in ASCII.

    Raises:
        OSError: it cannot be written, see `streams.stdout_failed`.
    """
    print(ascii_form(line) if is_plain() else line, flush=True)
