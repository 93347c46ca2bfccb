"""A session for threads."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from ..client import Client as AsyncClient
from .open import Open

__all__ = ["Session"]


class Session:
    """A lease that is kept alive from ``with`` until its end; made by ``client.session(ttl)``.

    Leaving it resigns the campaigns on it, whose bodies are told first, and revokes the lease.
    """

    def __init__(self, open_: Open, client: AsyncClient, ttl: int) -> None:
        self._open = open_
        self._inner = client.session(ttl)

    def __repr__(self) -> str:
        return f"<blocking {self._inner!r}>"

    @property
    def lease_id(self) -> int:
        """Id of the lease, chosen at random."""
        return self._inner.lease_id

    @property
    def ttl(self) -> int:
        """Seconds that the lease lives without renewal: as asked for, and as granted once entered."""
        return self._inner.ttl

    @property
    def remaining(self) -> float:
        """Seconds for which the lease certainly lives, were it not renewed again; 0 once it has ended."""
        self._open.background.check()
        return self._inner.remaining

    @property
    def is_alive(self) -> bool:
        """Whether the lease certainly lives at this moment."""
        self._open.background.check()
        return self._inner.is_alive

    def abandon(self) -> None:
        """Stop renewing without revoking, as a crash would: the keys stay until the lease runs out."""
        self._open.background.ask(self._inner.abandon)

    def revoke(self) -> None:
        """End the lease and with it all its keys; it can be repeated. The campaigns on it are lost.

        Raises:
            Unavailable: no member answered in time; the lease runs out by itself within its TTL.
        """
        self._open.background.run(self._inner.revoke)

    def close(self) -> None:
        """Resign the campaigns on it, then `revoke`. A failure is logged and not raised."""
        self._open.let_go(lambda campaign: campaign.lease_id == self._inner.lease_id)
        self._open.background.run(self._inner.close)

    def __enter__(self) -> Self:
        self._open.background.run(self._inner.__aenter__, undo=lambda _: self._inner.close())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
