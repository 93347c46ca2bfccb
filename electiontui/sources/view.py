"""The live view of every election under a prefix: keeps trying, keeps the last state, says how old it is."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic
from types import TracebackType

from election_core import Client, ElectionError, ElectionState, Monitor, TermLog, Transition, Unavailable, utc_now

from ..prefixes import base_of
from ..rows import ElectionRow, row_of
from ..wall import Wall
from ..watched import Watched
from .event_log import EventLog
from .expectations import Expectations
from .leases import LeaseTtls
from .members import Members
from .restless import Restless
from .row_cache import RowCache
from .status import ViewStatus
from .troubles import Troubles

__all__ = ["ClusterView"]

_RECENT = 2_000
_FORGET_AFTER = timedelta(hours=1)
"""For how long an election stays that was vacant when a new monitor began, as it does in a monitor."""
_BACKOFF = (0.5, 10.0)
"""First and longest pause in seconds before the watch is tried again."""
_FRESH = timedelta(seconds=3)
"""Without a sign of life for longer than this nobody knows whether the leaders lead."""


class ClusterView:
    """Watches a prefix for as long as it is entered, whatever etcd does meanwhile.

    Attributes:
        client: the client in use.
        prefixes: what is watched.
        elections: name → state, always current; keeps the last state while disconnected.
        logs: name → term log since the view was opened, as of the last `take_news`, like the events.
        rows: name → row, as of the last `flush` or newer; complete them to have them stand still until the next.
        expectations: who waits for a transition; they are told at once.
        watched, wall: when etcd was watched, and what the wall clock showed when, as of the last `note_watching`.
        recent: the newest transitions of all elections, oldest first, at most 2,000, as of the last `take_news`.
        last_transition: the newest of them.
        troubles: which elections are in trouble, as of the last `flush`.
        members: what the endpoints have answered since the view was opened.
        keys_read: how many keys the last first read has seen below the prefixes, candidates included.
    """

    # The mutable state: the maps above, which of their entries the next flush has to renew, and the tasks that
    # watch, look leases up and ask the members. Everything runs on one event loop.

    def __init__(self, client_factory: Callable[[], Client], *prefixes: str) -> None:
        self.client = client_factory()
        self.prefixes = prefixes
        self.wall = Wall()
        self.ttls = LeaseTtls(self.client, self._ttl_found)
        self.expectations = Expectations()
        self.members = Members()
        self._tasks: list[asyncio.Task[None]] = []
        self._watch: asyncio.Task[None] | None = None
        self._forget()

    def _forget(self) -> None:
        self._monitor: Monitor | None = None
        self.keys_read = 0
        self.elections: Mapping[str, ElectionState] = {}
        self.logs: dict[str, TermLog] = {}
        self.rows = RowCache(self._row)
        self.troubles = Troubles()
        self.watched = Watched(utc_now())
        self.recent: deque[Transition] = deque(maxlen=_RECENT)
        self.last_transition: Transition | None = None
        self._events: dict[str, EventLog] = {}
        self._dirty: set[str] = set()
        self._leases_found: set[int] = set()
        self._restless = Restless()
        self._error: ElectionError | None = None
        self._attempt = 0
        self._retry_at: float | None = None
        self._lost_at = monotonic()

    async def __aenter__(self) -> ClusterView:
        """Start watching; returns at once, also if etcd cannot be reached."""
        await self.client.__aenter__()
        self._tasks = [
            asyncio.create_task(self.ttls.run(), name="lease lookups"),
            asyncio.create_task(self.members.follow(self.client), name="endpoint status"),
        ]
        self._watch = asyncio.create_task(self._watch_forever(), name="watch")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = [task for task in (*self._tasks, self._watch) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.client.__aexit__(kind, exc, trace)

    async def switch(self, *prefixes: str) -> None:
        """Watch other prefixes instead, starting from nothing. Cancelling it leaves the view without a watch."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        self.prefixes = prefixes
        self._forget()
        self._watch = asyncio.create_task(self._watch_forever(), name="watch")

    @property
    def base(self) -> str:
        """What the prefixes have in common up to a slash: the names of the elections are relative to it."""
        return base_of(self.prefixes)

    def name_of(self, path: str) -> str | None:
        """The election's name within this view for a path from the root of the key space."""
        return path.removeprefix(self.base) if path.startswith(self.base) else None

    def events(self, name: str) -> tuple[Transition, ...]:
        """The election's transitions since the view was opened, oldest first, as many as `EventLog` keeps."""
        return tuple(self._events.get(name, ()))

    @property
    def failure(self) -> BaseException | None:
        """What ended one of the view's tasks, which is a defect and never etcd's doing."""
        for task in (*self._tasks, self._watch):
            if task is not None and task.done() and not task.cancelled() and task.exception() is not None:
                return task.exception()
        return None

    def take_news(self) -> bool:
        """Take in what the monitor has seen, and say whether `flush` has anything to do.

        Call it some times per second, whether anything is repainted or not: what nobody takes is kept, but not
        forever.
        """
        if self._monitor is not None:
            changed = self._monitor.take_changed()
            for transition in self._monitor.take_unread():
                self._take(transition)
            for name in changed - self.elections.keys():
                self._drop(name)
            self._dirty |= changed
        return bool(self._dirty or self._leases_found)

    def _drop(self, name: str) -> None:
        """The monitor has forgotten an election."""
        self.logs.pop(name, None)
        self._events.pop(name, None)

    def flush(self) -> set[str]:
        """Outdate the rows of what `take_news` has found since the last flush, and return their names.

        Call it at the rate of repaints, not of events: bursts coalesce here.
        """
        changed, self._dirty = self._dirty, set()
        if self._leases_found:
            changed |= self._led_with_found_leases()
        # What has gone, or has only forgotten transitions, has no row.
        shown = {name for name in changed if name in self.elections and name in self.logs}
        self.rows.outdate(shown)
        self.rows.drop(changed - shown)
        self._restless.add(self.troubles.renew(changed, self.elections, self.logs, utc_now()))
        return changed

    def note_watching(self, now: datetime) -> None:
        """Note whether etcd is watched; call it once per second, whether anything is repainted or not."""
        self.wall.note(utc_now(), datetime.now(UTC))
        known = now - timedelta(seconds=self.status().age)
        if self._monitor is not None and now - known < _FRESH:
            self.watched.seen(known)
        else:
            self.watched.lost(known)

    def tick(self, now: datetime) -> None:
        """Renew a share of the rows whose rates decay with time; call it once per second."""
        self._dirty |= self._restless.take_share()

    def _row(self, name: str) -> ElectionRow:
        state = self.elections[name]
        ttl = self.ttls.found.get(state.leader.lease_id) if state.leader else None
        row = row_of(state, self.logs[name], ttl, utc_now())
        if row.changes_per_hour:
            self._restless.add([name])
        return row

    def want_ttls(self, names: Iterable[str]) -> None:
        """Have the leases of these elections' leaders looked up."""
        leaders = (self.elections[name].leader for name in names if name in self.elections)
        self.ttls.want(leader.lease_id for leader in leaders if leader is not None)

    def _ttl_found(self, lease_id: int) -> None:
        self._leases_found.add(lease_id)

    def _led_with_found_leases(self) -> set[str]:
        found, self._leases_found = self._leases_found, set()
        unknown = (self.elections.get(row.name) for row in self.rows.made() if row.ttl is None)
        return {state.name for state in unknown if state and state.leader and state.leader.lease_id in found}

    def status(self) -> ViewStatus:
        """How current the view is, now."""
        monitor, now = self._monitor, monotonic()
        error = monitor.last_error if monitor is not None and not monitor.connected else self._error
        return ViewStatus(
            prefix=" ".join(self.prefixes),
            loaded=monitor is not None,
            connected=monitor is not None and monitor.connected and self._retry_at is None,
            age=now - self._lost_at if monitor is None else monitor.staleness,
            revision=0 if monitor is None else monitor.revision,
            elections=len(self.elections),
            endpoints_up=sum(member.reachable for member in self.members.now),
            endpoints=len(self.client.endpoints),
            round_trip=min((m.round_trip for m in self.members.now if m.round_trip is not None), default=None),
            error=None if error is None else str(error),
            unreachable=isinstance(error, Unavailable),
            attempt=self._attempt,
            retry_in=None if self._retry_at is None else max(self._retry_at - now, 0.0),
        )

    async def _watch_forever(self) -> None:
        while True:
            try:
                monitor = self.client.monitor(self.prefixes)
                monitor.on("progress", self._note_progress)
                async with monitor:
                    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    monitor.on("error", lambda error, ended=ended: ended.done() or ended.set_exception(error))
                    monitor.on("change", self.expectations.tell)
                    self._adopt(monitor)
                    await ended
            except ElectionError as exc:
                self._error = exc
            self._attempt += 1
            pause = min(_BACKOFF[0] * 2 ** min(self._attempt, 10), _BACKOFF[1]) * random.uniform(0.5, 1.0)
            self._retry_at = monotonic() + pause
            await asyncio.sleep(pause)
            self._retry_at = None

    def _note_progress(self, keys: int, elections: int) -> None:
        self.keys_read = keys

    @property
    def monitor(self) -> Monitor | None:
        """What watches, or has last; ``None`` before the first read."""
        return self._monitor

    def _adopt(self, monitor: Monitor) -> None:
        now = utc_now()
        self.watched.seen(now)
        self.take_news()
        # A screen may go on showing an election that is gone, and its row could not be made any more.
        self.rows.make(self.rows.keys() - monitor.elections.keys())
        self._monitor, self.elections = monitor, monitor.elections
        self._error, self._attempt = None, 0
        # What came between the first read and now is told as transitions, so the logs begin before it.
        unread = monitor.take_unread()
        first = {transition.election: transition for transition in reversed(unread)}
        for name, state in monitor.elections.items():
            found, revision = state.leader, state.revision
            if name in first:
                found, revision = first[name].before, first[name].revision - 1
            log = self.logs.get(name)
            if log is None and name not in first:
                self.logs[name] = TermLog(name, found, now)
            elif log is not None and log.current.leader != found:
                self._take_and_tell(Transition(name, revision, log.current.leader, found, True, now))
        for name in tuple(self.logs.keys() - monitor.elections.keys()):
            # Whoever led there has gone while nobody watched, and left nothing to be read.
            if (leader := self.logs[name].current.leader) is not None:
                self._take_and_tell(Transition(name, monitor.revision, leader, None, True, now))
            elif now - self.logs[name].current.began_at > _FORGET_AFTER:
                self._drop(name)
            self._dirty.add(name)
        for transition in unread:
            self._take_and_tell(transition)

    def _take_and_tell(self, transition: Transition) -> None:
        self._take(transition)
        self.expectations.tell(transition)

    def _take(self, transition: Transition) -> None:
        name = transition.election
        if name not in self.logs:
            is_new = transition.before is None and not transition.gap
            self.logs[name] = TermLog(name, transition.before, transition.observed_at, known=is_new)
        self.logs[name].record(transition)
        self._events.setdefault(name, EventLog()).add(transition)
        self.recent.append(transition)
        self.last_transition = transition
        self._dirty.add(name)
