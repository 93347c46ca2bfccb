"""``electiontui check`` on real servers: what it prints, and with which exit code."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from electiontui.embedded import EmbeddedEtcd

from .gateway import ask
from .servers import Etcdctl
from .test_cli import CLOSED, put_candidate, run

OF_MEMBERS = ("--ignore", "known-bugs", "--ignore", "one-endpoint")
"""The test's server is alone, and may be an old one."""


def findings(etcd: EmbeddedEtcd, prefix: str, *args: str) -> tuple[int, list[dict[str, Any]]]:
    done = run("check", "--endpoints", etcd.endpoint, "--prefix", prefix, *OF_MEMBERS, "-w", "json", *args)
    document = json.loads(done.stdout)
    assert document["prefixes"] == [prefix]
    assert document["revision"] > 0
    return done.returncode, document["findings"]


def kinds(found: list[dict[str, Any]]) -> list[str]:
    return [each["kind"] for each in found]


def test_nothing_wrong_is_exit_0_and_says_so(etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str) -> None:
    put_candidate(etcdctl, f"{prefix}job/", "node-1")
    put_candidate(etcdctl, f"{prefix}job/", "node-2")
    done = run("check", "--endpoints", etcd.endpoint, "--prefix", prefix, *OF_MEMBERS)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "electiontui: nothing found\n")
    assert findings(etcd, prefix) == (0, [])


def test_warnings_alone_are_exit_0(etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str) -> None:
    put_candidate(etcdctl, f"{prefix}job/", "node-1")
    done = run("check", "--endpoints", etcd.endpoint, "--prefix", prefix, *OF_MEMBERS)
    header, row = done.stdout.splitlines()
    assert header.split() == ["SEVERITY", "KIND", "WHERE", "WHAT"]
    assert row.split(maxsplit=3) == ["warning", "no-standby", "job", "no standby: node-1 leads, and 0 of 1 wait"]
    assert (done.returncode, done.stderr) == (0, "electiontui: 1 warning\n")
    assert findings(etcd, prefix, "--min-standby", "0") == (0, [])
    assert findings(etcd, prefix, "--ignore", "no-standby") == (0, [])


def test_a_stray_that_blocks_is_critical_and_exit_1(etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str) -> None:
    etcdctl.run("put", f"{prefix}job/by-hand", "x")
    put_candidate(etcdctl, f"{prefix}job/", "node-1")
    put_candidate(etcdctl, f"{prefix}job/", "node-2")
    code, (found,) = findings(etcd, prefix)
    assert code == 1
    assert found == {
        "severity": "critical",
        "kind": "blocked",
        "election": "job",
        "endpoint": None,
        "age": None,
        "says": f"BLOCKED by a key without a lease: {prefix}job/by-hand; 2 wait behind it",
        "means": found["means"],
        "verify": f"etcdctl --endpoints {etcd.endpoint} get {prefix}job/by-hand -w fields",
        "do": f"See who wrote it. If nobody leads by it, delete it: etcdctl del {prefix}job/by-hand",
    }
    assert "first in line" in found["means"]


def test_a_stray_where_nobody_campaigns_is_a_warning_and_listed(
    etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str
) -> None:
    key = f"{prefix}job/694d9af0b1c2d3e4"
    etcdctl.run("put", key, "by hand")
    code, (found,) = findings(etcd, prefix)
    assert (code, found["severity"], found["kind"]) == (0, "warning", "stray-alone")
    assert found["says"].endswith(f"keys without a lease stand in line: 1, the first is {key}")
    done = run("list", "--endpoints", etcd.endpoint, "--prefix", prefix)
    assert done.stdout.splitlines()[1].split() == ["job", "(no", "lease)", "1", done.stdout.split()[-2], "0"]
    assert f"is in the queue of 'job': {key}" in done.stderr
    listed = run("list", "--endpoints", etcd.endpoint, "--prefix", prefix, "-w", "json")
    (election,) = json.loads(listed.stdout)["elections"]
    assert (election["leader"]["key"], election["leader"]["value"]) == (key, None)
    code, found_named = findings(etcd, prefix, "job")
    assert (code, kinds(found_named)) == (1, ["stray-alone"]), "an election that is named has to have a leader"


