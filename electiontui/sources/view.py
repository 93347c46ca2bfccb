"""The live view of every election under a prefix: keeps trying, keeps the last state, says how old it is."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from types import TracebackType

from election_core import Client, ElectionState, Monitor, TermLogs, Transition

from ..clock import Clock, SystemClock
from ..history.recorder import Recorder
from ..prefixes import base_of
from ..recording import RawRecorder
from ..rows import ElectionRow, row_of
from ..wall import Wall
from ..watched import Watched
from .event_log import EventLogs
from .expectations import Expectations
from .followers import Followers
from .leases import LeaderLeases
from .limits import ALL_EVENTS, ALL_TERMS, FORGET_AFTER, FRESH, RECENT, TERMS
from .meanwhile import as_known, begin_logs, unseen
from .members import Members
from .past import Past
from .restless import Restless
from .retries import Retries
from .row_cache import RowCache
from .shown import HasRead, Shown
from .status import ViewStatus, status_of
from .troubles import Troubles

__all__ = ["ClusterView"]


class ClusterView:
    """Watches a prefix for as long as it is entered, whatever etcd does meanwhile.

    Attributes:
        client: the client in use.
        clock: what time it is.
        prefixes: what is watched.
        elections: name → state, always current; keeps the last state while disconnected. Strays are among them.
        logs: name → term log since the view was opened, as of the last `take_news`, like the events.
        rows: name → row, as of the last `flush` or newer; complete them to have them stand still until the next.
        expectations, followers: who waits for a transition, told at once, and who is told all that `take_news` finds.
        watched, wall: when etcd was watched, and what the wall clock showed when, as of the last `note_watching`.
        recent: the newest transitions of all elections, oldest first, at most 2,000, as of the last `take_news`.
        last_transition: the newest of them.
        troubles: which elections are in trouble, as of the last `flush`.
        past: what was before the view began, and what is kept of it.
        raw: takes every input of the monitors, if there is one.
        members: what the endpoints have answered since the view was opened.
        keys_read: how many keys the last first read has seen below the prefixes, candidates included.
    """

    # The mutable state: the maps above, which of their entries the next flush has to renew, and the tasks that
    # watch, look leases up and ask the members. Everything runs on one event loop.

    def __init__(
        self,
        client_factory: Callable[[], Client],
        *prefixes: str,
        recorder: Recorder | None = None,
        clock: Clock | None = None,
    ) -> None:
        """``recorder``: keeps what is seen; it is closed with the view."""
        self.client = client_factory()
        self.prefixes = prefixes
        self.clock = clock or SystemClock()
        self.wall = Wall(self.clock.zone)
        self.leases = LeaderLeases(self.client, self._lease_news)
        self.expectations = Expectations()
        self.followers = Followers()
        self.members = Members()
        self.past = Past(recorder, self._learned)
        self.raw: RawRecorder | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._watch: asyncio.Task[None] | None = None
        self._forget()

    def _forget(self) -> None:
        self._monitor: Monitor | None = None
        self.keys_read = 0
        self.elections: Mapping[str, ElectionState] = {}
        self.logs = TermLogs(TERMS, ALL_TERMS)
        self.rows = RowCache(self._row)
        self.troubles = Troubles()
        self.watched = Watched(self.clock.now())
        self.recent: deque[Transition] = deque(maxlen=RECENT)
        self.last_transition: Transition | None = None
        self._events = EventLogs(ALL_EVENTS)
        self._dirty: set[str] = set()
        self._led_on: dict[int, list[str]] = {}
        self._restless, self._retries = Restless(), Retries()
        self._lost_at = self.clock.seconds()

    async def __aenter__(self) -> ClusterView:
        """Start watching; returns at once, also if etcd cannot be reached."""
        await self.client.__aenter__()
        self._tasks = [
            asyncio.create_task(self.leases.run(), name="lease lookups"),
            asyncio.create_task(self.members.follow(self.client, self.clock), name="endpoint status"),
        ]
        self._watch = asyncio.create_task(self._retries.run(self._watch_once), name="watch")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.note_watching(self.clock.now())
        tasks = [task for task in (*self._tasks, self._watch) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.past.close()
        await self.client.__aexit__(kind, exc, trace)

    async def switch(self, *prefixes: str) -> None:
        """Watch others instead, from nothing, or the same afresh. Cancelling it leaves the view without a watch."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if prefixes != self.prefixes:
            self.prefixes = prefixes
            self._forget()
            self.past.forget()
        self._watch = asyncio.create_task(self._retries.run(self._watch_once), name="watch")

    @property
    def base(self) -> str:
        """What the prefixes have in common up to a slash: the names of the elections are relative to it."""
        return base_of(self.prefixes)

    def name_of(self, path: str) -> str | None:
        """The election's name within this view for a path from the root of the key space."""
        return path.removeprefix(self.base) if path.startswith(self.base) else None

    def events(self, name: str) -> tuple[Transition, ...]:
        """The election's transitions since the view was opened, oldest first, as many as `EventLog` keeps."""
        return self._events.of(name)

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
            strays = self._monitor.strays
            begin_logs(self.logs, {name: strays[name] for name in strays.keys() & changed}, (), self.clock.now())
            self._dirty |= changed
            self.followers.tell(changed)
        return bool(self._dirty)

    def _drop(self, name: str) -> None:
        """The monitor has forgotten an election."""
        self.logs.forget(name)
        self._events.forget(name)
        self.past.drop(name)

    def flush(self) -> set[str]:
        """Outdate the rows of what `take_news` has found since the last flush, and return their names.

        Call it at the rate of repaints, not of events: bursts coalesce here.
        """
        changed, self._dirty = self._dirty, set()
        # What has gone, or has only forgotten transitions, has no row.
        shown = {name for name in changed if name in self.elections and name in self.logs}
        self.rows.outdate(shown)
        self.rows.drop(changed - shown)
        self._restless.add(self.troubles.renew(changed, self.elections, self.logs, self.clock.now(), self.leases.dying))
        return changed

    def note_watching(self, now: datetime) -> None:
        """Note whether etcd is watched; call it once per second, whether anything is repainted or not."""
        self.wall.note(self.clock.now(), self.clock.wall())
        known = now - timedelta(seconds=self.status().age)
        if self._monitor is not None and now - known < FRESH:
            self.watched.seen(known)
            # What is kept as watched has to have come before.
            self.take_news()
            self.past.watched(known)
        else:
            self.watched.lost(known)
            self.past.lost()

    def tick(self, now: datetime) -> None:
        """Renew a share of the rows whose rates decay with time; call it once per second."""
        self._dirty |= self._restless.take_share()
        self._dirty.update(self.troubles.sweep(now))

    def _row(self, name: str) -> ElectionRow:
        state, leases = self.elections[name], self.leases
        lease_id = state.leader.lease_id if state.leader else 0
        dying = lease_id in leases.dying
        row = row_of(state, self.logs[name], leases.ttls.get(lease_id), self.clock.now(), dying=dying)
        if row.changes_per_hour:
            self._restless.add([name])
        return row

    def want_leases(self, names: Iterable[str]) -> None:
        """These elections are on the screen: have their leaders' leases looked at. Call it once per second."""
        self._led_on = {}
        for name in names:
            state = self.elections.get(name)
            if state is not None and state.leader is not None:
                self._led_on.setdefault(state.leader.lease_id, []).append(name)
        self.leases.want(self._led_on)

    def _lease_news(self, lease_id: int) -> None:
        self._dirty.update(self._led_on.get(lease_id, ()))

    def status(self) -> ViewStatus:
        """How current the view is, now."""
        now = self.clock.seconds()
        age = now - self._lost_at if self._monitor is None else self._monitor.staleness
        found = len(self.elections), len(self.client.endpoints)
        return status_of(self.prefixes, self._monitor, self._retries, self.members, found, age, now)

    async def _watch_once(self) -> None:
        monitor = self.client.monitor(self.prefixes)
        monitor.on("progress", self._note_progress)
        if self.raw is not None:
            self.raw.attach(monitor, lambda: self.client.cluster_id)
        async with monitor:
            ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            monitor.on("error", lambda error: None if ended.done() else ended.set_exception(error))
            monitor.on("change", self.expectations.tell)
            self._adopt(monitor)
            await ended

    def _note_progress(self, keys: int, elections: int) -> None:
        self.keys_read = keys

    @property
    def monitor(self) -> Monitor | None:
        """What watches, or has last; ``None`` before the first read."""
        return self._monitor

    @property
    def read(self) -> HasRead | None:
        """What knows the elections, in a recording as well."""
        return self._monitor

    def _adopt(self, monitor: Monitor) -> None:
        now = self.clock.now()
        self.watched.seen(now)
        self.take_news()
        found = Shown(monitor)
        # A screen may go on showing an election that is gone, and its row could not be made any more.
        self.rows.make(self.rows.keys() - found.keys())
        self._monitor, self.elections = monitor, found
        self.past.begin(self.client, monitor, self.logs, self.watched)
        self._retries.succeeded()
        unread = monitor.take_unread()
        for transition in unseen(self.logs, found, unread, monitor.revision, now):
            self._take_and_tell(transition)
        # What came between the first read and now is told as transitions, so the logs begin before it.
        begin_logs(self.logs, found, unread, now)
        for name in tuple(self.logs.keys() - found.keys()):
            # One whose leader has gone just now is vacant since then.
            if now - self.logs[name].current.began_at > FORGET_AFTER:
                self._drop(name)
            self._dirty.add(name)
        for transition in unread:
            self._take_and_tell(transition)

    def _learned(self, names: Iterable[str]) -> None:
        self._dirty.update(name for name in names if name in self.elections)

    def _take_and_tell(self, transition: Transition) -> None:
        self._take(transition)
        self.expectations.tell(transition)

    def _take(self, transition: Transition) -> None:
        transition = as_known(transition, self.logs.get(transition.election))
        self.followers.took(transition)
        self.leases.note_end(transition)
        self.logs.record(transition, transition.observed_at)
        self._events.add(transition)
        self.recent.append(transition)
        self.last_transition = transition
        self.past.saw(transition)
        self._dirty.add(transition.election)
