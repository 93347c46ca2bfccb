"""Which etcd a drill is about and how to be let in, in a form that can be handed to another process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from election_core import TLS, Client

__all__ = ["Access"]


@dataclass(frozen=True, slots=True)
class Access:
    """Endpoints and credentials."""

    endpoints: tuple[str, ...]
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str | None = None
    """Paths of PEM files, as the next two."""
    cert: str | None = None
    key: str | None = None
    encrypted: bool = False
    """Whether endpoints without a scheme are encrypted although there is no certificate."""
    timeout: float = 5.0
    """Bound on each call in seconds."""

    @property
    def is_encrypted(self) -> bool:
        """Whether any connection is."""
        return self.encrypted or self.ca is not None or any(each.startswith("https:") for each in self.endpoints)

    def client(self, endpoints: Sequence[str] = ()) -> Client:
        """A new client, of other endpoints where there are some.

        Raises:
            InvalidConfig: an endpoint is malformed, or a certificate lacks its key.
        """
        return Client(
            endpoints or self.endpoints,
            username=self.username,
            password=self.password,
            tls=TLS(self.ca, self.cert, self.key) if self.ca or self.cert or self.encrypted else None,
            timeout=self.timeout,
        )

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON, the password included."""
        return asdict(self)

    @classmethod
    def from_dict(cls, given: dict[str, Any]) -> Access:
        return cls(**given | {"endpoints": tuple(given["endpoints"])})
