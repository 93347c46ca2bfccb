"""What the status bar says of the connection."""

from __future__ import annotations

from dataclasses import replace

from electiontui.screens import status_text
from electiontui.sources import ViewStatus

ALL_UP = ViewStatus(
    prefix="election/",
    loaded=True,
    connected=True,
    age=0.4,
    revision=7,
    elections=3,
    endpoints_up=3,
    endpoints=3,
    down=(),
    has_quorum=True,
    round_trip=0.002,
    error=None,
    unreachable=False,
    attempt=1,
    retry_in=None,
)
LOST = replace(ALL_UP, connected=False, age=12.0, endpoints_up=1, down=("b:1", "c:1"))


def test_all_endpoints_answer() -> None:
    assert status_text.connected(ALL_UP) == ["electiontui  ● 3/3 endpoints", "rev 7", "view 0.4s old", "rtt 2.0ms"]


def test_which_endpoint_is_down() -> None:
    status = replace(ALL_UP, endpoints_up=2, down=("b:1",))
    assert status_text.connected(status)[:2] == ["electiontui  ◐ 2/3 endpoints", "down: b:1"]


def test_without_a_quorum_it_says_who_answers_and_who_does_not() -> None:
    told = ["✗ NO QUORUM 12s — 1 of 3 answers", "down: b:1, c:1"]
    status = replace(LOST, has_quorum=False)
    assert status_text.lost(status) == [*told, "state as of rev 7", "retrying"]
    assert status_text.lost(replace(status, loaded=False, retry_in=2.0)) == [*told, "retry 1 in 2s"]
    everybody = replace(status, endpoints_up=3, down=())
    assert status_text.lost(everybody)[:2] == [
        "✗ NO QUORUM 12s — 3 of 3 answer",
        "none of them knows a raft leader",
    ]


def test_a_lost_connection() -> None:
    told = ["✗ DISCONNECTED 00:02:00 — showing state as of rev 7, retrying", "1/3 endpoints"]
    assert status_text.lost(replace(LOST, age=120.0)) == told
    assert status_text.lost(replace(LOST, loaded=False)) == ["… connecting 12s", "1/3 endpoints"]
    assert status_text.lost(replace(LOST, loaded=False, error="refused"))[0] == "✗ NOT CONNECTED 12s — retrying"
