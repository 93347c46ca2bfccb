"""How the dashboard ends, in a real terminal: its exit code, and what it says on the way out."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator

import pexpect
import pytest

from electiontui.embedded import EmbeddedEtcd

from ..servers import ROOT, clean_environment, distro_binary

Start = Callable[..., "pexpect.spawn[str]"]

CRASH = """
from electiontui.cli import main
from electiontui.screens.elections import ElectionsScreen

def crash(screen, now):
    password = "only-the-locals-hold-this"
    raise RuntimeError("a defect in " + "a screen")

ElectionsScreen.show_time = crash
main()
"""

CANDIDATE = """
from electiontui.app import ElectionApp
from electiontui.cli import main

ElectionApp.on_ready = lambda app: app.desk.own.start("drill", "op-a", 30)
main()
"""


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts Python in a terminal of its own."""
    started: list[pexpect.spawn[str]] = []

    def spawn(*args: str, **env: str) -> pexpect.spawn[str]:
        terminal: pexpect.spawn[str] = pexpect.spawn(
            sys.executable,
            list(args),
            cwd=str(ROOT),
            env=clean_environment(TERM="xterm-256color", COLUMNS="160", **env),
            dimensions=(40, 160),
            timeout=40,
            encoding="utf-8",
        )
        started.append(terminal)
        return terminal

    yield spawn
    for terminal in started:
        terminal.close(force=True)


@pytest.fixture
def lone_etcd() -> Iterator[EmbeddedEtcd]:
    """An etcd that this test may break."""
    with EmbeddedEtcd(binary=distro_binary("etcd")) as server:
        yield server


def end_of(terminal: pexpect.spawn[str]) -> tuple[int | None, str]:
    """The exit code, and what was written since the last expectation, without its colours and line breaks."""
    terminal.expect(pexpect.EOF)
    terminal.close()
    plain = re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", "", terminal.before or "")
    return terminal.exitstatus, " ".join(plain.split())


def test_leaving_in_good_order_is_exit_code_0(start: Start, etcd: EmbeddedEtcd) -> None:
    terminal = start("-m", "electiontui", "--endpoints", etcd.endpoint)
    terminal.expect("Press a to find")
    terminal.send("q")
    code, said = end_of(terminal)
    assert code == 0
    assert "electiontui: " not in said


def test_a_crash_is_exit_code_1_and_shows_the_error_but_no_secret(start: Start, etcd: EmbeddedEtcd) -> None:
    terminal = start("-c", CRASH, "--endpoints", etcd.endpoint)
    code, said = end_of(terminal)
    assert code == 1
    assert "RuntimeError: a defect in a screen" in said
    assert "electiontui: the dashboard ended by a defect of its own; please report it with the lines above" in said
    assert "only-the-locals-hold-this" not in said


def test_what_could_not_be_resigned_is_exit_code_1_and_named(start: Start, lone_etcd: EmbeddedEtcd) -> None:
    terminal = start("-c", CANDIDATE, "--endpoints", lone_etcd.endpoint, "--command-timeout", "1s")
    terminal.expect("op-a .*● lead")
    lone_etcd.members[0].freeze()
    terminal.send("q")
    terminal.expect("Resign and leave")
    terminal.send("y")
    code, said = end_of(terminal)
    lone_etcd.members[0].thaw()
    assert code == 1
    assert "electiontui: could not resign 'op-a' in election/drill: etcd did not confirm it." in said
    lease = said.partition("until lease ")[2].partition(" ")[0]
    assert f"Its key election/drill/{lease} stays until lease {lease} ends, within 30 s" in said
    assert f"etcdctl lease revoke {lease}" in said
