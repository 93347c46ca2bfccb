"""A connection that a notebook holds in its hands: no await, no contexts to enter."""

from __future__ import annotations

import atexit
from collections.abc import Iterable
from copy import copy
from datetime import datetime
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self

from election_core import TLS, ElectionState, InvalidConfig, Monitor, TermLog, utc_now
from election_core.blocking import Campaign, Client
from election_core.blocking import Monitor as BlockingMonitor

from ..findings import Seen, find
from ..history.places import file_of
from ..rows import row_of
from ..text import safe
from .candidates import OwnCandidates
from .card import Overview, card_html, card_text
from .choice import choice_of
from .past import with_past
from .renewing import renewal_of
from .source import Phase, source_of
from .spans import Last, span_of
from .terms import Terms, terms_of
from .views import ElectionsView, TimelineView

__all__ = ["Connection", "connect"]


class Connection:
    """One etcd cluster, watched from the moment of `connect` on, and what the user campaigns for there.

    A client, its leases and its views live in threads of their own: a cell that blocks for a minute neither freezes a
    view nor costs a leadership. What was begun here is resigned by `close`, and at the kernel's end.

    Attributes:
        client: for everything else, see `election_core.blocking`.
        monitor: what is watched.
    """

    def __init__(self, client: Client, prefix: str, *, read_only: bool, history: Path | None = None) -> None:
        self.client = client
        self._prefix, self._history = prefix, history
        self.monitor: BlockingMonitor = client.monitor(prefix)
        self._candidates = OwnCandidates(client, prefix[: prefix.rfind("/") + 1], read_only=read_only)
        self._closed = False
        try:
            self.monitor.__enter__()
        except BaseException:
            client.close()
            raise
        self._source = source_of(self.monitor)
        self._renewal = renewal_of(self._source)
        self._renewal.begin()
        # Before the client's own, which it registered earlier: the views are ended first.
        atexit.register(self.close)

    def __repr__(self) -> str:
        where = ", ".join(self.client.endpoints)
        return f"<connection to {where}, closed>" if self._closed else card_text(self._overview())

    def _repr_html_(self) -> str | None:
        return None if self._closed else card_html(self._overview())

    @property
    def closed(self) -> bool:
        return self._closed

    def elections(self, match: str | Iterable[str] = (), *, sort: str = "name", last: Last = "5m") -> ElectionsView:
        """Many elections, a line each: leader, queue, and who led when.

        Args:
            match: a name, a pattern such as ``"orders/*"``, or several; all without.
            sort: ``name``, ``leader``, ``state``, ``held``, ``queue``, ``changes`` or ``revision``; ``-`` before it
                turns the order around.
            last: the span shown, as ``"90s"`` or ``"1h30m"``, in seconds, or as a timedelta.

        Raises:
            ValueError: the span or the order is malformed.
        """
        return ElectionsView(self._source, choice_of(match, sort), span_of(last), self._candidates)

    def timeline(self, name: str, *, last: Last = "5m") -> TimelineView:
        """Who led one election when, a lane per candidate; it need not exist yet.

        Raises:
            ValueError: the span is malformed.
        """
        return TimelineView(self._source, name, span_of(last), self._candidates)

    def campaign(self, name: str, value: str | bytes, *, ttl: int = 60) -> Campaign:
        """Start to campaign; returns at once. It is resigned by ``resign()``, by `close` or at the kernel's end.

        Args:
            name: the election's, below the prefix of this connection.
            value: what to proclaim.
            ttl: seconds after which a candidate that crashed is out.

        Raises:
            InvalidConfig: the connection is read-only, or an argument can never work.
            CampaignClosed: the connection was closed.
        """
        return self._candidates.campaign(name, value, ttl)

    def terms(self, match: str | Iterable[str] = (), *, since: Last | datetime | None = None) -> Terms:
        """Who led when, as flat records: ``pandas.DataFrame(etcd.terms("job"))``.

        Args:
            match: as for `elections`.
            since: leave out what ended longer ago, as a span or an aware datetime. What was before this connection
                comes from the cluster's history, where one is kept. Without it, all that this connection has seen.

        Raises:
            ValueError: the span is malformed.
            HistoryUnusable: the history cannot be read.
        """
        fits, now = choice_of(match, "name").fits, utc_now()
        begin = since if since is None or isinstance(since, datetime) else now - span_of(since)

        def logs(monitor: Monitor) -> dict[str, TermLog]:
            return {name: copy(monitor.log(name)) for name in sorted(monitor.elections) if fits(name)}

        seen = self.monitor.read(logs)
        file = self._history or file_of(self.client.cluster_id)
        if begin is None or (self._history is None and not file.exists()):
            return terms_of(seen.values(), now, begin)
        return terms_of(with_past(file, self._prefix, seen, fits, begin, now), now, begin)

    def close(self) -> None:
        """Resign what was begun here, stop the views, which stay as they are, and end the connection."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        self._candidates.close()
        self._renewal.end()
        self.client.close()

    def _overview(self) -> Overview:
        members = self.client.status()

        def states(monitor: Monitor) -> dict[str, tuple[ElectionState, TermLog]]:
            return {name: (copy(state), copy(monitor.log(name))) for name, state in monitor.elections.items()}

        found, now = self.monitor.read(states), utc_now()
        elections = {name: state for name, (state, _) in found.items()}
        logs = {name: log for name, (_, log) in found.items()}
        seen = Seen(elections, now, logs, members=members, oddities=self.monitor.oddities())
        phase = self._source.note()
        own = [(name, safe(each.value, 60), str(each.state)) for name, each in self._candidates.all()]
        return Overview(
            endpoints=self.client.endpoints,
            state="watched" if phase is Phase.WATCHED else phase.value,
            members=members,
            findings=find(seen),
            rows=[row_of(state, logs[name], None, now) for name, state in sorted(elections.items())],
            own=own,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_OPEN: dict[object, Connection] = {}


def connect(
    endpoints: str | Iterable[str] = "127.0.0.1:2379",
    *,
    prefix: str = "election/",
    username: str | None = None,
    password: str | None = None,
    tls: TLS | None = None,
    timeout: float = 5.0,
    read_only: bool = False,
    history: str | PathLike[str] | None = None,
) -> Connection:
    """A connection to an etcd cluster, which watches its elections from now on.

    The same call gives the same connection for as long as it is open, so a cell may be run again. The arguments are
    those of `election_core.Client`; with ``read_only`` the views have no buttons.

    Args:
        prefix: what is watched, and what `Connection.campaign` writes below.
        history: the file that `Connection.terms` reads, instead of the cluster's own in the user's state folder.

    Raises:
        InvalidConfig: an argument can never work. It is a ValueError, too.
        Unavailable: no member answered in time.
        AuthenticationFailed: etcd refuses the user.
    """
    if not isinstance(prefix, str):
        raise InvalidConfig(f"The prefix must be text, such as 'election/'; got {prefix!r}.")
    where = endpoints if isinstance(endpoints, str) else tuple(endpoints)
    file = None if history is None else Path(history)
    asked = (where, prefix, username, password, repr(tls), timeout, read_only, file)
    for key in [key for key, each in _OPEN.items() if each.closed]:
        del _OPEN[key]
    if asked not in _OPEN:
        client = Client(where, username=username, password=password, tls=tls, timeout=timeout, read_only=read_only)
        _OPEN[asked] = Connection(client, prefix, read_only=read_only, history=file)
    return _OPEN[asked]
