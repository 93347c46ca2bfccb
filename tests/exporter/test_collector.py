"""What is told of what is known, whatever names and values there are."""

from __future__ import annotations

import gc
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from election_core import Candidate, EndpointStatus
from electiontui.metrics.collector import ViewCollector
from electiontui.metrics.following import Picture
from electiontui.metrics.ledger import FRESH, Account

from .scraping import Scrape

SINCE = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def leader(value: bytes = b"host-a") -> Candidate:
    return Candidate(b"election/a/1", value, 1, 7, 9)


NOTHING = Picture(True, [], 0, 0, 0.0, 0.0, [])
LED = Account(leader(), candidates=2, changes=3, vacant=1.5, since=SINCE)
VACANT = Account(vacant=1.0, vacant_since=10.0)
STATES = {
    "election_has_leader",
    "election_candidates",
    "election_blocked",
    "election_leader_info",
    "election_leader_since_timestamp_seconds",
    "election_fencing_token",
}
"""What is only true while etcd is watched."""


def registry(picture: Picture) -> CollectorRegistry:
    made = CollectorRegistry()
    made.register(ViewCollector(lambda: picture))
    return made


def told(picture: Picture) -> Scrape:
    return Scrape.parsed(generate_latest(registry(picture)).decode())


def test_one_election_is_told_whole() -> None:
    scrape = told(NOTHING._replace(accounts=[("orders", LED), ("nightly", VACANT)], watched=12.0, gaps=4))
    assert scrape.of("election_leader_info", "orders", "host-a") == 1
    assert scrape["election_has_leader"] == {("orders",): 1, ("nightly",): 0}
    assert scrape["election_candidates"] == {("orders",): 2, ("nightly",): 0}
    assert scrape["election_leader_changes_total"] == {("orders",): 3, ("nightly",): 0}
    assert scrape["election_vacant_seconds_total"] == {("orders",): 1.5, ("nightly",): 3.0}
    assert scrape["election_leader_since_timestamp_seconds"] == {("orders",): SINCE}
    assert scrape["election_fencing_token"] == {("orders",): 7}
    assert (scrape.of("election_view_watched_seconds_total"), scrape.of("election_view_gaps_total")) == (12, 4)
    assert (scrape.of("election_view_elections"), scrape.of("election_view_elections_cut")) == (2, 0)


def test_a_key_without_a_lease_that_leads_blocks() -> None:
    stray = LED._replace(leader=leader()._replace(lease_id=0))
    scrape = told(NOTHING._replace(accounts=[("a", stray), ("b", LED), ("c", VACANT)]))
    assert scrape["election_blocked"] == {("a",): 1, ("b",): 0, ("c",): 0}


def test_what_is_not_known_is_left_out() -> None:
    """H93: who led when etcd was heard last is no answer to who leads."""
    known = NOTHING._replace(accounts=[("orders", LED)], staleness=FRESH)
    assert set(told(known)) >= STATES
    stale = told(known._replace(staleness=FRESH + 0.1))
    assert not STATES & set(stale)
    assert not STATES & set(told(known._replace(is_read=False)))
    assert stale.of("election_leader_changes_total", "orders") == 3
    assert stale.of("election_view_staleness_seconds") == FRESH + 0.1


def test_an_odd_name_or_value_costs_nobody_else_the_answer() -> None:
    """H94: bytes that are no UTF-8, signs that terminals obey, and names that look alike once those are escaped."""
    names = ["plain", "\udcff", "\\xff", 'a"b\\c\nd', "\x1b[2J", "\u202e", ""]
    accounts = [(name, LED._replace(leader=leader(b"\xff\x00\n\x1b[2J"))) for name in names]
    scrape = told(NOTHING._replace(accounts=accounts))
    assert scrape.of("election_has_leader", "plain") == 1
    assert len(scrape["election_has_leader"]) == len(names) - 1
    assert scrape.of("election_view_elections_cut") == 1
    assert scrape.of("election_leader_info", "plain", "\\xff\\x00\\n\\x1b[2J") == 1
    assert all(label.isprintable() for labels in scrape["election_leader_info"] for label in labels)


def test_of_a_long_value_the_beginning_is_told() -> None:
    scrape = told(NOTHING._replace(accounts=[("a", LED._replace(leader=leader(b"x" * 1_500_000)))]))
    ((_, value),) = scrape["election_leader_info"]
    assert value == "x" * 199 + "…"


def test_a_name_as_long_as_etcd_takes_it_is_told_by_its_beginning() -> None:
    names = ["x" * 1_500_000, "x" * 1_400_000, "a"]
    scrape = told(NOTHING._replace(accounts=[(name, LED) for name in names]))
    assert set(scrape["election_has_leader"]) == {("a",), ("x" * 499 + "…",)}
    assert scrape.of("election_view_elections_cut") == 1


def test_members_that_do_not_answer_have_no_round_trip() -> None:
    members = [EndpointStatus("a:1", True, 0.25), EndpointStatus("b:1", False), EndpointStatus("a:1", True, 0.25)]
    scrape = told(NOTHING._replace(members=members))
    assert scrape["election_etcd_up"] == {("a:1",): 1, ("b:1",): 0}
    assert scrape["election_etcd_round_trip_seconds"] == {("a:1",): 0.25}


def test_promtool_finds_nothing_wrong(promtool: Path) -> None:
    members = [EndpointStatus("a:1", True, 0.25)]
    picture = NOTHING._replace(accounts=[("orders", LED), ("nightly", VACANT)], members=members, watched=10.0)
    for each in (picture, NOTHING):
        done = subprocess.run(
            [promtool, "check", "metrics"], input=generate_latest(registry(each)), capture_output=True, timeout=30
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_openmetrics_are_understood_too() -> None:
    picture = NOTHING._replace(accounts=[("orders", LED)])
    families = list(parse_openmetrics(generate_openmetrics(registry(picture)).decode()))  # type: ignore[no-untyped-call]
    assert "election_leader_changes" in {family.name for family in families}


def test_another_of_the_same_name_in_one_registry_is_refused_at_once() -> None:
    described = {metric.name for metric in ViewCollector(lambda: NOTHING).describe()}
    assert described == {metric.name for metric in ViewCollector(lambda: NOTHING).collect()}


def test_an_answer_is_no_work_for_the_garbage_collector() -> None:
    """It would halt every thread to look at all that there is, the elections of the monitor included."""
    many = registry(NOTHING._replace(accounts=[(f"e{number}", LED) for number in range(5_000)]))
    looked: list[int] = []

    def note(phase: str, about: dict[str, int]) -> None:
        looked.extend([about["generation"]] if phase == "start" else [])

    gc.collect()
    gc.callbacks.append(note)
    try:
        assert generate_latest(many).count(b"\n") > 35_000
    finally:
        gc.callbacks.remove(note)
    assert len(looked) < 40
    assert 2 not in looked
