"""The drills that are included, and those in files."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from .model import BadDrill, Drill
from .reading import parse_drill

__all__ = ["included", "read_drill", "text_of"]


def included() -> list[str]:
    """Names of those that are included, sorted."""
    return sorted(entry.name.removesuffix(".toml") for entry in _folder().iterdir() if entry.name.endswith(".toml"))


def text_of(name_or_file: str) -> str:
    """The TOML of an included drill, or of a file.

    Raises:
        BadDrill: there is no such drill, or the file cannot be read.
    """
    if name_or_file in included():
        return (_folder() / f"{name_or_file}.toml").read_text("utf-8")
    try:
        return Path(name_or_file).read_text("utf-8")
    except FileNotFoundError as exc:
        raise BadDrill(
            f"{name_or_file!r} is neither a file nor one of the drills that are included: {', '.join(included())}."
        ) from exc
    except (OSError, UnicodeError, ValueError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8"
        raise BadDrill(f"{name_or_file}: cannot read it: {why}.") from exc


def read_drill(name_or_file: str) -> Drill:
    """An included drill, or the one in a file.

    Raises:
        BadDrill: there is none, or it is wrong; the message says in which line, and what would be right.
    """
    return parse_drill(text_of(name_or_file), name_or_file)


def _folder() -> Traversable:
    return files(__package__) / "included"
