"""What a monitor decides by, one input after the other, as values and as JSON-ready documents. Pure.

Names, keys and values are text where they are UTF-8, else ``{"base64": …}``, so that all bytes survive.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

from .model import Candidate, KeyDeleted, KeyEvent, KeyPut

__all__ = ["InputKind", "LineImage", "MonitorInput"]

InputKind = Literal["read", "revision", "audit", "rewind", "forget", "state"]
_KINDS = frozenset(get_args(InputKind))


class LineImage(NamedTuple):
    """All that is known of one election."""

    path: bytes
    """Its keys' common part, without the last slash."""
    revision: int
    gap: bool
    """Whether a gap is still to be told of."""
    candidates: tuple[Candidate, ...]


class MonitorInput(NamedTuple):
    """One input of a monitor; `Replica` takes it again.

    Of the fields only those count that its kind has.
    """

    prefix: int
    """Which of the monitor's prefixes it is about, by its number."""
    kind: InputKind
    """``read``: all candidates were read; ``revision``: what one revision changed, and what of older keys has to be
    known with it; ``audit``: some lines were read again, and what is different got lost; ``rewind``: etcd was restored
    or wiped; ``forget``: a vacant election was forgotten; ``state``: all that was known at a moment, in place of what
    led to it."""
    at: datetime
    """When it reached the program (aware, UTC)."""
    revision: int = 0
    candidates: tuple[Candidate, ...] = ()
    """Of ``read`` and ``audit``."""
    events: tuple[KeyEvent, ...] = ()
    """Of ``revision``, in their order."""
    roots: tuple[bytes, ...] | None = None
    """Of ``audit``: the paths that were read, ``None`` for all."""
    election: str = ""
    """Of ``forget``."""
    lines: tuple[LineImage, ...] = ()
    """Of ``state``."""
    missed: bool = False
    """Of ``state``: whether anything was ever missed."""
    known_vacant: tuple[bytes, ...] = ()
    """Of ``state``: the paths of forgotten elections that are known to have been vacant since."""
    strays: tuple[LineImage, ...] = ()
    """Of ``state``: what stands where nobody campaigns."""
    crowded: tuple[bytes, ...] = ()
    """Of ``state``: the paths where too much of that stands."""

    @property
    def size(self) -> int:
        """Bytes of the keys and values in it."""
        puts = [each.candidate for each in self.events if type(each) is KeyPut]
        return sum(len(each.key) + len(each.value) for each in (*puts, *self.candidates))

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; `from_dict` gives the same input again."""
        found: dict[str, Any] = {
            "input": self.kind,
            "prefix": self.prefix,
            "at": self.at.isoformat(),
            "revision": self.revision,
        }
        if self.kind == "revision":
            found["events"] = [_event_as_dict(each) for each in self.events]
        elif self.kind in ("read", "audit"):
            found["candidates"] = [_as_dict(each) for each in self.candidates]
            found["roots"] = None if self.roots is None else [_text(each) for each in self.roots]
        elif self.kind == "forget":
            found["election"] = _text(self.election.encode("utf-8", "surrogateescape"))
        elif self.kind == "state":
            found |= {"missed": self.missed, "known_vacant": [_text(each) for each in self.known_vacant]}
            found["lines"] = [_line_as_dict(each) for each in self.lines]
            found["strays"] = [_line_as_dict(each) for each in self.strays]
            found["crowded"] = [_text(each) for each in self.crowded]
        return found

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> MonitorInput:
        """What `as_dict` has given.

        Raises:
            ValueError: something of it is missing or is not what it should be; the message says what.
        """
        try:
            return _read(document)
        except KeyError as exc:
            raise ValueError(f"{exc} is missing") from exc
        except (TypeError, AttributeError) as exc:
            raise ValueError(f"something in it has the wrong type: {exc}") from exc


def _read(document: Mapping[str, Any]) -> MonitorInput:
    kind, prefix = document["input"], document["prefix"]
    at, revision = datetime.fromisoformat(document["at"]), document["revision"]
    if kind not in _KINDS:
        raise ValueError(f"there is no input {kind!r}")
    if type(prefix) is not int or type(revision) is not int:
        raise ValueError("prefix and revision are whole numbers")
    if at.tzinfo is None:
        raise ValueError("the time has no offset from UTC")
    if kind == "revision":
        return MonitorInput(prefix, kind, at, revision, events=tuple([_event(each) for each in document["events"]]))
    given = MonitorInput(prefix, kind, at, revision)
    if kind in ("read", "audit"):
        roots = document["roots"]
        return given._replace(
            candidates=tuple(map(_candidate, document["candidates"])),
            roots=None if roots is None else tuple(map(_bytes, roots)),
        )
    if kind == "forget":
        return given._replace(election=_bytes(document["election"]).decode("utf-8", "surrogateescape"))
    if kind == "state":
        return given._replace(
            lines=tuple(map(_line, document["lines"])),
            missed=document["missed"],
            known_vacant=tuple(map(_bytes, document["known_vacant"])),
            strays=tuple(map(_line, document["strays"])),
            crowded=tuple(map(_bytes, document["crowded"])),
        )
    return given


def _text(data: bytes) -> str | dict[str, str]:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": b64encode(data).decode("ascii")}


def _bytes(text: str | Mapping[str, str]) -> bytes:
    return text.encode("utf-8") if type(text) is str else b64decode(text["base64"], validate=True)  # type: ignore[index]


def _as_dict(candidate: Candidate) -> dict[str, Any]:
    key, value, lease_id, created, modified = candidate
    return {
        "key": _text(key),
        "value": _text(value),
        "lease": format(lease_id, "x"),
        "create_revision": created,
        "mod_revision": modified,
    }


def _candidate(document: Mapping[str, Any]) -> Candidate:
    created, modified = document["create_revision"], document["mod_revision"]
    if type(created) is not int or type(modified) is not int:
        raise ValueError("create_revision and mod_revision are whole numbers")
    return Candidate(_bytes(document["key"]), _bytes(document["value"]), int(document["lease"], 16), created, modified)


def _event_as_dict(event: KeyEvent) -> dict[str, Any]:
    return _as_dict(event.candidate) if type(event) is KeyPut else {"deleted": _text(event.key)}


def _event(document: Mapping[str, Any]) -> KeyEvent:
    return KeyDeleted(_bytes(document["deleted"])) if "deleted" in document else KeyPut(_candidate(document))


def _line_as_dict(line: LineImage) -> dict[str, Any]:
    return {
        "path": _text(line.path),
        "revision": line.revision,
        "gap": line.gap,
        "candidates": [_as_dict(each) for each in line.candidates],
    }


def _line(document: Mapping[str, Any]) -> LineImage:
    candidates, revision, gap = tuple(map(_candidate, document["candidates"])), document["revision"], document["gap"]
    if type(revision) is not int or type(gap) is not bool:
        raise ValueError("of a line, revision is a whole number and gap a boolean")
    return LineImage(_bytes(document["path"]), revision, gap, candidates)
