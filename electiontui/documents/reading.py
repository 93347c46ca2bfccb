"""What the readers of documents share: one way to say what is wrong, and the checks of single values. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ..durations import parse_duration
from .lines import Lines, Path

__all__ = [
    "Wrong",
    "check_keys",
    "flag",
    "number",
    "one_of",
    "read_document",
    "seconds",
    "tables",
    "text",
    "texts",
    "whole",
]

_Read = TypeVar("_Read")


class Wrong(Exception):
    """Something in a document, with where it stands."""

    def __init__(self, path: Path, sentence: str) -> None:
        super().__init__(sentence)
        self.path = path


def read_document(
    content: str, source: str, reader: Callable[[Mapping[str, Any], Lines], _Read], bad: type[ValueError]
) -> _Read:
    """What the reader makes of a TOML text.

    Args:
        content: the text.
        source: the file that it comes from, for messages.
        reader: may raise `Wrong`.
        bad: what is raised in its place; the message begins with ``source:line``.
    """
    try:
        document = tomllib.loads(content)
    except tomllib.TOMLDecodeError as exc:
        at = re.search(r"line (\d+)", str(exc))
        line = int(at[1]) if at else content.removesuffix("\n").count("\n") + 1
        raise bad(f"{source}:{line}: this is not TOML: {exc}.") from exc
    except ValueError as exc:  # as of a number with thousands of digits
        raise bad(f"{source}:1: this is no TOML that can be read: {exc}.") from exc
    except RecursionError as exc:
        raise bad(f"{source}:1: this is no TOML that can be read: it is nested too deeply.") from exc
    lines = Lines(content)
    try:
        return reader(document, lines)
    except Wrong as exc:
        raise bad(f"{source}:{lines.of(exc.path)}: {exc}") from exc


def check_keys(table: Mapping[str, Any], path: Path, needed: Sequence[str], possible: Sequence[str]) -> None:
    known = (*needed, *possible)
    if unknown := [key for key in table if key not in known]:
        raise Wrong((*path, unknown[0]), f"{unknown[0]!r} means nothing here; there are {', '.join(known)}.")
    if missing := [key for key in needed if key not in table]:
        raise Wrong(path, f"{missing[0]!r} is missing here.")


def tables(document: Mapping[str, Any], path: Path) -> list[Mapping[str, Any]]:
    key = str(path[-1])
    value = document[key]
    if not isinstance(value, list) or not value or not all(isinstance(each, dict) for each in value):
        raise Wrong(path, f"{key!r} are tables, one at least: write [[{key}]] above each.")
    return value


def text(value: Any, path: Path) -> str:
    if not isinstance(value, str):
        raise Wrong(path, f"{value!r} is no text; put it in quotes.")
    return value


def texts(value: Any, path: Path) -> tuple[str, ...]:
    """One text, or a list of them."""
    each = value if isinstance(value, list) else [value]
    return tuple(text(one, path) for one in each)


def flag(value: Any, path: Path) -> bool:
    if not isinstance(value, bool):
        raise Wrong(path, f"{value!r} is neither true nor false.")
    return value


def whole(value: Any, path: Path, most: int, what: str, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Wrong(path, f"{value!r} is not {what}: give a whole number from {least} to {most}.")
    return value


def number(value: Any) -> float | None:
    """The number that a value is, and ``None`` for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def seconds(value: Any, path: Path) -> float:
    """A length of time, as a number of seconds or as text."""
    length = number(value)
    if length is not None and 0 < length < 1e6:
        return length
    try:
        return parse_duration(value)
    except (ValueError, TypeError, AttributeError):
        raise Wrong(path, f'{value!r} is no duration: give seconds, or text such as "500ms" or "1m30s".') from None


def one_of(value: Any, path: Path, known: Sequence[str]) -> str:
    if value not in known:
        raise Wrong(path, f"{value!r} is none of {', '.join(known)}.")
    return str(value)