def test_an_election_that_is_named_has_to_have_a_leader(etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str) -> None:
    put_candidate(etcdctl, f"{prefix}job/", "node-1")
    code, found = findings(etcd, prefix, "absent", "j*", "--min-standby", "0")
    assert (code, kinds(found), found[0]["election"]) == (1, ["vacant"], "absent")
    assert re.fullmatch(r"VACANT for 00:00:0\d, no leader seen", found[0]["says"])
    assert findings(etcd, prefix, "absent*") == (0, [])
    code, (found_later,) = findings(etcd, prefix, "absent", "--vacant-longer-than", "300ms")
    assert code == 1
    assert found_later["age"] >= 0.3


def test_only_elections_that_match_are_looked_at(etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str) -> None:
    for name in ("pay", "mail"):
        put_candidate(etcdctl, f"{prefix}{name}/", "node-1")
    assert [each["election"] for each in findings(etcd, prefix, "p*")[1]] == ["pay"]


@contextmanager
def short_lease(etcd: EmbeddedEtcd, ttl: int) -> Iterator[str]:
    """A lease in hex, renewed from the first moment on and far more often than etcdctl does: little of it can go by."""
    number, over = ask(etcd.endpoint, "lease/grant", TTL=ttl)["ID"], threading.Event()

    def renew() -> None:
        while not over.wait(0.1):
            ask(etcd.endpoint, "lease/keepalive", ID=number)

    renewing = threading.Thread(target=renew)
    renewing.start()
    try:
        yield f"{int(number):x}"
    finally:
        over.set()
        renewing.join()


def test_leases_are_looked_up_unless_told_not_to(etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str) -> None:
    with short_lease(etcd, 2) as lease:
        etcdctl.run("put", f"--lease={lease}", "--", f"{prefix}job/{lease}", "node-1")
        put_candidate(etcdctl, f"{prefix}job/", "node-2")
        assert "ttl-short" in kinds(findings(etcd, prefix)[1])
        assert "ttl-apart" in kinds(findings(etcd, prefix)[1])
        assert findings(etcd, prefix, "--no-leases") == (0, [])


def test_names_and_values_of_any_bytes_are_harmless(etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str) -> None:
    put_candidate(etcdctl, f"{prefix}n\x1b[31m/", "v\x1b{0}")
    done = run("check", "--endpoints", etcd.endpoint, "--prefix", prefix, *OF_MEMBERS)
    assert "\x1b" not in done.stdout
    assert "v\\x1b{0} leads" in done.stdout
    assert findings(etcd, prefix)[1][0]["election"] == "n\x1b[31m"


def test_what_cannot_be_reached_is_exit_2_and_still_a_document() -> None:
    done = run("check", "--endpoints", CLOSED, "--command-timeout", "1s", "-w", "json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["revision"], kinds(document["findings"])) == (2, None, ["unreachable"])
    assert "nothing listens there" in done.stderr


@pytest.fixture(scope="module")
def three() -> Iterator[EmbeddedEtcd]:
    with EmbeddedEtcd(3) as etcd:
        yield etcd


def test_a_cluster_without_a_quorum_says_which_members_are_down(three: EmbeddedEtcd) -> None:
    endpoints = ",".join(three.endpoints)
    args = ("check", "--endpoints", endpoints, "--command-timeout", "3s", "--ignore", "known-bugs", "-w", "json")
    first, second, third = three.members

    def after(*wanted: str) -> tuple[int, list[dict[str, Any]]]:
        """The exit code and the findings, once a new raft leader is elected, or none can be: a second or two."""
        for _ in range(10):
            done = run(*args)
            findings: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
            if kinds(findings) == list(wanted):
                break
        assert kinds(findings) == list(wanted)
        return done.returncode, findings

    # Members that stood still for long may be electing one just now.
    assert after() == (0, [])
    second.kill()
    _, (found,) = after("member-down")
    assert (found["severity"], found["kind"], found["endpoint"]) == ("warning", "member-down", second.endpoint)
    third.kill()
    code, (found,) = after("no-quorum")
    assert code == 2
    assert found["endpoint"] == first.endpoint
    down = f"{second.endpoint}, {third.endpoint}"
    assert found["says"] == f"no quorum: 1 of 3 answers, and no raft leader is known; down: {down}"


def test_what_cannot_be_ignored_is_told_and_exit_3() -> None:
    done = run("check", "--endpoints", CLOSED, "--ignore", "vacent")
    assert done.returncode == 3
    assert "vacent: there is no such kind; they are unreachable, no-quorum," in done.stderr
