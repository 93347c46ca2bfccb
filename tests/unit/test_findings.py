"""What counts as wrong, kind by kind: what fires with which figures, and what next to it does not."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from election_core import Candidate, ElectionState, EndpointStatus, LeaseInfo, Oddity, TermLog, Transition
from election_core.core.model import Snapshot
from electiontui.etcdctl import Etcdctl
from electiontui.findings import (
    CRITICAL,
    KINDS,
    NOTICE,
    WARNING,
    Finding,
    Limits,
    Seen,
    does,
    find,
    in_order,
    leases_wanted,
    means,
    plural,
    says,
    verifies,
)
from electiontui.findings.texts import TEXTS

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ENOUGH = Limits(min_standby=0)


def candidate(name: str, value: bytes, revision: int, lease: int | None = None) -> Candidate:
    lease = revision if lease is None else lease
    return Candidate(f"election/{name}/{lease:x}".encode(), value, lease, revision, revision)


def state(name: str, *queue: Candidate) -> ElectionState:
    return ElectionState(name, Snapshot(100, queue, NOW))


def seen(*states: ElectionState, **others: object) -> Seen:
    return Seen({each.name: each for each in states}, NOW, **others)  # type: ignore[arg-type]


def member(endpoint: str = "a:1", **others: object) -> EndpointStatus:
    known: dict[str, object] = {"round_trip": 0.002, "version": "3.6.9", "member_id": 1, "raft_leader": 1}
    return EndpointStatus(endpoint, True, **(known | others))  # type: ignore[arg-type]


def down(endpoint: str) -> EndpointStatus:
    return EndpointStatus(endpoint, False, error=f"{endpoint} did not answer in time")


def log(name: str, *terms: tuple[float, bytes | None]) -> TermLog:
    """Who led from how many seconds ago on; the first was found so."""
    (ago, value), *later = terms
    leader = None if value is None else candidate(name, value, 1)
    made = TermLog(name, leader, NOW - timedelta(seconds=ago))
    for revision, (ago, value) in enumerate(later, 2):
        after = None if value is None else candidate(name, value, revision)
        made.record(Transition(name, revision, leader, after, False, NOW - timedelta(seconds=ago)))
        leader = after
    return made


JOB = state("job", candidate("job", b"host-1", 7), candidate("job", b"host-2", 8))
VACANT = state("job")
LONE = state("job", candidate("job", b"host-1", 7))


def three(*values: bytes) -> ElectionState:
    return state("job", *(candidate("job", value, revision) for revision, value in enumerate(values, 7)))


def leases(*infos: tuple[int, int, int]) -> dict[int, LeaseInfo]:
    return {lease: LeaseInfo(lease, granted, remaining) for lease, granted, remaining in infos}


STRAY = Candidate(b"election/job/zz", b"by hand", 0, 5, 5)
LATE_STRAY = STRAY._replace(create_revision=9)
INNER = candidate("job/b", b"inner", 5)
ODD = Candidate(b"election/job/odd", b"other", 6, 9, 9)
BUGGY = "3.5.1"

FIRES: list[tuple[str, Seen, Limits, Finding]] = [
    ("standby", seen(LONE), Limits(), Finding("no-standby", WARNING, "job", facts=(b"host-1", 0, 1))),
    ("standby", seen(JOB), Limits(min_standby=2), Finding("no-standby", WARNING, "job", facts=(b"host-1", 1, 2))),
    (
        "strays are no standby",
        seen(state("job", candidate("job", b"host-1", 7), LATE_STRAY), oddities=[Oddity("stray", STRAY.key, "job")]),
        Limits(),
        Finding("no-standby", WARNING, "job", facts=(b"host-1", 0, 1)),
    ),
    (
        "vacant",
        seen(VACANT, logs={"job": log("job", (90, b"host-1"), (30, None))}),
        Limits(),
        Finding("vacant", CRITICAL, "job", age=30.0, facts=("last led by host-1",)),
    ),
    (
        "vacant from the start",
        seen(VACANT, logs={"job": log("job", (5, None))}),
        Limits(vacant_longer_than=5),
        Finding("vacant", CRITICAL, "job", age=5.0, facts=("no leader seen",)),
    ),
    (
        "flapping",
        seen(JOB, logs={"job": log("job", (300, b"x"), (119, b"y"), (60, b"x"), (1, b"y"))}),
        ENOUGH,
        Finding("flapping", WARNING, "job", figures=(3, 2)),
    ),
    (
        "blocked",
        seen(state("job", STRAY, *JOB.queue), oddities=[Oddity("stray", STRAY.key, "job")]),
        ENOUGH,
        Finding("blocked", CRITICAL, "job", facts=(b"election/job/zz",), figures=(2,)),
    ),
    (
        "strays alone",
        seen(
            state("job", STRAY, LATE_STRAY._replace(key=b"election/job/zzz")),
            oddities=[
                Oddity("stray", STRAY.key, "job"),
                Oddity("stray", b"election/job/zzz", "job"),
            ],
        ),
        ENOUGH,
        Finding("stray-alone", WARNING, "job", facts=(b"election/job/zz",), figures=(2,)),
    ),
    (
        "stray in line",
        seen(state("job", *JOB.queue, LATE_STRAY), oddities=[Oddity("stray", STRAY.key, "job")]),
        ENOUGH,
        Finding("stray-key", WARNING, "job", facts=(b"election/job/zz",), figures=(3, 0)),
    ),
    (
        "unlike",
        seen(state("job", *JOB.queue, ODD), oddities=[Oddity("unlike", ODD.key, "job")]),
        ENOUGH,
        Finding("unlike-key", WARNING, "job", facts=(b"election/job/odd",), figures=(3,)),
    ),
    (
        "nested, and the inner one leads",
        seen(state("job", INNER, *JOB.queue), state("job/b", INNER), oddities=[Oddity("nested", INNER.key, "job")]),
        ENOUGH,
        Finding("nested-names", CRITICAL, "job", facts=("job/b", 1), figures=(1,)),
    ),
    (
        "nested by name alone",
        seen(JOB, state("job/deep/er")),
        ENOUGH,
        Finding("nested-names", WARNING, "job", facts=("job/deep/er", 1), figures=(0,)),
    ),
    (
        "a lock",
        seen(three(b"host-1", b"", b"host-2")),
        ENOUGH,
        Finding("lock-in-line", NOTICE, "job", facts=(b"election/job/8",)),
    ),
    (
        "two locks",
        seen(three(b"", b"host-1", b"")),
        ENOUGH,
        Finding("lock-in-line", NOTICE, "job", facts=(b"election/job/7",)),
    ),
    (
        "a value twice",
        seen(three(b"host-1", b"host-2", b"host-1")),
        ENOUGH,
        Finding("value-twice", WARNING, "job", facts=(b"host-1",), figures=(2,)),
    ),
    (
        "far from the others",
        seen(three(b"a", b"b", b"c"), leases=leases((7, 60, 50), (8, 15, 12), (9, 60, 50))),
        ENOUGH,
        Finding("ttl-apart", WARNING, "job", facts=(b"b", 15, 60)),
    ),
    (
        "far above the others",
        seen(three(b"a", b"b", b"c"), leases=leases((7, 15, 12), (8, 15, 12), (9, 60, 50))),
        ENOUGH,
        Finding("ttl-apart", WARNING, "job", facts=(b"c", 60, 15)),
    ),
    (
        "less than three raft elections",
        seen(LONE, leases=leases((7, 2, 1)), members=[member(), member("b:1")]),
        ENOUGH,
        Finding("ttl-short", WARNING, "job", facts=(b"host-1", 2, 3), figures=(2,)),
    ),
    (
        "less than twenty round trips of the slowest member",
        seen(LONE, leases=leases((7, 9, 8)), members=[member(), member("b:1", round_trip=0.5)]),
        ENOUGH,
        Finding("ttl-short", WARNING, "job", facts=(b"host-1", 9, 10), figures=(500,)),
    ),
    (
        "not renewed, with an heir",
        seen(JOB, leases=leases((7, 60, 19))),
        ENOUGH,
        Finding("not-renewed", WARNING, "job", age=41.0, facts=(b"host-1", 7, 60), figures=(19, b"host-2")),
    ),
    (
        "not renewed, and nobody follows",
        seen(LONE, leases=leases((7, 60, 3))),
        ENOUGH,
        Finding("not-renewed", CRITICAL, "job", age=57.0, facts=(b"host-1", 7, 60), figures=(3, "NOBODY")),
    ),
    (
        "bugs",
        seen(members=[member(version=BUGGY), member("b:1", version=BUGGY), member("c:1")]),
        ENOUGH,
        Finding(
            "known-bugs",
            WARNING,
            endpoint="a:1, b:1",
            facts=(BUGGY, len(member(version=BUGGY).known_bugs), "; ".join(member(version=BUGGY).known_bugs)),
        ),
    ),
    (
        "no room",
        seen(members=[member(alarms=("NOSPACE",)), member("b:1")]),
        ENOUGH,
        Finding("alarm", CRITICAL, endpoint="a:1", facts=("NOSPACE",)),
    ),
    (
        "another alarm",
        seen(members=[member(alarms=("NEW",)), member("b:1")]),
        ENOUGH,
        Finding("alarm", WARNING, endpoint="a:1", facts=("NEW",)),
    ),
    ("one endpoint", seen(members=[member()]), ENOUGH, Finding("one-endpoint", NOTICE, endpoint="a:1")),
    ("relay", seen(members=[member(is_relay=True), member("b:1")]), ENOUGH, Finding("relay", NOTICE, endpoint="a:1")),
    (
        "down",
        seen(members=[member(), member("b:1"), down("c:1")], silent={"c:1": 12.0}),
        ENOUGH,
        Finding("member-down", WARNING, endpoint="c:1", age=12.0, figures=("c:1 did not answer in time",)),
    ),
    (
        "cut off",
        seen(members=[member(), member("b:1"), member("c:1", raft_leader=0)]),
        ENOUGH,
        Finding("member-apart", WARNING, endpoint="c:1", figures=(2,)),
    ),
    (
        "no quorum",
        seen(members=[member(raft_leader=0), down("b:1"), down("c:1")], silent={"b:1": 3.0, "c:1": 9.0}),
        ENOUGH,
        Finding("no-quorum", CRITICAL, endpoint="a:1", age=9.0, facts=(1, 3, "b:1, c:1")),
    ),
    (
        "nobody answers",
        seen(members=[down("a:1"), down("b:1")], silent={"a:1": 3.0, "b:1": 9.0}),
        ENOUGH,
        Finding("unreachable", CRITICAL, "", "a:1, b:1", 3.0, (2,), ("a:1 did not answer in time",))._replace(
            election=None
        ),
    ),
    (
        "large",
        seen(JOB, keys=100_003),
        ENOUGH,
        Finding("large-prefix", NOTICE, figures=(100_003, 2)),
    ),
]


@pytest.mark.parametrize(("known", "limits", "expected"), [case[1:] for case in FIRES], ids=[case[0] for case in FIRES])
def test_it_is_found_with_its_figures(known: Seen, limits: Limits, expected: Finding) -> None:
    found = [finding for finding in find(known, limits) if finding.kind == expected.kind]
    assert found == [expected]


QUIET: list[tuple[str, Seen, Limits]] = [
    ("one waits", seen(JOB), Limits()),
    ("vacant, but not for long", seen(VACANT, logs={"job": log("job", (90, b"x"), (29.9, None))}), Limits()),
    ("vacant, and nothing is known of it", seen(VACANT), Limits()),
    ("two changes in two minutes", seen(JOB, logs={"job": log("job", (300, b"x"), (60, b"y"), (1, b"x"))}), Limits()),
    (
        "a third change was before that",
        seen(JOB, logs={"job": log("job", (300, b"x"), (121, b"y"), (60, b"x"), (1, b"y"))}),
        Limits(),
    ),
    ("a name that only begins alike", seen(JOB, state("job-2", *JOB.queue), state("jo", *JOB.queue)), Limits()),
    ("nobody writes values", seen(state("job", candidate("job", b"", 7), candidate("job", b"", 8))), Limits()),
    ("different values", seen(three(b"a", b"b", b"c")), Limits()),
    ("a little apart", seen(JOB, leases=leases((7, 60, 50), (8, 16, 12))), Limits()),
    ("just long enough", seen(JOB, leases=leases((7, 3, 2)), members=[member(), member("b:1")]), Limits()),
    (
        "just long enough for the round trip",
        seen(JOB, leases=leases((7, 10, 8)), members=[member(), member("b:1", round_trip=0.5)]),
        Limits(),
    ),
    ("a third may be left", seen(JOB, leases=leases((7, 60, 20))), Limits()),
    ("the answer is rounded down", seen(JOB, leases=leases((7, 5, 1))), Limits()),
    ("another candidate's lease is not the leader's", seen(JOB, leases=leases((8, 60, 1))), Limits()),
    ("all is well", seen(JOB, members=[member(), member("b:1"), member("c:1")]), Limits()),
    ("nobody was asked", seen(JOB), Limits()),
    ("as many keys as may be", seen(JOB, keys=100_002), Limits()),
]


@pytest.mark.parametrize(("known", "limits"), [case[1:] for case in QUIET], ids=[case[0] for case in QUIET])
def test_nothing_is_found(known: Seen, limits: Limits) -> None:
    assert find(known, limits) == []


def test_of_a_line_with_other_elections_in_it_only_its_own_candidates_are_compared() -> None:
    line = state("job", candidate("job", b"a", 7), INNER._replace(create_revision=9, value=b"a"))
    known = seen(line, leases=leases((7, 60, 50), (5, 2, 1)), oddities=[Oddity("nested", INNER.key, "job")])
    assert find(known, ENOUGH) == []


def test_every_kind_fires_and_has_its_words() -> None:
    assert {case[3].kind for case in FIRES} == set(KINDS) == set(TEXTS)
    for _, _, _, finding in FIRES:
        for text in (says(finding), means(finding), does(finding)):
            assert text.isprintable()
            assert "{" not in text
        assert verifies(finding, Etcdctl(("a:1", "b:1")), ["election/"]).startswith("etcdctl --endpoints a:1,b:1 ")


WORDS = {
    "not renewed, and nobody follows": "DYING: host-1 not renewed for 00:00:57, 3 of 60 s left, next: NOBODY",
    "no quorum": "no quorum: 1 of 3 answers, and no raft leader is known; down: b:1, c:1",
    "vacant": "VACANT for 00:00:30, last led by host-1",
    "blocked": "BLOCKED by a key without a lease: election/job/zz; 2 wait behind it",
    "strays alone": "nobody campaigns here, and keys without a lease stand in line: 2, the first is election/job/zz",
    "a value twice": "2 candidates are called host-1",
}


@pytest.mark.parametrize("case", WORDS)
def test_what_it_says(case: str) -> None:
    (finding,) = [expected for name, _, _, expected in FIRES if name == case]
    assert says(finding) == WORDS[case]


def test_foreign_text_is_harmless_and_a_shells_word() -> None:
    finding = Finding("blocked", CRITICAL, "a b\x1b", facts=(b"election/a b\x1b/{0}; rm",), figures=(1,))
    assert "\x1b" not in says(finding) + does(finding) + verifies(finding, Etcdctl(("a:1",)), ["election/"])
    assert does(finding).endswith(r"etcdctl del $'election/a b\x1b/{0}; rm'")
    vacant = Finding("vacant", CRITICAL, "it's", age=1.0, facts=("no leader seen",))
    assert "'election/it'\"'\"'s/'" in verifies(vacant, Etcdctl(("a:1",)), ["election/"])


def test_the_worst_comes_first_and_of_those_the_oldest() -> None:
    old, young = Finding("vacant", CRITICAL, "b", age=90.0), Finding("vacant", CRITICAL, "a", age=3.0)
    ageless, warning = Finding("blocked", CRITICAL, "c"), Finding("value-twice", WARNING, "a", age=900.0)
    notice = Finding("relay", NOTICE)
    assert in_order([notice, warning, ageless, young, old]) == [old, young, ageless, warning, notice]


def test_ages_and_figures_are_no_news_and_facts_are() -> None:
    finding = Finding("no-quorum", CRITICAL, None, "a:1", 3.0, (1, 3), (5,))
    assert finding._replace(age=4.0, figures=(6,)).identity == finding.identity
    assert finding._replace(facts=(2, 3)).identity != finding.identity
    assert finding._replace(severity=WARNING).identity != finding.identity


def test_leaders_leases_are_wanted_before_those_who_wait_each_once() -> None:
    shared = state("b", candidate("b", b"x", 20, lease=7), candidate("b", b"y", 21))
    assert list(leases_wanted({"job": JOB, "b": shared, "v": state("v"), "s": state("s", STRAY)})) == [7, 8, 21]


@pytest.mark.parametrize(("severity", "count", "word"), [(CRITICAL, 2, "critical"), (WARNING, 1, "warning"),
                                                         (WARNING, 2, "warnings"), (NOTICE, 3, "notices")])  # fmt: skip
def test_what_many_are_called(severity: int, count: int, word: str) -> None:
    assert plural(severity, count) == word


def many(count: int, made: Callable[[str, int], ElectionState]) -> Seen:
    states = [made(f"team-{number % 50}/job-{number}", number) for number in range(count)]
    logs = {each.name: log(each.name, (300, b"x"), (200, b"y"), (100, b"x")) for each in states}
    known = {each.leader.lease_id: LeaseInfo(each.leader.lease_id, 60, 50) for each in states if each.leader}
    return seen(*states, logs=logs, leases=known, members=[member(), member("b:1")], keys=3 * count)


@pytest.mark.parametrize("waiting", [0, 2], ids=["all of them without a standby", "nothing wrong"])
def test_ten_thousand_elections_are_looked_at_in_a_moment(waiting: int) -> None:
    """Some 40 ms on one core of 2020; ten times as many take about ten times as long, on whatever machine."""

    def made(name: str, number: int) -> ElectionState:
        first = 10 + number * 10
        return state(name, *(candidate(name, b"host-%d" % each, first + each) for each in range(waiting + 1)))

    took = {}
    for count in (1_000, 10_000):
        known, times = many(count, made), []
        for _ in range(5):
            began = time.process_time()
            found = find(known)
            times.append(time.process_time() - began)
        assert len(found) == (0 if waiting else count)
        took[count] = min(times)
    print(f"{took[10_000] * 1000:.1f} ms")
    assert took[10_000] < 30 * took[1_000]
