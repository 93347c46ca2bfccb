"""Watching every election under a prefix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import islice
from typing import ClassVar, TypeVar

from .clock import Timer, utc_now
from .core.directory import Directory
from .core.flat import card, shown
from .core.inputs import MonitorInput
from .core.model import Transition
from .core.names import common_base, text_to_name, widest
from .core.oddities import Oddity
from .core.replica import Tapped, joined, oddities_in
from .core.state import ElectionState
from .core.term_log import TermLog
from .core.term_logs import TermLogs
from .core.vacancies import Vacancies
from .errors import InvalidConfig
from .shell.reading import CandidateReads
from .shell.runtime import Runtime
from .shell.subscription import Followed, Subscription
from .store import KeyRange

__all__ = ["Monitor"]

T = TypeVar("T")

_AUDIT_EVERY = 300.0
"""Seconds; it costs a read of all keys, without their values."""
_ALL_TERMS = 200_000
"""Terms that are over which all logs keep together."""
_FORGOTTEN_AT_ONCE = 500
_SHOWN = 21
"""Elections of which the card has 20, and says that there are more."""
_PAUSE = 0.01
"""Seconds between two times that as many are forgotten."""


class Monitor(Subscription):
    """Watches every election under a prefix, or under several; made by `Client.monitor`.

    An election is recognised by a candidate: a key whose last segment is its own lease id, as Go's client, etcdctl,
    Node's client and election_core write it. It stays in the mapping when it becomes vacant, until it has been so for
    ``forget_after`` seconds: then it is forgotten, with its log, and counts as changed (`take_changed`).

    The values of other keys are never read, and of the keys themselves nothing is kept. (Their changes come with their
    values all the same, since etcd cannot leave those out.)

    Once revisions were missed, be it to a compaction or by a server that loses events, elections unknown so far may
    have had terms there. So the first transition of every election that is seen for the first time after that says
    ``gap=True``, however much later it is. One that was forgotten and comes back does so only if something was missed
    in between, or if so many were forgotten since that this is not known any more.

    Several prefixes are watched each on its own; those below another one of them count as part of it. The transitions
    of one prefix come in revision order, and so do those of each election; between prefixes there is no order.

    Events for ``on``: ``"change"`` with every `Transition`; ``"progress"`` with the numbers of keys seen and of
    elections found so far, while everything is read; ``"disconnected"`` with the error, while it goes on trying;
    ``"connected"`` when that has helped; ``"error"`` with what ended it; ``"input"`` with every `MonitorInput`, in
    order, of which a `Replica` makes the same transitions again.

    Attributes:
        prefix: what is watched; ``""`` is the whole key space. Of several prefixes, what they have in common up to a
            slash, which the names are relative to.
        prefixes: all that are watched, sorted.
    """

    _EVENTS: ClassVar[tuple[str, ...]] = (*Subscription._EVENTS, "progress", "input")

    # The mutable state: what is known of each prefix and how much of it was read, the logs, when the first read
    # began, which elections are vacant, and the timer that looks after those.

    def __init__(
        self,
        runtime: Runtime,
        prefix: str | Iterable[str],
        *,
        forget_after: float | None = 3600.0,
        history: int = 1000,
    ) -> None:
        self.prefixes = widest(prefix)
        self.prefix, base = common_base(self.prefixes)
        self._forget_after = _check_forget_after(forget_after)
        self._logs = TermLogs(_check_history(history), _ALL_TERMS)
        self._seen_at = utc_now()
        self._vacancies = Vacancies()
        self._timer: Timer | None = None
        self._directories = [Directory(each, base=base) for each in self.prefixes]
        self._progress = [(0, 0)] * len(self.prefixes)
        self._elections = joined([directory.elections for directory in self._directories])
        self._strays = joined([directory.strays.elections for directory in self._directories])
        self._machines: list[Tapped] = []
        followed = []
        for number, (each, directory) in enumerate(zip(self.prefixes, self._directories, strict=True)):
            keys = KeyRange.prefix(text_to_name(each))
            reads = CandidateReads(runtime.store, keys, directory, partial(self._progressed, number))
            self._machines.append(Tapped(directory, number, self._tell_input, self._is_recorded, utc_now))
            followed.append(Followed(keys, self._machines[-1], reads, wide=True))
        what = " and ".join(f"the prefix {each!r}" for each in self.prefixes)
        super().__init__(runtime, what, followed, audit_every=_AUDIT_EVERY)

    def _tell(self, transition: Transition) -> None:
        self._callbacks.emit("change", transition)

    def _is_recorded(self) -> bool:
        return self._callbacks.has("input")

    def _tell_input(self, given: MonitorInput) -> None:
        self._callbacks.emit("input", given)

    def _repr_html_(self) -> str:
        states = [(name, _leader_of(state), len(state)) for name, state in islice(self._elections.items(), _SHOWN)]
        facts = [
            ("watches", self._what),
            ("elections", len(self._elections)),
            ("connected", "no longer" if self.closed else "yes" if self.connected else "no"),
            ("revision", self.revision),
        ]
        return card("Monitor", facts, [("election", "leader", "candidates"), *states] if states else ())

    @property
    def elections(self) -> Mapping[str, ElectionState]:
        """Name → state, always current. Names are relative to the prefix's last slash. Read-only."""
        return self._elections

    def read(self, question: Callable[[Monitor], T]) -> T:
        """What a plain function says of the monitor: the way to read one of `election_core.blocking`, too.

        A state and a log go on changing; ``copy.copy`` of them stays as it is and costs little.
        """
        return question(self)

    @property
    def strays(self) -> Mapping[str, ElectionState]:
        """Name → the keys that would block an election in which nobody campaigns, without their values. Read-only.

        They are named after a lease, in hex or in decimal, and have none: mostly somebody has written a leader's value
        by hand. No transition tells of them. Of 1,000 names at most they are known, and not where there are more than
        16, which is somebody's store. Once somebody campaigns there the name is among the `elections` instead.
        """
        return self._strays

    def log(self, name: str) -> TermLog:
        """Who led an election when, as far as this monitor has seen: the last ``history`` terms.

        It goes on until the election is forgotten; one that is not known has an empty log, for the time being. All logs
        together keep the last 200,000 terms that are over.
        """
        state = self._elections.get(name)
        if state is None:
            return TermLog(name, None, utc_now())
        return self._logs.ensure(name, state.leader, self._seen_at)

    def take_changed(self) -> set[str]:
        """The elections that have changed, in their queue or otherwise, or were forgotten, since this was last asked,
        `strays` among them; all at first."""
        return set[str]().union(*(directory.take_changed() for directory in self._directories))

    def oddities(self) -> list[Oddity]:
        """The keys in line that are no proper candidates, by key: strays without a lease, and nested names. It looks
        at every candidate."""
        return oddities_in(self._directories)

    def _progressed(self, number: int, keys: int, elections: int) -> None:
        self._progress[number] = keys, elections
        self._advanced()
        if self._callbacks.has("progress"):
            self._callbacks.emit("progress", *map(sum, zip(*self._progress, strict=True)))

    def _changed(self, transitions: list[Transition]) -> None:
        now = self._runtime.clock.now()
        for transition in transitions:
            self._logs.record(transition, self._seen_at)
            if self._forget_after is not None:
                self._vacancies.note(transition, now)
        self._look_after_vacancies()
        super()._changed(transitions)

    def _look_after_vacancies(self, pause: float = 1.0) -> None:
        since = self._vacancies.next()
        if self._timer is None and since is not None and self._forget_after is not None and not self.closed:
            moment = max(since + self._forget_after, self._runtime.clock.now() + pause)
            self._timer = self._runtime.clock.call_at(moment, self._forget)

    def _forget(self) -> None:
        assert self._forget_after is not None
        self._timer = None
        overdue = self._vacancies.older_than(self._runtime.clock.now() - self._forget_after, _FORGOTTEN_AT_ONCE)
        for name in overdue:
            answers = [machine.forget(name) for machine in self._machines]
            if all(answers):
                self._vacancies.drop(name)
                self._logs.forget(name)
        self._look_after_vacancies(_PAUSE if len(overdue) == _FORGOTTEN_AT_ONCE else 1.0)

    async def cancel(self) -> None:
        await super().cancel()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _leader_of(state: ElectionState) -> str:
    return "vacant" if state.leader is None else shown(state.leader.value) or "(empty)"


def _check_forget_after(seconds: float | None) -> float | None:
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0):
        raise InvalidConfig(f"forget_after is a number of seconds above 0, or None for never; got {seconds!r}.")
    return seconds


def _check_history(terms: int) -> int:
    if isinstance(terms, bool) or not isinstance(terms, int) or terms < 1:
        raise InvalidConfig(f"history is a whole number of terms, at least 1; got {terms!r}.")
    return terms
