"""The client: where everything begins, and what ends everything that was begun on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from types import TracebackType

from .clock import Clock, SystemClock
from .config import TLS, check_timeout, check_tls, parse_endpoints
from .core.flat import card
from .core.names import check_ttl
from .core.past import Past
from .election import Election
from .errors import InvalidConfig
from .etcd import EtcdStore
from .monitor import Monitor
from .read_only import ReadOnlyStore
from .shell.past import read_past
from .shell.runtime import Runtime
from .shell.search import ElectionSearch
from .shell.session import Session
from .shell.tasks import report
from .store import EndpointStatus, LeaseInfo, Store

__all__ = ["Client"]


class Client:
    """A client of one etcd cluster, connected when first used.

    ::

        async with Client("10.0.0.1:2379,10.0.0.2:2379") as client:
            election = client.election("singleton-job")

    Leaving it ends bodies that other tasks run under its campaigns, resigns the campaigns, ends observers, monitors and
    sessions, and closes the connections: within about twice ``timeout``, and once more where a body does not end. A
    cancellation meanwhile takes effect afterwards. It belongs to the process that made it, and to the event loop that
    first uses it.
    """

    # The mutable state is the runtime's, and the one task that closes it.

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
        if password is not None and username is None:
            raise InvalidConfig("A password needs a username; give both.")
        if username is not None and password is None:
            raise InvalidConfig(f"The user {username!r} needs a password; give both.")
        store = EtcdStore(
            parse_endpoints(endpoints),
            username=username,
            password=password,
            tls=check_tls(tls),
            timeout=check_timeout(timeout),
        )
        self._begin(ReadOnlyStore(store) if read_only else store, SystemClock())

    @classmethod
    def over(cls, store: Store, clock: Clock | None = None) -> Client:
        """A client over another store than etcd, such as one in memory for tests."""
        client = cls.__new__(cls)
        client._begin(store, clock or SystemClock())
        return client

    def _begin(self, store: Store, clock: Clock) -> None:
        self._runtime = Runtime(store, clock)
        self._closing: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Client of {', '.join(self.endpoints)}>"

    def _repr_html_(self) -> str:
        return card("Client", [("endpoints", ", ".join(self.endpoints)), ("campaigns", len(self._runtime.campaigns))])

    @property
    def endpoints(self) -> tuple[str, ...]:
        """``host:port`` of each endpoint."""
        return self._runtime.store.endpoints

    @property
    def cluster_id(self) -> int:
        """The id of the cluster that has answered last; 0 before the first answer, and where a proxy does not tell."""
        return self._runtime.store.cluster_id

    @property
    def rewinds(self) -> int:
        """How often etcd was found to be restored or wiped: revisions from before the last time mean nothing now."""
        return self._runtime.store.rewinds

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
        return Election(self._runtime, name, ttl=ttl, prefix=prefix)

    def session(self, ttl: int = 60) -> Session:
        """A lease to share by campaigns in many elections: ``async with client.session(30) as session``.

        Raises:
            InvalidConfig: the ttl cannot be granted.
        """
        return Session(self._runtime, check_ttl(ttl))

    def monitor(
        self,
        prefix: str | Iterable[str] = "election/",
        *,
        forget_after: float | None = 3600.0,
        history: int = 1000,
    ) -> Monitor:
        """Watch every election whose keys begin with ``prefix``: ``async with client.monitor() as monitor``.

        Args:
            prefix: one or several; ``""`` is the whole key space.
            forget_after: seconds after which an election that is vacant and quiet is forgotten; ``None`` for never.
            history: how many terms of each election are kept, see `Monitor.log`.

        Raises:
            InvalidConfig: an argument can never work.
        """
        return Monitor(self._runtime, prefix, forget_after=forget_after, history=history)

    async def past(
        self, prefix: str = "election/", *, since: int = 0, most: int = 20_000, within: float = 10.0
    ) -> Past:
        """What etcd's own history still tells of the elections below a prefix: who led after whom, but not when.

        It costs etcd a read of all revisions that it goes through, whatever keys they are of, so it is bounded, and a
        prefix of ``""`` gives no more than the present revision.

        Args:
            prefix: one prefix.
            since: the revision up to which everything is known already.
            most: how many of the newest revisions are gone through.
            within: seconds after which what was not seen yet is left out, as is what comes after 64 MB of values.

        Raises:
            Unavailable: no member answered in time.
            AuthenticationFailed: the user may not read or watch the keys.
        """
        self._runtime.check_open()
        return await read_past(self._runtime.store, prefix, since, most, within)

    def find_elections(self, prefix: str = "") -> ElectionSearch:
        """What holds elections below a prefix: ``async for name, candidates in client.find_elections()``.

        Names are as `Monitor.elections` has them, so whole paths by default; candidates come the leader first. It reads
        all keys, by pages, and the values of candidates alone; ``seen`` of what this returns counts the keys.

        Raises:
            InvalidConfig: the prefix is no text.
        """
        return ElectionSearch(self._runtime, prefix)

    async def lease(self, lease_id: int) -> LeaseInfo | None:
        """A lease as etcd sees it, or ``None`` when there is none.

        Raises:
            Unavailable: no member answered in time.
        """
        self._runtime.check_loop()
        return await self._runtime.store.lease(lease_id)

    async def keys_on(self, lease_id: int) -> list[bytes]:
        """The keys that end with a lease, whatever they are of, sorted; none where there is no such lease.

        Raises:
            Unavailable: no member answered in time.
        """
        self._runtime.check_loop()
        return list(await self._runtime.store.keys_on(lease_id))

    async def status(self) -> list[EndpointStatus]:
        """Every endpoint, asked just now, in order; one that does not answer within the timeout says why."""
        self._runtime.check_loop()
        return await self._runtime.store.status()

    async def close(self) -> None:
        """End everything that was begun on this client. A cancellation meanwhile is passed on afterwards."""
        self._runtime.check_loop()
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close(), name="closing the client")
        cancelled: asyncio.CancelledError | None = None
        with self._runtime.leaving(self._runtime):
            while not self._closing.done():
                try:
                    await asyncio.wait({self._closing})
                except asyncio.CancelledError as exc:
                    cancelled = exc
        if cancelled is not None:
            raise cancelled
        self._closing.result()

    async def _close(self) -> None:
        runtime = self._runtime
        runtime.closing = True
        try:
            await _all_of(*(each.close(closed_with=runtime) for each in tuple(runtime.campaigns)))
            # A subscription waits for its callbacks, and no lease should be kept meanwhile.
            for group in (runtime.sessions, runtime.subscriptions):
                await _all_of(*(each.close() for each in tuple(group)))
            await _all_of(*(each.settle(runtime.store.timeout) for each in tuple(runtime.callbacks)))
            await runtime.tasks.cancel_all()
        finally:
            await runtime.store.close()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def _all_of(*closings: Awaitable[None]) -> None:
    """A defect in one must not leave the others open."""
    for done in await asyncio.gather(*closings, return_exceptions=True):
        if isinstance(done, Exception):
            report("A defect of election_core, please report it: closing the client met an error", done)
