"""What shells offer after TAB: names that are there now, only such that mean themselves, quickly or not at all."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aetcd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from electiontui import cli as command_line
from electiontui.cli import cli
from electiontui.commands.completing import MOST, WITHIN, elections, is_harmless
from electiontui.embedded import EmbeddedEtcd

from .servers import ROOT, clean_environment

NAMES = ("orders/eu", "orders/us", "orders-2", "mail")
EVIL = (
    "orders/$(id)",
    "orders/`id`",
    "orders/a b",
    "orders/*",
    "orders/;id",
    "orders/x\ny",
    "orders/'",
    "-rf",
    "~root",
)


@pytest.fixture
def full(etcd: EmbeddedEtcd, prefix: str) -> str:
    """A prefix with elections whose names are harmless, and others."""
    asyncio.run(_fill(etcd.endpoint, [f"{prefix}{name}" for name in (*NAMES, *EVIL)]))
    return prefix


async def _fill(endpoint: str, elections: list[str]) -> None:
    """Put a candidate into each, on a lease that no test outlives."""
    host, port = endpoint.split(":")
    async with aetcd.Client(host, int(port)) as client:
        lease = await client.lease(600)
        for election in elections:
            await client.put(f"{election}/{lease.id:x}".encode(), b"one", lease)


PATIENT = """
import sys
from electiontui.commands import completing
completing.WITHIN = 20.0
from electiontui.cli import main
main()
"""
"""The program where etcd may take its time: a machine that stands still for a moment must not cost the names."""


def offered(shell: str, *words: str, env: dict[str, str] | None = None, patient: bool = True) -> list[str]:
    """What the program prints when a shell asks, silently; the last word is the one that is begun."""
    separator = "\n" if shell == "bash" else " "
    last = words[-1] if shell == "fish" else str(len(words))
    asked = {
        "COMP_WORDS": separator.join(["electiontui", *words]),
        "COMP_CWORD": last,
        "_ELECTIONTUI_COMPLETE": f"{shell}_complete",
    }
    program = ["-c", PATIENT] if patient else ["-m", "electiontui"]
    done = subprocess.run(
        [sys.executable, *program], capture_output=True, text=True, cwd=ROOT, timeout=30, stdin=subprocess.DEVNULL,
        env=clean_environment(**asked, **(env or {})),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    if shell == "zsh":
        return [name for name in done.stdout.split("\n")[1::3] if name]
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_names_of_the_live_cluster_are_offered(etcd: EmbeddedEtcd, full: str, shell: str) -> None:
    """H95"""
    env = {"ETCDCTL_ENDPOINTS": etcd.endpoint}
    assert offered(shell, "--prefix", full, "leader", "orders/", env=env) == ["orders/eu", "orders/us"]


def test_several_prefixes_and_no_beginning(etcd: EmbeddedEtcd, full: str) -> None:
    """H95"""
    env = {"ETCDCTL_ENDPOINTS": etcd.endpoint}
    assert offered("zsh", "--prefix", full, "list", "", env=env) == sorted(NAMES)
    assert offered("zsh", "list", "--prefix", f"{full}orders/", "--prefix", f"{full}ma", "mail", env=env) == ["mail"]


def test_every_command_about_elections_offers_them() -> None:
    first = {name: command.params[0] for name, command in cli.commands.items() if command.params}
    about = {name: each for name, each in first.items() if each.name in ("name", "patterns")}
    live = {"list", "watch", "check", "campaign", "leader", "proclaim", "resign", "evict", "record", "exporter"}
    # What history knows is in its file, also with etcd gone.
    assert about.keys() == live | {"history"}
    assert {name for name, each in about.items() if each._custom_shell_complete is elections} == live


def test_bash_takes_endpoints_apart_and_they_are_put_together(etcd: EmbeddedEtcd, full: str) -> None:
    host, port = etcd.endpoint.split(":")
    assert offered("bash", "--endpoints", host, ":", port, "--prefix", "=", full, "leader", "m") == ["mail"]


@given(st.text(max_size=12))
def test_what_is_offered_means_itself_in_every_shell(name: str) -> None:
    """H95"""
    if is_harmless(name):
        assert re.fullmatch(r"[^\W_]?[\w./+-]+", name)
        assert name[0] not in "-+~./="
        assert name.isprintable()
        assert not re.search(r"\s", name)


def test_there_is_a_most(etcd: EmbeddedEtcd, prefix: str) -> None:
    asyncio.run(_fill(etcd.endpoint, [f"{prefix}e{number:04}" for number in range(MOST + 50)]))
    env = {"ETCDCTL_ENDPOINTS": etcd.endpoint}
    assert len(offered("zsh", "--prefix", prefix, "leader", "e", env=env)) == MOST


@contextmanager
def black_hole() -> Iterator[str]:
    """Accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_nothing_is_offered_silently_and_soon_where_etcd_is_away() -> None:
    """H96"""
    patient = {"ETCDCTL_COMMAND_TIMEOUT": "120s"}
    began = time.monotonic()
    env = {**patient, "ETCDCTL_ENDPOINTS": "127.0.0.1:9"}
    assert offered("zsh", "leader", "", env=env, patient=False) == []
    at_once = time.monotonic() - began
    with black_hole() as endpoint:
        began = time.monotonic()
        env = {**patient, "ETCDCTL_ENDPOINTS": endpoint}
        assert offered("bash", "leader", "", env=env, patient=False) == []
        # A machine that is busy takes its time to start it.
        assert time.monotonic() - began < WITHIN + 2 + 4 * at_once


