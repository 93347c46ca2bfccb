"""The etcdctl commands that do what an action of the dashboard does, for the user to read and copy. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from .text import shell_word

__all__ = ["access", "asking", "campaign", "proclaim", "resign"]

ETCDCTL_TTL = 60
"""The TTL in seconds of ``etcdctl elect``; it has no flag for it."""


def access(
    *,
    user: str | None = None,
    ca: Path | None = None,
    cert: Path | None = None,
    key: Path | None = None,
    encrypted: bool = False,
) -> tuple[str, ...]:
    """The flags that let etcdctl in; it asks for the password itself."""
    files = (("--cacert", ca), ("--cert", cert), ("--key", key))
    words = [word for flag, path in files if path is not None for word in (flag, str(path))]
    if encrypted and ca is None:
        words.append("--insecure-transport=false")
    return (*words, *(("--user", user) if user is not None else ()))


def _etcdctl(endpoints: Iterable[str], flags: Sequence[str], *words: bytes | str) -> str:
    return " ".join(["etcdctl", "--endpoints", shell_word(",".join(endpoints)), *map(shell_word, (*flags, *words))])


def campaign(endpoints: Iterable[str], path: str, value: str, *, flags: Sequence[str] = ()) -> str:
    """``path``: the election from the root of the key space, without its final slash; ``flags``: see `access`."""
    return _etcdctl(endpoints, flags, "elect", path, value)


def proclaim(endpoints: Iterable[str], key: bytes, lease_id: int, value: str, *, flags: Sequence[str] = ()) -> str:
    """Without the guard that ours has: etcdctl would also write a key that is gone."""
    return _etcdctl(endpoints, flags, "put", f"--lease={lease_id:x}", "--", key, value)


def resign(endpoints: Iterable[str], key: bytes, *, flags: Sequence[str] = ()) -> str:
    """Deletes the candidate's key."""
    return _etcdctl(endpoints, flags, "del", "--", key)


def asking(endpoints: Iterable[str], *words: bytes | str, flags: Sequence[str] = ()) -> str:
    """A command that changes nothing."""
    return _etcdctl(endpoints, flags, *words)
