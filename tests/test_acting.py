"""``electiontui leader``, ``proclaim`` and ``resign``."""

from __future__ import annotations

import subprocess
import sys

import pytest

from electiontui.embedded import EmbeddedEtcd

from .servers import ROOT, Etcdctl, clean_environment, python, read_line
from .test_cli import put_candidate, run


def test_leader_prints_the_value_alone(etcd_each: EmbeddedEtcd, name: str) -> None:
    etcdctl, access = Etcdctl(etcd_each.endpoint), ("--endpoints", etcd_each.endpoint)
    done = run("leader", name, *access)
    assert (done.returncode, done.stdout) == (4, "")
    assert "nobody leads" in done.stderr
    put_candidate(etcdctl, f"election/{name}/", "host-a:8080")
    put_candidate(etcdctl, f"election/{name}/", "host-b")
    done = run("leader", name, *access)
    assert (done.returncode, done.stdout, done.stderr) == (0, "host-a:8080\n", "")


def test_leader_waits_for_one(etcd: EmbeddedEtcd, etcdctl: Etcdctl, name: str) -> None:
    process = python("-m", "electiontui", "leader", name, "--wait", "--endpoints", etcd.endpoint)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.5)
    put_candidate(etcdctl, f"election/{name}/", "host-a")
    assert read_line(process.stdout) == "host-a"
    assert process.wait(10) == 0


def test_leader_is_raw_for_programs(etcd: EmbeddedEtcd, etcdctl: Etcdctl, name: str) -> None:
    put_candidate(etcdctl, f"election/{name}/", "\x1b[31mwächter")
    words = [sys.executable, "-m", "electiontui", "leader", name, "--endpoints", etcd.endpoint]
    done = subprocess.run(words, capture_output=True, cwd=ROOT, env=clean_environment(), timeout=30)
    assert done.stdout == "\x1b[31mwächter\n".encode()


@pytest.mark.parametrize("suffix", ["{}", "node-{}"])
def test_a_candidate_is_found_by_its_lease(etcd: EmbeddedEtcd, etcdctl: Etcdctl, name: str, suffix: str) -> None:
    access = ("--endpoints", etcd.endpoint)
    first = put_candidate(etcdctl, f"election/{name}/", "a", suffix)
    second = put_candidate(etcdctl, f"election/{name}/", "b", suffix)
    done = run("proclaim", name, "b again", "--lease", second, *access)
    assert (done.returncode, done.stdout) == (0, "")
    assert "proclaimed 'b again' in place of 'b'" in done.stderr
    done = run("resign", name, "--lease", f"0x{first.upper()}", *access)
    assert (done.returncode, done.stdout) == (0, "")
    assert "'a' has left the line" in done.stderr
    assert run("leader", name, *access).stdout == "b again\n"
    assert first in etcdctl.run("lease", "list")


@pytest.mark.parametrize("command", [("proclaim", "value"), ("resign",)])
def test_who_is_not_there_is_told_as_such(etcd: EmbeddedEtcd, name: str, command: tuple[str, ...]) -> None:
    what, *value = command
    done = run(what, name, *value, "--lease", "123abc", "--endpoints", etcd.endpoint)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"No candidate on lease 123abc is in the election '{name}'" in done.stderr


@pytest.mark.parametrize("command", [("proclaim", "job", "value"), ("resign", "job")])
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--lease", "xyz"], "'xyz' is no lease"),
        (["--lease", "0"], "'0' is no lease"),
        ([], "Missing option '--lease'"),
        (["--lease", "1f", "--read-only"], "--read-only (or ELECTIONTUI_READ_ONLY) forbids that"),
        (["--lease", "1f", "--prefix", "a", "--prefix", "b"], "give --prefix once"),
    ],
)
def test_bad_input_is_a_sentence(command: tuple[str, ...], words: list[str], told: str) -> None:
    done = run(*command, *words, "--endpoints", "127.0.0.1:9")
    assert (done.returncode, done.stdout) == (3, "")
    assert told in done.stderr
