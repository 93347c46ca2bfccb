"""What the command line says about the cluster, and the client that it makes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from election_core import Client

__all__ = ["DEFAULT_ENDPOINT", "Settings", "credentials", "split_endpoints"]

DEFAULT_ENDPOINT = "127.0.0.1:2379"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where etcd is and how to be let in."""

    endpoints: tuple[str, ...]
    prefixes: tuple[str, ...]
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    insecure_transport: bool = True
    """Whether endpoints without a scheme are connected in clear text when there is no certificate."""
    timeout: float = 5.0
    """Bound on each call in seconds."""
    dial_timeout: float | None = None
    """Bound on the first contact in seconds, where it is shorter than ``timeout``."""
    read_only: bool = False
    """Whether nothing may be offered that writes to etcd."""

    def client(self) -> Client:
        """A new client; it connects when it is used.

        Raises:
            InvalidConfig: an endpoint is malformed, or a certificate lacks its key.
        """
        from election_core import TLS, Client

        tls = TLS(self.ca, self.cert, self.key) if self.ca or self.cert or not self.insecure_transport else None
        return Client(self.endpoints, username=self.username, password=self.password, tls=tls, timeout=self.timeout)


def split_endpoints(given: Iterable[str]) -> tuple[str, ...]:
    """Endpoints from any number of comma lists; the default where there is none."""
    parts = [part.strip() for text in given for part in text.split(",")]
    return tuple(part for part in parts if part) or (DEFAULT_ENDPOINT,)


def credentials(user: str | None, password: str | None) -> tuple[str | None, str | None]:
    """Name and password from ``--user name[:password]`` and ``--password``; a password of ``None`` is to be asked for.

    Raises:
        ValueError: there are two passwords, or one without a name.
    """
    if not user:
        if password:
            raise ValueError("--password needs --user.")
        return None, None
    name, colon, inline = user.partition(":")
    if not name:
        raise ValueError(f"--user {user!r} has no name before its colon.")
    if colon and password:
        raise ValueError("The password is given twice: with --password, --user is the name alone.")
    return name, (inline if colon else password or None)
