"""Programs that end without closing their client, are interrupted, or fork."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from election_core.blocking import Client
from electiontui.embedded import EmbeddedEtcd

from ..servers import python
from .conftest import PATIENCE

ACTOR = str(Path(__file__).with_name("actor.py"))


class Actor:
    """A process of `actor`, once it has campaigned."""

    def __init__(self, endpoint: str, name: str, way: str) -> None:
        self.process: subprocess.Popen[str] = python(ACTOR, endpoint, name, way)
        assert self.process.stdout is not None
        word, lease_id = self.process.stdout.readline().split()
        assert word == "elected"
        self.lease_id = int(lease_id)

    def end(self) -> tuple[int, str, str]:
        """Its exit code, and what it has said."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        # Not communicate(), which does not know what readline() has read in advance.
        out, err = self.process.stdout.read(), self.process.stderr.read()
        return self.process.wait(PATIENCE), out, err


@pytest.mark.parametrize(
    ("way", "code"), [("unhandled", 1), ("end_of_file", 0), ("exit_in_a_body", 3), ("daemon_body", 0)]
)
def test_an_end_without_closing_resigns(etcd: EmbeddedEtcd, client: Client, name: str, way: str, code: int) -> None:
    """H70"""
    actor = Actor(etcd.endpoint, name, way)
    began = time.monotonic()
    assert actor.end()[0] == code
    assert time.monotonic() - began < 5.0
    assert client.election(name).candidates() == []
    assert client.lease(actor.lease_id) is None


@pytest.mark.parametrize("way", ["entering", "body", "no_with", "reading"])
def test_ctrl_c_leaves_nothing(etcd: EmbeddedEtcd, client: Client, name: str, way: str) -> None:
    """H68"""
    with client.election(name).observe() as observer:
        other = client.election(name).campaign("other").wait() if way == "entering" else None
        actor = Actor(etcd.endpoint, name, way)
        while not any(each.value == b"me" for each in observer.candidates):
            time.sleep(0.01)
        began = time.monotonic()
        actor.process.send_signal(signal.SIGINT)
        code, _, err = actor.end()
        assert time.monotonic() - began < 5.0
        assert code in (-signal.SIGINT, 130)
        assert err.rstrip().endswith("KeyboardInterrupt")
        if other is not None:
            other.resign()
        assert client.election(name).candidates() == []
        assert client.lease(actor.lease_id) is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_is_told_at_once_and_harms_nobody(etcd: EmbeddedEtcd, name: str) -> None:
    """H69, H74: also of a client that was made before the fork and never used."""
    actor = Actor(etcd.endpoint, name, "fork")
    code, out, err = actor.end()
    *told, last = out.splitlines()
    assert (code, last) == (0, "leads True 0"), err
    assert len(told) == 5
    for line in told:
        assert line.startswith(f"This client was made before a fork, by process {actor.process.pid}, ")
