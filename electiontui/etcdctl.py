"""The etcdctl commands that do what an action of the dashboard does, for the user to read and copy. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from .text import shell_word

__all__ = ["ETCDCTL_TTL", "Etcdctl", "access"]

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


class Etcdctl(NamedTuple):
    """How etcdctl is called for one cluster: its endpoints, and the flags that let it in (see `access`)."""

    endpoints: tuple[str, ...]
    flags: tuple[str, ...] = ()

    def campaign(self, path: str, value: str) -> str:
        """``path``: the election from the root of the key space, without its final slash."""
        return self.asking("elect", path, value)

    def proclaim(self, key: bytes, lease_id: int, value: str) -> str:
        """Without the guard that ours has: etcdctl would also write a key that is gone."""
        return self.asking("put", f"--lease={lease_id:x}", "--", key, value)

    def resign(self, key: bytes) -> str:
        """Deletes the candidate's key."""
        return self.asking("del", "--", key)

    def asking(self, *words: bytes | str) -> str:
        """Any other command."""
        told = map(shell_word, (*self.flags, *words))
        return " ".join(["etcdctl", "--endpoints", shell_word(",".join(self.endpoints)), *told])
