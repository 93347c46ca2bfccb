"""What a view knew after some lines of a recording: the same lines make the same story."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta

from election_core import ElectionState, MonitorInput, Replica, TermLogs, Transition

from ..recording import Header, Item, Mark
from ..sources import Members
from ..sources.event_log import EventLogs
from ..sources.limits import ALL_EVENTS, ALL_TERMS, FORGET_AFTER, FRESH, RECENT, TERMS
from ..sources.meanwhile import as_known, begin_logs, unseen
from ..sources.shown import Shown
from ..wall import Wall
from ..watched import Watched

__all__ = ["Story"]


class Story:
    """What is known, kept as a live view keeps it, from one line on.

    Attributes:
        began: the time of the line that it begins with.
        is_whole: whether it begins with the recording; else what was before is not known.
        at: the newest time of a line so far.
        after: where the next line begins, in bytes.
        shown, elections: of the monitor that has read them all last; strays are among its elections.
        logs, events, recent, last_transition, watched, wall, members: as in `ClusterView`.
        told: how many transitions there were.
        steps: the ends of the last lines that had any, each with its time.
        connected, error, stale: how the watch is, why it broke, and for how long nothing was heard by the last mark.
    """

    # The mutable state: the attributes; the monitor whose beginning is being read, with what it told before all was
    # read; until when etcd was surely watched; and what has changed and was not asked for.

    def __init__(self, header: Header, start: int, began: datetime, *, is_whole: bool = True) -> None:
        self._header = header
        self.began = self.at = self._known = began
        self.after, self.is_whole = start, is_whole
        self.shown = self._monitor = Replica(header.prefixes)
        self.elections: Mapping[str, ElectionState] = Shown(self.shown)
        self._strays: set[str] = set()
        self._is_adopted = False
        self._before: list[Transition] = []
        self._changed: set[str] = set()
        self.logs = TermLogs(TERMS, ALL_TERMS)
        self.events = EventLogs(ALL_EVENTS)
        self.recent: deque[Transition] = deque(maxlen=RECENT)
        self.steps: deque[tuple[int, datetime]] = deque(maxlen=RECENT)
        self.last_transition: Transition | None = None
        self.told = 0
        self.watched = Watched(began)
        self.wall = Wall(header.began.tzinfo)
        self.wall.note(began, began)
        self.members = Members()
        self.connected, self.error, self.stale = False, "", 0.0

    @property
    def has_begun(self) -> bool:
        """Whether anything was read."""
        return self._is_adopted

    def copy(self) -> Story:
        """Another one that knows the same, and goes on by itself."""
        other = Story(self._header, self.after, self.began, is_whole=self.is_whole)
        other.at, other._known = self.at, self._known
        other._monitor = self._monitor.copy()
        other.shown = other._monitor if self.shown is self._monitor else self.shown.copy()
        other.elections, other._strays = Shown(other.shown), set(self._strays)
        other._is_adopted, other._before = self._is_adopted, self._before[:]
        other.logs, other.events = self.logs.copy(), self.events.copy()
        other.recent, other.steps = self.recent.copy(), self.steps.copy()
        other.last_transition, other.told = self.last_transition, self.told
        other.watched, other.wall, other.members = self.watched.copy(), self.wall.copy(), self.members.copy()
        other.connected, other.error, other.stale = self.connected, self.error, self.stale
        return other

    def take_changed(self) -> set[str]:
        """The elections that have changed since this was last asked; all at first."""
        changed, self._changed = self._changed, set()
        return changed | self.shown.take_changed()

    def take(self, item: Item) -> list[Transition]:
        """The next line; gives the transitions that it made.

        Raises:
            ValueError: it cannot be a line of this recording.
        """
        what, self.after = item.what, item.after
        self.at = max(self.at, what.at)
        transitions = self._mark(what) if isinstance(what, Mark) else self._input(what)
        if transitions:
            self.told += len(transitions)
            self.steps.append((self.after, self.at))
        return transitions

    def _input(self, given: MonitorInput) -> list[Transition]:
        transitions = self._monitor.take(given)
        self._known = max(self._known, given.at)
        if not self._is_adopted:
            self._before += transitions
            return self._adopt(given.at) if self._monitor.has_begun else []
        told = [self._take(transition) for transition in transitions]
        if given.kind == "forget":
            self._drop(given.election)
        if self._strays or self.shown.strays:
            self._note_strays(given.at)
        return told

    def _note_strays(self, now: datetime) -> None:
        strays = self.shown.strays
        for name in self._strays - strays.keys():
            if name not in self.elections:
                self._drop(name)
        begin_logs(self.logs, {name: strays[name] for name in strays if name not in self._strays}, (), now)
        self._strays = set(strays)

    def _adopt(self, now: datetime) -> list[Transition]:
        """A monitor has read everything: as `ClusterView` goes on where it had another one before."""
        self._changed |= self.elections.keys() | self.shown.take_changed()
        self.shown, self._is_adopted = self._monitor, True
        self.elections, self._strays = Shown(self.shown), set(self.shown.strays)
        self.connected, self.error, self.stale = True, "", 0.0
        self.watched.seen(now)
        unread, self._before = self._before, []
        told = [self._take(each) for each in unseen(self.logs, self.elections, unread, self.shown.revision, now)]
        begin_logs(self.logs, self.elections, unread, now)
        for name in tuple(self.logs.keys() - self.elections.keys()):
            if now - self.logs[name].current.began_at > FORGET_AFTER:
                self._drop(name)
            self._changed.add(name)
        return told + [self._take(transition) for transition in unread]

    def _take(self, transition: Transition) -> Transition:
        transition = as_known(transition, self.logs.get(transition.election))
        self.logs.record(transition, transition.observed_at)
        self.events.add(transition)
        self.recent.append(transition)
        self.last_transition = transition
        return transition

    def _drop(self, name: str) -> None:
        self.logs.forget(name)
        self.events.forget(name)
        self._changed.add(name)

    def _mark(self, mark: Mark) -> list[Transition]:
        known = mark.at - timedelta(seconds=mark.stale)
        if mark.wall is not None:
            self.wall.note(mark.at, mark.wall)
        if mark.members is not None:
            self.members.note(mark.members, mark.at.timestamp())
        match mark.kind:
            case "begin":
                self._lose(self._known, "the recording was interrupted here")
                self._monitor, self._is_adopted, self._before = Replica(self._header.prefixes), False, []
            case "lost":
                self._lose(known, mark.error)
            case "end":
                self._lose(known, "the recording ends here")
            case "back":
                self.connected, self.error = self._is_adopted, ""
                self._look(mark.at)
            case "alive":
                self.stale = mark.stale
                if mark.at - known < FRESH:
                    self._look(known)
                else:
                    self.watched.lost(known)
        return []

    def _look(self, known: datetime) -> None:
        if self.connected:
            self._known = max(self._known, known)
            self.watched.seen(known)

    def _lose(self, known: datetime, error: str) -> None:
        self.connected, self.error = False, error
        self.watched.lost(known)
