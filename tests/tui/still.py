"""A dashboard that stands still: the real screens on elections, leases and a clock that never move."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from election_core import Campaign, CampaignState, Candidate, Client, ElectionState, LeaseInfo, Transition
from election_core.core.model import Snapshot
from electiontui.app import ElectionApp
from electiontui.etcdctl import Etcdctl
from electiontui.rows import ElectionRow, row_of
from electiontui.screens.live import Desk
from electiontui.sources import Candidacies, Candidacy, ClusterView, ViewStatus
from electiontui.sources.drill_runs import DrillRuns
from electiontui.watched import Watched

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PREFIX = "election/"
REVISION = 4711


def candidate(name: str, value: str, revision: int) -> Candidate:
    lease_id = 0x694D8257079FA000 + revision
    return Candidate(f"{PREFIX}{name}/{lease_id:x}".encode(), value.encode(), lease_id, revision, revision)


class StandingClock:
    """It is always ``NOW``, in the zone of the machine."""

    zone = None

    def now(self) -> datetime:
        return NOW

    def seconds(self) -> float:
        return 0.0

    def wall(self) -> datetime:
        return NOW


class StillView(ClusterView):
    """Shows what it was given, and connects to nothing."""

    def __init__(self, *, connected: bool = True) -> None:
        super().__init__(lambda: Client("10.0.0.1:2379"), PREFIX, clock=StandingClock())
        self.connected = connected
        self.elections: dict[str, ElectionState] = {}
        self.watched = Watched(NOW - timedelta(hours=3))
        self.watched.seen(self.watched.began)
        if not connected:
            self.watched.lost(NOW - timedelta(seconds=14))
        self.client = cast(Client, SimpleNamespace(endpoints=("10.0.0.1:2379",), lease=self._lease))

    def note_watching(self, now: datetime) -> None:
        """Nothing changes."""

    async def __aenter__(self) -> StillView:
        return self

    async def __aexit__(self, *exc: object) -> None:
        pass

    async def _lease(self, lease_id: int) -> LeaseInfo:
        return LeaseInfo(lease_id, 60, 40 + lease_id % 20)

    def _row(self, name: str) -> ElectionRow:
        return row_of(self.elections[name], self.logs[name], 60, NOW)

    def want_leases(self, names: Iterable[str]) -> None:
        pass

    def add(self, name: str, terms: Iterable[tuple[float, str | None]], waiting: Iterable[str] = ()) -> None:
        """An election: who led from how many seconds ago on, the first of them found; and who waits now."""
        leader: Candidate | None = None
        for number, (ago, value) in enumerate(terms):
            at, revision = NOW - timedelta(seconds=ago), REVISION - 1000 + number * 10
            after = None if value is None else candidate(name, value, revision)
            if number == 0:
                self.logs.ensure(name, after, at)
            else:
                self._take(Transition(name, revision, leader, after, False, at))
            leader = after
        queue = [] if leader is None else [leader]
        queue += [candidate(name, value, REVISION - 500 + number) for number, value in enumerate(waiting)]
        self.elections[name] = ElectionState(name, Snapshot(REVISION, tuple(queue), NOW))
        self.rows.outdate([name])
        self.troubles.renew([name], self.elections, self.logs, NOW)

    def flush(self) -> set[str]:
        """Nothing changes, whatever time it is."""
        changed, self._dirty = self._dirty, set()
        return changed

    def status(self) -> ViewStatus:
        return ViewStatus(
            prefix=PREFIX,
            loaded=True,
            connected=self.connected,
            age=0.4 if self.connected else 14.0,
            revision=REVISION,
            elections=len(self.elections),
            endpoints_up=1 if self.connected else 0,
            endpoints=1,
            down=() if self.connected else ("10.0.0.1:2379",),
            has_quorum=True,
            round_trip=0.0021 if self.connected else None,
            error=None if self.connected else "None of 10.0.0.1:2379 answered within 5 s; is etcd running there?",
            unreachable=not self.connected,
            attempt=3,
            retry_in=None if self.connected else 4.0,
        )


class StillApp(ElectionApp):
    """The dashboard on a still view, with two candidates of one's own unless it is read-only."""

    def __init__(self, view: StillView, *, read_only: bool = False) -> None:
        super().__init__(lambda: view.client, prefixes=(PREFIX,), read_only=read_only)
        self._still = view

    def make_desk(self) -> Desk:
        own = Candidacies(self._still, self._client_factory)
        if not self._read_only:
            states = (CampaignState.LEADING, CampaignState.WAITING)
            for label, state, found in zip("ab", states, self._still.elections["drill/console"].queue, strict=True):
                own._all[label] = _candidacy(label, state, found)
        etcdctl = Etcdctl(self._still.client.endpoints)
        return Desk(self._still, own, DrillRuns(None), etcdctl, self._read_only)


def _candidacy(label: str, state: CampaignState, found: Candidate) -> Candidacy:
    async def resign() -> None:
        """There is nothing to resign."""

    campaign: Any = SimpleNamespace(
        state=state,
        is_leader=state is CampaignState.LEADING,
        key=found.key,
        value=found.value,
        lease_id=found.lease_id,
        lease_remaining=58.0,
        resign=resign,
    )
    action = "elected after 0.012 s" if state is CampaignState.LEADING else "campaigning"
    return Candidacy(label, f"{PREFIX}drill/console", 60, cast(Campaign, campaign), 0.0, action)


def busy_view(*, connected: bool = True) -> StillView:
    """Elections in every state, one of them with a history."""
    view = StillView(connected=connected)
    view.add("billing/ledger", [(7500, "billing-1")], ["billing-2", "billing-3"])
    view.add("drill/console", [(200, None), (180, "op-alice")], ["op-bob"])
    view.add(
        "drill/payments",
        [(280, "node-03"), (225, None), (222, "node-07"), (150, "node-11"), (90, None), (60, "node-03")],
        ["node-07", "node-11"],
    )
    view.add("hostile[bold]\x1b[5m", [(40, "[red]\x1b[31m ")])
    view.add("mail/outbound", [(100, "mail-1"), (80, "mail-2"), (50, "mail-1"), (10, "mail-2")], ["mail-1"])
    view.add("reports/monthly", [(300, "reports-1"), (30, None)])
    view.add("weltkarte/Kachel-Größe", [(4000, "宽字-1")], ["karte-2"])
    return view
