"""What members have answered over time, and what is remembered of leases and acknowledgements."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from election_core import Candidate, ElectionState, EndpointStatus, LeaseInfo
from election_core.core.model import Snapshot
from electiontui.findings import CRITICAL, WARNING, Finding
from electiontui.screens.cluster import pulse, size
from electiontui.sources import ClusterView, Lookout, Members

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def answer(endpoint: str, leader: int, trip: float = 0.001) -> EndpointStatus:
    return EndpointStatus(endpoint, True, trip, "3.5.21", 1, leader)


def silence(endpoint: str) -> EndpointStatus:
    return EndpointStatus(endpoint, False, error="no answer")


def test_raft_leaders_that_differ_are_counted_and_none_is_no_change() -> None:
    members = Members()
    for leader in (1, 1, 0, 1, 2, 0, 3):
        members.note([answer("a:1", leader), answer("b:1", leader)], 0.0)
    assert members.leader_changes == 2


def test_one_member_that_lags_behind_is_no_change() -> None:
    members = Members()
    members.note([answer("a:1", 1), answer("b:1", 1), answer("c:1", 1)], 0.0)
    members.note([answer("a:1", 1), answer("b:1", 1), answer("c:1", 2)], 5.0)
    assert members.leader_changes == 0


def test_silence_is_counted_from_the_first_look_without_an_answer() -> None:
    members = Members()
    members.note([answer("a:1", 1), silence("b:1")], 10.0)
    members.note([answer("a:1", 1), silence("b:1")], 15.0)
    assert members.silent(17.0) == {"b:1": 7.0}
    members.note([answer("a:1", 1), answer("b:1", 1)], 20.0)
    assert members.silent(21.0) == {}
    assert members.round_trips("b:1") == (None, None, 0.001)


def test_the_history_is_bounded_and_what_is_no_endpoint_any_more_is_forgotten() -> None:
    members = Members()
    for second in range(1000):
        members.note([answer("a:1", 1, second / 1000), silence("b:1")], float(second))
    assert len(members.round_trips("a:1")) == 120
    assert members.round_trips("a:1")[-1] == 0.999
    members.note([answer("c:1", 1)], 1000.0)
    assert members.round_trips("a:1") == members.round_trips("b:1") == ()
    assert members.silent(1001.0) == {}


def test_a_bar_for_each_answer() -> None:
    assert pulse([0.001, 0.008, None, 0.004]) == "▂█✗▅"
    assert pulse([]) == ""


def test_sizes_are_short() -> None:
    assert [size(each) for each in (0, 999, 20_480, 1_340_000, 41_000_000, 8_100_000_000)] == [
        "0 B",
        "999 B",
        "20 kB",
        "1.3 MB",
        "41 MB",
        "8.1 GB",
    ]


@dataclass
class StillView:
    """A view that only has elections, and leases to look up."""

    elections: dict[str, ElectionState]
    leases: dict[int, LeaseInfo]
    asked: list[int] = field(default_factory=list)

    @property
    def client(self) -> Any:
        return SimpleNamespace(lease=self._lease)

    async def _lease(self, lease_id: int) -> LeaseInfo | None:
        self.asked.append(lease_id)
        return self.leases.get(lease_id)


def view_of(count: int) -> StillView:
    elections = {}
    for number in range(1, count + 1):
        leader = Candidate(b"election/e%d/%x" % (number, number), b"v", number, number, number)
        elections[f"e{number}"] = ElectionState(f"e{number}", Snapshot(9, (leader,), NOW))
    return StillView(elections, {number: LeaseInfo(number, 60, 50) for number in range(1, count + 1)})


async def test_leases_are_looked_up_in_turn_two_hundred_at_a_time_and_suspects_each_time() -> None:
    view = view_of(350)
    lookout = Lookout(cast(ClusterView, view))
    await lookout.look_at_leases()
    assert sorted(view.asked) == list(range(1, 201))
    view.asked.clear()
    await lookout.look_at_leases(["e7", "gone"])
    assert sorted(view.asked) == [7, *range(201, 351)]
    assert lookout.leases.keys() == set(range(1, 351))
    await lookout.look_at_leases()
    assert view.asked[-200:] != []
    assert sorted(view.asked[-200:]) == list(range(1, 201))


async def test_leases_that_are_gone_or_of_no_candidate_any_more_are_forgotten() -> None:
    view = view_of(3)
    lookout = Lookout(cast(ClusterView, view))
    await lookout.look_at_leases()
    del view.elections["e1"], view.leases[2]
    await lookout.look_at_leases()
    assert lookout.leases.keys() == {3}


def test_an_acknowledgement_holds_until_the_finding_changes_or_ends() -> None:
    lookout = Lookout(cast(ClusterView, view_of(1)))
    finding = Finding("no-quorum", CRITICAL, None, "a:1", 3.0, (1, 3))
    lookout.acknowledge(finding)
    lookout.forget_ended([finding._replace(age=9.0)])
    assert lookout.is_acknowledged(finding._replace(age=10.0))
    assert not lookout.is_acknowledged(finding._replace(facts=(2, 3)))
    assert not lookout.is_acknowledged(finding._replace(severity=WARNING))
    lookout.forget_ended([])
    assert not lookout.is_acknowledged(finding)
    lookout.acknowledge(finding)
    lookout.recall(finding)
    assert not lookout.is_acknowledged(finding)
