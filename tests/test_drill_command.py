"""The command ``drill``: interrupted, refused, or to its end."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from election_core import Client
from electiontui.drill import Access, BadDrill, check_possible, included, read_drill
from electiontui.drill.reading import parse_drill
from electiontui.embedded import EmbeddedEtcd

from .drills import LONG, WAITS, WRONG, assert_nothing_left, players_of
from .servers import is_alive, needed_binary, python, read_line, wait_until


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A file with a drill that waits."""
    file = tmp_path / "mine.toml"
    file.write_text(WAITS)
    return file


def run(etcd: EmbeddedEtcd | None, *args: str) -> subprocess.CompletedProcess[str]:
    where = ["--endpoints", etcd.endpoint] if etcd else []
    command = [sys.executable, "-m", "electiontui", "drill", *args, *where]
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=50)


# --- nothing is left behind


def frozen_player(pid: int) -> int:
    """The only candidate of a drill that still is a process; the one that was killed takes a moment to end."""
    wait_until(lambda: len(players_of(pid)) == 1, "the frozen candidate alone is left")
    (frozen,) = players_of(pid)
    return frozen


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=lambda each: str(each)
)
def test_an_interrupted_drill_leaves_nothing_behind(
    etcd: EmbeddedEtcd, written: Path, number: signal.Signals, code: int
) -> None:
    """H85: neither keys nor leases nor processes, of those either that cannot clear away themselves."""
    command = ("-m", "electiontui", "drill", str(written), "--endpoints", etcd.endpoint)
    process = python(*command, start_new_session=True)
    while "step 6" not in read_line(process.stderr):
        pass
    frozen_player(process.pid)
    os.killpg(process.pid, number)  # as a terminal does
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (code, "", "electiontui: interrupted; clearing away\n")
    assert players_of(process.pid) == []
    assert_nothing_left(etcd, "drill/")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends the children of who is killed")
def test_a_drill_that_is_killed_leaves_no_frozen_process(etcd: EmbeddedEtcd, written: Path, prefix: str) -> None:
    """H85: what is stopped cannot notice by itself that it is alone."""
    written.write_text(WAITS.replace(f"ttl = {LONG}", "ttl = 30"))  # nobody is left to clear them away
    process = python("-m", "electiontui", "drill", str(written), "--endpoints", etcd.endpoint, "--prefix", prefix)
    while "step 6" not in read_line(process.stderr):
        pass
    frozen = frozen_player(process.pid)
    process.kill()
    process.communicate()
    wait_until(lambda: not is_alive(frozen), "the frozen candidate is gone")


def test_an_interrupted_drill_ends_and_tells_what_is_left_although_etcd_does_not_answer(written: Path) -> None:
    """H85: in bounded time, however many candidates have to be cleared away."""
    with EmbeddedEtcd(binary=needed_binary("3.5")) as etcd:
        process = python(
            *("-m", "electiontui", "drill", str(written), "--endpoints", etcd.endpoint, "--command-timeout", "1s")
        )
        while "step 6" not in read_line(process.stderr):
            pass
        etcd.members[0].freeze()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 143
    assert len(re.findall("^electiontui: left behind: lease [0-9a-f]+ with its key", err, re.MULTILINE)) == 5
    assert players_of(process.pid) == []


# --- what is refused, before anything is written


async def test_an_election_that_others_campaign_in_is_left_alone(etcd: EmbeddedEtcd, written: Path, name: str) -> None:
    """H86: their leadership must not be a matter of a drill."""
    async with Client(etcd.endpoint) as client:
        election = client.election("mine", prefix=name)
        campaign = await election.campaign("theirs")
        before = await election.candidates()
        done = await asyncio.to_thread(run, etcd, str(written), "--prefix", f"{name}/")
        assert await election.candidates() == before
        assert campaign.is_leader
    assert done.returncode == 3
    assert f"b'theirs' leads 'mine' below '{name}': a drill needs an election to itself." in done.stderr


def obstacle(text: str, access: Access, cluster: Any) -> str | None:
    try:
        check_possible(parse_drill(f"[[candidates]]\nname = 'a'\n[[steps]]\n{text}", "mine.toml"), access, cluster)
    except BadDrill as exc:
        return str(exc)
    return None