@pytest.mark.parametrize("bad", ["--profile=nowhere", "--user=ops", "--endpoints=::::"])
def test_nothing_is_offered_where_the_options_make_no_sense(bad: str) -> None:
    assert offered("zsh", bad, "leader", "") == []


def test_nobody_is_asked_for_a_password_and_no_program_is_run_for_one(etcd: EmbeddedEtcd, tmp_path: Path) -> None:
    """H97"""
    profile = tmp_path / "p.toml"
    profile.write_text(f'user = "ops"\npassword-command = ["touch", "{tmp_path}/ran"]')
    assert offered("zsh", "--profile", str(profile), "--endpoints", etcd.endpoint, "leader", "") == []
    assert not (tmp_path / "ran").exists()


def test_profiles_and_drills_are_offered(tmp_path: Path) -> None:
    folder = tmp_path / "electiontui" / "profiles"
    folder.mkdir(parents=True)
    for name in ("prod", "preview", "lab", "p $(id)"):
        (folder / f"{name}.toml").touch()
    env = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert offered("bash", "--profile", "=", "p", env=env) == ["preview", "prod"]
    assert offered("bash", "config", "validate", "l", env=env) == ["lab"]
    assert "leader-crash" in offered("fish", "drill", "leader-")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line._run(["completion", shell]) == 0
    assert "_ELECTIONTUI_COMPLETE" in capsys.readouterr().out
    assert command_line._run(["completion", "tcsh"]) == 3


@pytest.mark.timeout(120)
def test_a_real_bash_completes(etcd: EmbeddedEtcd, full: str, tmp_path: Path) -> None:
    """H95"""
    program = tmp_path / "electiontui"
    program.write_text(f"#!{sys.executable}\n{PATIENT}")
    program.chmod(0o755)
    env = clean_environment(
        PATH=f"{tmp_path}:{os.environ['PATH']}", PYTHONPATH=str(ROOT), PS1="ready> ", TERM="dumb", INPUTRC="/dev/null"
    )
    ours, theirs = pty.openpty()
    shell = subprocess.Popen(
        ["bash", "--norc", "--noprofile", "-i"], stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=ROOT,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    try:
        _until(ours, "ready> ")
        os.write(ours, b'eval "$(electiontui completion bash)"; echo done\n')
        _until(ours, "\r\ndone\r\n")
        line = f"electiontui --endpoints {etcd.endpoint} --prefix {full} leader "
        os.write(ours, f"{line}orders/e\t".encode())
        _until(ours, "leader orders/eu")
        os.write(ours, b"\n")  # and the line works
        _until(ours, "\r\none\r\n")
        os.write(ours, f"{line}orders/\t\t".encode())
        shown = _until(ours, "orders/us")
        assert "$(" not in shown
        assert "`" not in shown
        os.write(ours, b"\x15exit\n")
        assert shell.wait(10) == 0
    finally:
        shell.kill()
        shell.wait()
        os.close(ours)


def _until(terminal: int, text: str, seconds: float = 30.0) -> str:
    """What the terminal shows up to a text that has to come."""
    shown, deadline = "", time.monotonic() + seconds
    while text not in shown:
        left = deadline - time.monotonic()
        assert left > 0, f"never came: {text!r} in {shown!r}"
        if select.select([terminal], [], [], left)[0]:
            shown += os.read(terminal, 4096).decode("utf-8", "replace")
    return shown
