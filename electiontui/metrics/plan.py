"""Where metrics are to be had, and which: what the command line decides. Pure but for the reading of the files."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

__all__ = ["MOST", "Credentials", "Door", "Which", "address", "credentials_in", "others_may_read"]

MOST = 1_000
"""Elections that have series, unless it is said otherwise."""
_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^\[\]:/\s]+)):(?P<port>\d{1,5})", re.ASCII)


class Credentials(NamedTuple):
    """What clients must give."""

    name: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials({self.name!r}, …)"


class Door(NamedTuple):
    """Where to listen, and who is let in."""

    host: str
    port: int
    """0: one that is free."""
    cert: Path | None = None
    """Certificate and chain (PEM), which turn TLS on."""
    key: Path | None = None
    client_ca: Path | None = None
    """Whose certificates clients must have (PEM); without one any client is let in."""
    credentials: Credentials | None = None

    @property
    def is_local(self) -> bool:
        """Whether only this machine gets there."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")


class Which(NamedTuple):
    """Which elections have series."""

    fits: Callable[[str], bool]
    named: tuple[str, ...]
    """They have them also while they do not exist."""
    most: int = MOST


def address(text: str) -> tuple[str, int]:
    """``HOST:PORT``, or ``[IPv6]:PORT``.

    Raises:
        ValueError: it is neither.
    """
    found = _ADDRESS.fullmatch(text.strip())
    if found is None or int(found["port"]) > 65535:
        raise ValueError(f"{text!r} is no HOST:PORT, such as 127.0.0.1:9109 or [::1]:9109.")
    return found["six"] or found["host"], int(found["port"])


def credentials_in(file: Path) -> Credentials:
    """The name and the password that a file has as ``NAME:PASSWORD`` in its first line.

    Raises:
        ValueError: it has none, or cannot be read.
    """
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise ValueError(f"{file} cannot be read: {exc}") from exc
    name, colon, password = (lines[0] if lines else "").partition(":")
    if not (name and colon and password):
        raise ValueError(f"{file} must have NAME:PASSWORD in its first line.")
    return Credentials(name, password)


def others_may_read(file: Path) -> bool:
    """Whether a file is open to more than its owner."""
    return bool(file.stat().st_mode & 0o077)
