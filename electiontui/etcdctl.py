"""The etcdctl commands that do what an action of the dashboard does, for the user to read and copy. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from .text import shell_word

__all__ = ["asking", "campaign", "proclaim", "resign"]

ETCDCTL_TTL = 60
"""The TTL in seconds of ``etcdctl elect``; it has no flag for it."""


def _etcdctl(endpoints: Iterable[str], *words: bytes | str) -> str:
    return " ".join(["etcdctl", "--endpoints", shell_word(",".join(endpoints)), *map(shell_word, words)])


def campaign(endpoints: Iterable[str], path: str, value: str) -> str:
    """``path``: the election from the root of the key space, without its final slash."""
    return _etcdctl(endpoints, "elect", path, value)


def proclaim(endpoints: Iterable[str], key: bytes, lease_id: int, value: str) -> str:
    """Without the guard that ours has: etcdctl would also write a key that is gone."""
    return _etcdctl(endpoints, "put", f"--lease={lease_id:x}", "--", key, value)


def resign(endpoints: Iterable[str], key: bytes) -> str:
    """Deletes the candidate's key."""
    return _etcdctl(endpoints, "del", "--", key)


def asking(endpoints: Iterable[str], *words: bytes | str, program: str = "etcdctl") -> str:
    """A command that changes nothing."""
    return " ".join([program, "--endpoints", shell_word(",".join(endpoints)), *map(shell_word, words)])
