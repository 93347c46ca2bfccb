"""Names of elections as paths from the root of the key space: there two views of different prefixes agree. Pure."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["covers", "name_of", "path_of", "raw"]


def raw(text: str) -> bytes:
    """The bytes of a name or prefix; those that are no UTF-8 are in it as lone surrogates."""
    return text.encode("utf-8", "surrogateescape")


def path_of(base: str, name: str) -> bytes:
    """Where the keys of an election are, without the slash at the end. ``base``: what its name is relative to."""
    if name in ("", "/"):
        # The election's own path is what is watched, or its candidates stand one slash too deep.
        return raw(base[:-1] if not name and base.endswith("/") else base)
    return raw(base + name)


def name_of(base: str, path: bytes) -> str:
    """The name of an election as a view shows it whose names are relative to ``base``."""
    start = raw(base)
    if path == start:
        return "/"
    return (path + b"/").removeprefix(start)[:-1].decode("utf-8", "surrogateescape")


def covers(prefixes: Iterable[bytes], path: bytes) -> bool:
    """Whether all candidates of an election begin with one of these prefixes."""
    return any((path + b"/").startswith(prefix) for prefix in prefixes)
