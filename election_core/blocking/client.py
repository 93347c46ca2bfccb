"""The client for threads."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from ..client import Client as AsyncClient
from ..clock import Clock
from ..config import TLS
from ..core.past import Past
from ..errors import ElectionError
from ..store import EndpointStatus, LeaseInfo, Store
from .background import Background
from .election import Election
from .open import Open
from .search import ElectionSearch
from .session import Session
from .subscription import Monitor

__all__ = ["Client"]

_log = logging.getLogger("election_core.blocking")

_AT_EXIT = 3
"""Timeouts: closing takes about two, and one more where a body does not end."""


class Client:
    """A client of one etcd cluster for programs without asyncio, connected when first used; for any number of threads.

    ::

        with Client("10.0.0.1:2379,10.0.0.2:2379") as client:
            election = client.election("singleton-job")

    Leaving it tells the bodies that other threads run under its campaigns, resigns the campaigns, ends observers,
    monitors and sessions, and closes the connections: within about twice ``timeout``, and once more where a body does
    not end. The same happens at the interpreter's exit. It belongs to the process that made it.
    """

    # The mutable state is what is open on it, and whether it was closed.

    def __init__(
        self,
        endpoints: str | Iterable[str] = "127.0.0.1:2379",
        *,
        username: str | None = None,
        password: str | None = None,
        tls: TLS | None = None,
        timeout: float = 5.0,
        read_only: bool = False,
    ) -> None:
        """
        Args:
            endpoints: ``"host:port,host:port"`` or a list of such, each with or without ``http://`` or
                ``https://``; without, they are encrypted if ``tls`` is given.
            username: who to log in as, where etcd has authentication enabled.
            password: of that user.
            tls: paths of certificates.
            timeout: seconds within which every call ends, with all its retries on other members.
            read_only: have no way to write: campaigns, sessions and evictions end with `InvalidConfig`.

        Raises:
            InvalidConfig: an argument can never work. It is a ValueError, too.
        """
        inner = AsyncClient(
            endpoints, username=username, password=password, tls=tls, timeout=timeout, read_only=read_only
        )
        self._begin(inner, timeout)

    @classmethod
    def over(cls, store: Store, clock: Clock | None = None) -> Self:
        """A client over another store than etcd, such as one in memory for tests."""
        client = cls.__new__(cls)
        client._begin(AsyncClient.over(store, clock), store.timeout)
        return client

    def _begin(self, inner: AsyncClient, timeout: float) -> None:
        self._inner = inner
        self._open = Open(Background(self._exit), timeout)
        self._closed = False

    def __repr__(self) -> str:
        return f"<blocking {self._inner!r}>"

    def _repr_html_(self) -> str:
        return self._inner._repr_html_()

    @property
    def endpoints(self) -> tuple[str, ...]:
        """``host:port`` of each endpoint."""
        return self._inner.endpoints

    @property
    def cluster_id(self) -> int:
        """The id of the cluster that has answered last; 0 before the first answer, and where a proxy does not tell."""
        return self._inner.cluster_id

    @property
    def rewinds(self) -> int:
        """How often etcd was found to be restored or wiped: revisions from before the last time mean nothing now."""
        return self._inner.rewinds

    def election(self, name: str, *, ttl: int = 60, prefix: str = Election.prefix) -> Election:
        """An election.

        Args:
            name: below the prefix; slashes are part of it.
            ttl: seconds after which a candidate that crashed is out; etcd grants no less than 2 unless its
                election timeout is shortened.
            prefix: what the keys begin with; ``""`` for elections such as ``etcdctl elect NAME`` makes.

        Raises:
            InvalidConfig: the name is empty or begins or ends with a slash, or the ttl cannot be granted.
        """
        return Election(self._open, self._inner.election(name, ttl=ttl, prefix=prefix))

    def session(self, ttl: int = 60) -> Session:
        """A lease to share by campaigns in many elections: ``with client.session(30) as session``.

        Raises:
            InvalidConfig: the ttl cannot be granted.
        """
        return Session(self._open, self._inner, ttl)

    def monitor(
        self,
        prefix: str | Iterable[str] = "election/",
        *,
        forget_after: float | None = 3600.0,
        history: int = 1000,
    ) -> Monitor:
        """Watch every election whose keys begin with ``prefix``: ``with client.monitor() as monitor``.

        Args:
            prefix: one or several; ``""`` is the whole key space.
            forget_after: seconds after which an election that is vacant and quiet is forgotten; ``None`` for never.
            history: how many terms of each election are kept, see `Monitor.log`.

        Raises:
            InvalidConfig: an argument can never work.
        """
        return self._open.background.ask(
            lambda: Monitor(self._open, self._inner.monitor(prefix, forget_after=forget_after, history=history))
        )

    def past(self, prefix: str = "election/", *, since: int = 0, most: int = 20_000, within: float = 10.0) -> Past:
        """What etcd's own history still tells of the elections below a prefix: who led after whom, but not when.

        Args:
            prefix: one prefix; ``""`` gives no more than the present revision.
            since: the revision up to which everything is known already.
            most: how many of the newest revisions are gone through.
            within: seconds after which what was not seen yet is left out, as is what comes after 64 MB of values.

        Raises:
            Unavailable: no member answered in time.
            AuthenticationFailed: the user may not read or watch the keys.
        """
        return self._open.background.run(lambda: self._inner.past(prefix, since=since, most=most, within=within))

    def find_elections(self, prefix: str = "") -> ElectionSearch:
        """What holds elections below a prefix: ``for name, candidates in client.find_elections()``.

        Raises:
            InvalidConfig: the prefix is no text.
        """
        return ElectionSearch(self._open, self._inner, prefix)

    def lease(self, lease_id: int) -> LeaseInfo | None:
        """A lease as etcd sees it, or ``None`` when there is none.

        Raises:
            Unavailable: no member answered in time.
        """
        return self._open.background.run(lambda: self._inner.lease(lease_id))

    def keys_on(self, lease_id: int) -> list[bytes]:
        """The keys that end with a lease, whatever they are of, sorted; none where there is no such lease.

        Raises:
            Unavailable: no member answered in time.
        """
        return self._open.background.run(lambda: self._inner.keys_on(lease_id))

    def status(self) -> list[EndpointStatus]:
        """Every endpoint, asked just now, in order; one that does not answer within the timeout says why."""
        return self._open.background.run(self._inner.status)

    def close(self) -> None:
        """End everything that was begun on this client. KeyboardInterrupt does not stop what was begun of that."""
        self._close(None)

    def _close(self, patience: float | None) -> None:
        if self._closed:
            return
        background = self._open.background
        self._open.let_go(lambda _: True)
        background.run(self._inner.close, timeout=patience)
        background.run(self._open.end_bodies)
        self._open.dispatcher.settle(self._open.timeout)
        background.stop()
        self._closed = True

    def _exit(self) -> None:
        """The interpreter ends, and must not wait for ever."""
        try:
            self._close(_AT_EXIT * self._open.timeout)
        except (ElectionError, TimeoutError) as exc:
            _log.warning("the client was not closed, its leases run out by themselves: %s", exc or "not in time")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
