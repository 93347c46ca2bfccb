"""Leaders by value: what each leads, and what becomes of it if it goes."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime, timedelta

import pytest

from election_core import Candidate, ElectionState, TermLog, Transition
from election_core.core.model import Snapshot
from electiontui.leaders import Heir, Leader, leaders_of

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Cluster:
    """Elections with their logs, as a view has them."""

    def __init__(self) -> None:
        self.elections: dict[str, ElectionState] = {}
        self.logs: dict[str, TermLog] = {}

    def add(self, name: str, *values: str, ago: float = 60, known: bool = True) -> list[Candidate]:
        """An election with these candidates, the first of which leads since so many seconds."""
        queue = [
            Candidate(f"{name}/{number:x}".encode(), value.encode(), number, number, number)
            for number, value in enumerate(values, 1)
        ]
        self.elections[name] = ElectionState(name, Snapshot(100, tuple(queue), NOW))
        leader = queue[0] if queue else None
        self.logs[name] = TermLog(name, leader, NOW - timedelta(seconds=ago), known=known)
        return queue

    def leaders(self) -> dict[str, Leader]:
        found = result_of(leaders_of(self.elections, self.logs, NOW))
        return {value.decode(): leader for value, leader in found.items()}


def result_of(steps: Generator[None, None, dict[bytes, Leader]]) -> dict[bytes, Leader]:
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            result: dict[bytes, Leader] = ended.value
            return result


def test_a_value_is_counted_through_all_elections() -> None:
    cluster = Cluster()
    cluster.add("a", "host-1", "host-2", ago=60)
    cluster.add("b", "host-1", ago=600, known=False)
    cluster.add("c", "host-2", "host-1", "host-3")
    cluster.add("d")
    leaders = cluster.leaders()
    assert {value: (each.leads, each.waits, each.heirless) for value, each in leaders.items()} == {
        "host-1": (2, 1, 1),
        "host-2": (1, 1, 0),
        "host-3": (0, 1, 0),
    }
    assert (leaders["host-1"].oldest, leaders["host-1"].oldest_known) == (NOW - timedelta(seconds=600), False)
    assert leaders["host-3"].oldest is None
    assert sorted(leaders["host-1"].elections) == ["a", "b"]


def test_what_if_it_goes_names_the_heirs_and_first_what_nobody_would_lead() -> None:
    cluster = Cluster()
    second = cluster.add("a", "host-1", "host-2")[1]
    cluster.add("b", "host-1")
    # Whoever waits behind itself goes with its host.
    third = cluster.add("c", "host-1", "host-1", "host-3")[2]
    cluster.add("d", "host-1", "host-1")
    host = cluster.leaders()["host-1"]
    assert host.heirs(cluster.elections, cluster.logs) == [
        Heir("b", None),
        Heir("d", None),
        Heir("a", second),
        Heir("c", third),
    ]
    assert host.heirless == 2
    # What has changed since it was counted is left out.
    cluster.add("a", "host-2")
    del cluster.elections["b"]
    assert [heir.election for heir in host.heirs(cluster.elections, cluster.logs)] == ["d", "c"]


def test_a_leader_is_known_by_what_it_proclaimed_first() -> None:
    cluster = Cluster()
    (leader,) = cluster.add("a", "host-1")
    later = leader._replace(value=b"progress 7", mod_revision=200)
    cluster.logs["a"].record(Transition("a", 200, leader, later, False, NOW))
    cluster.elections["a"] = ElectionState("a", Snapshot(200, (later,), NOW))
    leaders = cluster.leaders()
    assert list(leaders) == ["host-1"]
    assert leaders["host-1"].heirs(cluster.elections, cluster.logs) == [Heir("a", None)]


@pytest.mark.parametrize(("ago", "changes"), [(60, 1), (3_599, 1), (3_601, 0)])
def test_changes_are_terms_that_began_within_an_hour(ago: float, changes: int) -> None:
    cluster = Cluster()
    cluster.add("a")
    leader = Candidate(b"a/1", b"host-1", 1, 1, 1)
    at = NOW - timedelta(seconds=ago)
    cluster.logs["a"] = TermLog("a", None, at - timedelta(seconds=1))
    cluster.logs["a"].record(Transition("a", 1, None, leader, False, at))
    cluster.elections["a"] = ElectionState("a", Snapshot(1, (leader,), NOW))
    assert cluster.leaders()["host-1"].changes == changes


def test_elections_that_go_while_it_counts_are_left_out() -> None:
    cluster = Cluster()
    for number in range(500):
        cluster.add(f"{number:03}", "host-1")
    steps = leaders_of(cluster.elections, cluster.logs, NOW)
    next(steps)
    cluster.elections.clear()
    cluster.logs.clear()
    assert result_of(steps) == {}