@pytest.mark.parametrize(
    ("text", "access", "version", "why"),
    [
        (
            "do = 'freeze'\nmember = 1",
            Access(("h:1",)),
            None,
            "mine.toml:3: freeze of a member is done on a cluster of",
        ),
        ("do = 'freeze'\nmember = 1", Access(("h:1",)), "3.5.1", None),
        ("do = 'kill'\nmember = 1", Access(("h:1",)), "3.5.1", "A member of etcd 3.5.1 must not be killed"),
        ("do = 'kill'\nmember = 1", Access(("h:1",)), "3.5.3", None),
        ("do = 'cut'\ncandidate = 'a'", Access(("h:1",)), None, None),
        ("do = 'cut'\ncandidate = 'a'", Access(("h:1",), ca="ca.pem"), None, "A connection with TLS cannot be led"),
        ("do = 'cut'\ncandidate = 'a'", Access(("https://h:1",)), None, "A connection with TLS cannot be led"),
        ("do = 'cut'\ncandidate = 'a'", Access(("h:1",), encrypted=True), None, "A connection with TLS cannot be led"),
    ],
)
def test_what_cannot_be_done_there(text: str, access: Access, version: str | None, why: str | None) -> None:
    told = obstacle(text, access, version and SimpleNamespace(version=version))
    assert told is None if why is None else told is not None and why in told


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((), "exactly one of FILE|NAME, --list and --show NAME"),
        (("flapping", "--list"), "exactly one of FILE|NAME, --list and --show NAME"),
        (("nowhere",), "'nowhere' is neither a file nor one of the drills that are included: black-holed-leader,"),
        (("--show", "nowhere"), "'nowhere' is neither a file nor"),
        (("tests",), "tests: cannot read it: Is a directory."),
        (("frozen-member",), "frozen-member:19: freeze of a member is done on a cluster of its own alone: add --embed"),
        (("flapping", "--read-only"), "--read-only"),
        (("flapping", "--report", "/nowhere/report.md"), "nothing can be written to that folder"),
        (("flapping", "--rounds", "0"), "--rounds"),
        (("flapping", "--embedded", "--user", "root:x"), "--user is of no use here"),
        (("flapping", "--prefix", "a/", "--prefix", "b/"), "give --prefix once"),
    ],
)
def test_bad_input_ends_with_3(args: tuple[str, ...], says: str) -> None:
    done = run(None, *args)
    assert (done.returncode, done.stdout) == (3, "")
    assert says in done.stderr


def test_a_mistake_is_told_with_its_line(written: Path) -> None:
    written.write_text("[[candidates]]\nname = 'a'\nttl = -1\n[[steps]]\ndo = 'wait'\nfor = 1\n")
    done = run(None, str(written))
    assert (done.returncode, done.stdout) == (3, "")
    assert f"{written}:3: -1 is not a TTL, in seconds: give a whole number from 1 to 3600." in done.stderr


def test_no_etcd_ends_with_2() -> None:
    done = run(None, "flapping", "--endpoints", "127.0.0.1:9", "--command-timeout", "500ms")
    assert (done.returncode, done.stdout) == (2, "")


# --- the command


def test_those_that_are_included_are_listed_and_shown() -> None:
    listed = run(None, "--list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ["NAME", *included()]
    shown = run(None, "--show", "flapping")
    assert parse_drill(shown.stdout, "flapping") == read_drill("flapping")


def test_a_drill_narrates_reports_and_ends_with_0(etcd: EmbeddedEtcd, tmp_path: Path) -> None:
    file = tmp_path / "report.xml"
    done = run(etcd, "mass-exit", "--rounds", "2", "-w", "json", "--report", str(file))
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert (document["verdict"], len(document["results"])) == ("PASS", 12)
    assert ElementTree.parse(file).getroot().attrib["tests"] == "12"
    narrated = done.stderr.splitlines()
    assert narrated[0].startswith(f"electiontui: mass-exit, 2 rounds on {etcd.endpoint} below 'drill/")
    assert narrated[1] == "electiontui: PASS round 1, step 1, campaign a, b, c: a, b, c joined the line."
    assert len(narrated) == 13


def test_a_drill_that_fails_on_an_etcd_of_its_own_ends_with_1(written: Path) -> None:
    written.write_text(WRONG)
    done = run(None, str(written), "--embedded", "-w", "markdown")
    assert done.returncode == 1
    assert done.stdout.startswith("## mine: FAIL\n")
    assert "| 7 | expect that cut leads | FAIL | After 0.1 s waiting leads, and not cut. |" in done.stdout
