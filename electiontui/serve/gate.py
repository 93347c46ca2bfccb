"""Who is let in: by the name that was asked for, the page that asks, and the token. Pure."""

from __future__ import annotations

import hmac
from typing import NamedTuple
from urllib.parse import urlsplit

from ..text import safe

__all__ = ["LOOPBACK", "Asked", "Gate", "Refusal"]

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Asked(NamedTuple):
    """What of a request says who sends it."""

    path: str
    host: str
    """The header, or empty."""
    origin: str | None
    """The header, which every browser sends with a websocket."""
    websocket: bool = False


class Refusal(NamedTuple):
    """Why somebody is not let in, as a sentence, and HTTP's number for it."""

    status: int
    says: str


class Gate:
    """Whoever was told the token and comes by a known name from our own page.

    The token alone would let in a page that got hold of it, the names alone every page of a browser on this machine.
    """

    def __init__(self, token: str, names: tuple[str, ...]) -> None:
        """
        Args:
            token: what the path begins with.
            names: the hosts, without ports, that a browser may have asked for; any port, since a tunnel has its own.
        """
        self._token = token
        self._names = {name.lower().strip("[]") for name in names}

    def refusal(self, asked: Asked) -> Refusal | None:
        """Why this request is refused, or ``None``."""
        if _name(asked.host) not in self._names:
            # A foreign name that leads here is how a page of its own gets to be of our origin.
            return Refusal(421, f"{safe(asked.host, 100)!r} is not a name of this server; a name is added by --name.")
        if asked.origin is None:
            if asked.websocket:
                return Refusal(403, "A websocket without Origin is refused: this is for the page of this server.")
        elif _place(asked.origin) != asked.host.lower():
            return Refusal(403, f"A page of {safe(asked.origin, 100)} may not use this server.")
        if not self._has_token(asked.path):
            return Refusal(
                403, "The token is missing or wrong: open the whole address that `electiontui serve` printed."
            )
        return None

    def _has_token(self, path: str) -> bool:
        given = path.removeprefix("/").partition("/")[0]
        return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._token.encode())


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _place(origin: str) -> str | None:
    """Host and port of an origin as a Host header has them; ``null`` has none."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parts.netloc.lower() if parts.scheme in ("http", "https") else None
