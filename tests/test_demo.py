"""The demo: in a terminal the dashboard on lively elections, elsewhere a short failover; nothing of it stays."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pexpect
import pytest

from .servers import ROOT, clean_environment, is_alive, processes_with, python, wait_until

TTL = 2


def test_without_a_terminal_it_plays_a_failover_and_prints_what_it_measured() -> None:
    process = python("-m", "electiontui", "demo")
    out, err = process.communicate(timeout=50)
    assert process.returncode == 0, err
    assert re.search(r"^failover +node-a +3 ", out, re.MULTILINE)
    resigned = re.search(r"node-b elected after ([\d.]+) ms", out)
    crashed = re.search(r"node-c elected after ([\d.]+) s", out)
    assert resigned is not None
    assert crashed is not None
    # Whoever resigns is followed before any lease could have run out. One that is renewed every third of its TTL has
    # two thirds left when its owner crashes, less by what the machine stood still.
    assert float(resigned[1]) < 1000 * TTL * 2 / 3
    assert TTL / 3 <= float(crashed[1]) < TTL + 3
    lanes = [line.partition("┤")[0].strip() for line in out.splitlines() if "┤" in line]
    assert lanes == ["node-a", "node-b", "★ node-c", "vacant"]
    assert "starting etcd" in err
    assert "Traceback" not in err


class Demo:
    """The demo in a terminal, and what it has started."""

    def __init__(self, *args: str) -> None:
        self.terminal = pexpect.spawn(
            sys.executable,
            ["-m", "electiontui", "demo", *args],
            cwd=str(ROOT),
            env=clean_environment(TERM="xterm-256color", COLORTERM="truecolor"),
            dimensions=(40, 120),
            timeout=40,
            encoding="utf-8",
        )
        self.terminal.expect("node-0")
        pid = self.terminal.pid
        assert pid is not None
        self.pid = pid
        self.folders = self._folders()
        self.children = [pid for folder in self.folders for pid in processes_with(str(folder))]
        self.children += [pid for pid in processes_with("electiontui.demo.players") if self._is_ours(pid)]

    def _folders(self) -> list[Path]:
        """The folders of the etcds that descend from this demo."""
        supervisors = [pid for pid in processes_with("embedded/supervisor.py") if self._is_ours(pid)]
        found = set()
        for pid in supervisors:
            for task in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                command = Path(f"/proc/{task}/cmdline").read_bytes().decode().split("\0")
                found.add(Path(command[command.index("--data-dir") + 1]).parent)
        return list(found)

    def _is_ours(self, pid: int) -> bool:
        # Another test's may have ended since it was listed.
        with suppress(FileNotFoundError, ProcessLookupError):
            return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) == self.pid
        return False

    def is_gone(self) -> bool:
        return not any(map(is_alive, self.children)) and not any(folder.exists() for folder in self.folders)


@pytest.fixture
def demos() -> Iterator[list[Demo]]:
    started: list[Demo] = []
    yield started
    for demo in started:
        demo.terminal.close(force=True)


def test_leaving_by_key_leaves_nothing(demos: list[Demo]) -> None:
    demo = Demo("--seed", "7")
    demos.append(demo)
    assert len(demo.folders) == 1
    assert len(demo.children) == 2
    demo.terminal.send("q")
    demo.terminal.expect(pexpect.EOF)
    demo.terminal.close()
    assert demo.terminal.exitstatus == 0
    wait_until(demo.is_gone, "the demo's processes and folder are gone")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_being_ended_leaves_nothing(demos: list[Demo], number: signal.Signals) -> None:
    demo = Demo()
    demos.append(demo)
    os.kill(demo.pid, number)
    wait_until(demo.is_gone, f"all is gone after {number.name}", seconds=20)


def test_three_nodes_are_three_members(demos: list[Demo]) -> None:
    demo = Demo("--nodes", "3")
    demos.append(demo)
    assert len(demo.children) == 4
    demo.terminal.expect("3/3 endpoints")
    demo.terminal.send("\x11")
    demo.terminal.expect(pexpect.EOF)
    wait_until(demo.is_gone, "three members and the players are gone")


def test_ctrl_c_before_the_dashboard_is_up_leaves_nothing() -> None:
    process = python("-m", "electiontui", "demo", start_new_session=True)
    assert process.stderr is not None
    assert "starting etcd" in process.stderr.readline()
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in out
