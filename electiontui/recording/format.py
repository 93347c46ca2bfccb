"""The lines of a recording: JSON, one document each. Pure.

The first says what was watched, and by which clock. The others are inputs of the monitor, as `MonitorInput.as_dict`
has them, and marks, which say whether etcd was watched.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

from election_core import EndpointStatus, MonitorInput

__all__ = [
    "LONGEST_HEADER",
    "VERSION",
    "Header",
    "Line",
    "Mark",
    "MarkKind",
    "RecordingError",
    "document_of",
    "encoded",
    "header_of",
    "line_of",
    "time_of",
]

FORMAT = "electiontui recording"
VERSION = 1

MarkKind = Literal["begin", "alive", "lost", "back", "end"]
_decode = json.JSONDecoder().decode
_MARKS = frozenset(get_args(MarkKind))
_LONGEST_SILENCE = 1e9
"""Seconds."""
_YEARS = range(1970, 9000)
"""In which there are moments before and after each."""
LONGEST_HEADER = 4 << 20
"""Bytes that the first line may take."""


class RecordingError(Exception):
    """A file is no recording, is damaged, or is in use; the message names it and the line."""


class Header(NamedTuple):
    """What a recording is of."""

    prefixes: tuple[str, ...]
    """What was watched, as the monitor has them. A byte that is no text is a lone surrogate, which JSON can write."""
    began: datetime
    """When it began (aware), with the offset from UTC of whoever recorded it."""
    cluster: str = ""
    """The cluster's id in hex; empty where it was not known."""
    endpoints: tuple[str, ...] = ()
    """Where etcd was asked."""

    def as_dict(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "version": VERSION,
            "cluster": self.cluster,
            "prefixes": list(self.prefixes),
            "endpoints": list(self.endpoints),
            "began": self.began.isoformat(),
        }


class Mark(NamedTuple):
    """What was known of the watch at a moment."""

    kind: MarkKind
    """``begin``: a monitor begins, and what came before is not gone on with; ``alive``: a look at the watch; ``lost``
    and ``back``: the connection; ``end``: nobody wanted more."""
    at: datetime
    stale: float = 0.0
    """For how many seconds nothing was heard of etcd."""
    wall: datetime | None = None
    """What the wall clock showed, which may have been set meanwhile."""
    error: str = ""
    """Why the connection was lost."""
    members: tuple[EndpointStatus, ...] | None = None
    """What the endpoints have answered, where they were asked since the mark before."""

    def as_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {"mark": self.kind, "at": self.at.isoformat(), "stale": round(self.stale, 3)}
        if self.wall is not None:
            found["wall"] = self.wall.isoformat()
        if self.error:
            found["error"] = self.error
        if self.members is not None:
            found["members"] = [each._asdict() for each in self.members]
        return found


Line = MonitorInput | Mark


def encoded(line: Header | Line) -> bytes:
    """One line of the file, with its end."""
    return json.dumps(line.as_dict(), separators=(",", ":")).encode("ascii") + b"\n"


def header_of(line: bytes) -> Header:
    """What the first line says.

    Raises:
        ValueError: it is none, or of a version that is not known here.
    """
    document = document_of(line)
    if document.get("format") != FORMAT:
        raise ValueError("this is no recording of electiontui")
    if document.get("version") != VERSION:
        raise ValueError(f"its version is {document.get('version')!r}, and this electiontui reads version {VERSION}")
    try:
        began = time_of(document["began"])
        prefixes, endpoints = _texts(document["prefixes"]), tuple(document["endpoints"])
        return Header(prefixes, began, document["cluster"], endpoints)
    except (KeyError, TypeError, UnicodeError) as exc:
        raise ValueError(f"its first line is damaged: {exc!r}") from exc


def line_of(line: bytes) -> Line:
    """Any other line.

    Raises:
        ValueError: it is damaged; the message says how.
    """
    document = document_of(line)
    if "input" not in document:
        return _mark(document)
    given = MonitorInput.from_dict(document)
    _possible(given.at)
    return given


def _mark(document: Mapping[str, Any]) -> Mark:
    try:
        if document.get("mark") not in _MARKS:
            raise ValueError("it is neither an input nor a mark")
        if not 0 <= float(document["stale"]) <= _LONGEST_SILENCE:
            raise ValueError("a mark is damaged: nothing can be stale for so long")
        members = document.get("members")
        return Mark(
            document["mark"],
            time_of(document["at"]),
            float(document["stale"]),
            time_of(document["wall"]) if "wall" in document else None,
            str(document.get("error", "")),
            None if members is None else tuple(_member(each) for each in members),
        )
    except (KeyError, TypeError) as exc:
        raise ValueError(f"a mark is damaged: {exc!r}") from exc


def _member(document: Mapping[str, Any]) -> EndpointStatus:
    return EndpointStatus(**{**document, "alarms": tuple(document["alarms"])})


def document_of(line: bytes) -> dict[str, Any]:
    """Any line as JSON has it.

    Raises:
        ValueError: it is none.
    """
    try:
        document = _decode(line.decode())
    except RecursionError as exc:
        raise ValueError("it is too deep") from exc
    if not isinstance(document, dict):
        raise ValueError("it is no JSON object")
    return document


def time_of(text: str) -> datetime:
    """A moment (aware).

    Raises:
        TypeError, ValueError: it is none, or has no offset from UTC, or is not of these times.
    """
    return _possible(datetime.fromisoformat(text))


def _possible(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"the time {at} has no offset from UTC")
    if at.year not in _YEARS:
        raise ValueError(f"the time {at} cannot be")
    return at


def _texts(found: Sequence[str]) -> tuple[str, ...]:
    if not all(isinstance(each, str) for each in found):
        raise TypeError("a prefix is text")
    return tuple(found)
