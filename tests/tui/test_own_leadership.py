"""What the user leads is safe from the screen, and is given up in bounded time when the terminal is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import time

import pexpect
import pytest

from election_core import Client
from electiontui.app import ElectionApp
from electiontui.embedded import EmbeddedEtcd

from ..servers import ROOT, clean_environment, is_alive, wait_until
from .driving import until

CANDIDATE = """
from electiontui.app import ElectionApp
from electiontui.cli import main

ElectionApp.on_ready = lambda app: app.desk.own.start("drill", "op-a", {ttl})
main()
"""

BUSY_CANDIDATE = """
import sys
from pathlib import Path
from electiontui.app import ElectionApp
from electiontui.cli import main

TRACE = Path(sys.argv.pop())

def on_ready(app):
    app.set_interval(0.02, lambda: app.screen.refresh())
    TRACE.touch()
    app.set_interval(0.05, TRACE.touch)
    return app.desk.own.start("drill", "op-a", {ttl})

ElectionApp.on_ready = on_ready
main()
"""

STUCK_CANDIDATE = """
import sys
import threading
from pathlib import Path
from electiontui.app import ElectionApp
from electiontui.cli import main

TRACE = Path(sys.argv.pop())

def stand_still(app):
    TRACE.touch()
    threading.Event().wait()

ElectionApp.action_pause = stand_still
ElectionApp.on_ready = lambda app: app.desk.own.start("drill", "op-a", 30)
main()
"""

Start = Callable[..., "pexpect.spawn[str]"]


@pytest.fixture
def start(etcd: EmbeddedEtcd) -> Iterator[Start]:
    """Starts a script in a terminal of its own."""
    started: list[pexpect.spawn[str]] = []

    def spawn(script: str, *args: str) -> pexpect.spawn[str]:
        terminal: pexpect.spawn[str] = pexpect.spawn(
            sys.executable,
            ["-c", script, "--endpoints", etcd.endpoint, *args],
            cwd=str(ROOT),
            env=clean_environment(TERM="xterm-256color", COLUMNS="120"),
            dimensions=(40, 120),
            timeout=40,
            encoding="utf-8",
        )
        started.append(terminal)
        return terminal

    yield spawn
    for terminal in started:
        if terminal.pid is not None and is_alive(terminal.pid):
            os.kill(terminal.pid, signal.SIGKILL)
        terminal.close(force=True)


async def test_a_terminal_that_stops_reading_costs_no_leadership(
    etcd: EmbeddedEtcd, start: Start, tmp_path: Path
) -> None:
    trace = tmp_path / "screen"
    terminal = start(BUSY_CANDIDATE.format(ttl=5), str(trace))
    await asyncio.to_thread(terminal.expect, "op-a .*● lead")
    async with Client(etcd.endpoint) as client, client.election("drill").observe() as observer:
        changes: list[object] = []
        observer.on("change", changes.append)
        await asyncio.to_thread(
            wait_until, lambda: time() - trace.stat().st_mtime > 2, "the screen stands still, since nobody reads"
        )
        # Twice its TTL.
        await asyncio.sleep(10)
        assert time() - trace.stat().st_mtime > 10
        assert changes == []
        assert await client.election("drill").leader() == "op-a"


@pytest.mark.parametrize("number", range(7))
async def test_a_closed_terminal_resigns_and_ends(etcd: EmbeddedEtcd, start: Start, number: int) -> None:
    terminal = start(CANDIDATE.format(ttl=60))
    await asyncio.to_thread(terminal.expect, "op-a .*● lead")
    # Pexpect's own way of closing sends signals as well.
    terminal.ptyproc.fileobj.close()  # type: ignore[attr-defined]
    await _is_over(etcd, terminal)


async def test_being_asked_to_end_resigns_and_ends(etcd: EmbeddedEtcd, start: Start) -> None:
    terminal = start(CANDIDATE.format(ttl=60))
    await asyncio.to_thread(terminal.expect, "op-a .*● lead")
    assert terminal.pid is not None
    os.kill(terminal.pid, signal.SIGTERM)
    await asyncio.to_thread(terminal.expect, pexpect.EOF)
    await _is_over(etcd, terminal)
    terminal.close()
    assert terminal.exitstatus == 0


async def test_being_asked_to_end_ends_although_nobody_reads(etcd: EmbeddedEtcd, start: Start, tmp_path: Path) -> None:
    trace = tmp_path / "screen"
    terminal = start(BUSY_CANDIDATE.format(ttl=60), str(trace))
    await asyncio.to_thread(terminal.expect, "op-a .*● lead")
    await asyncio.to_thread(
        wait_until, lambda: time() - trace.stat().st_mtime > 2, "the screen stands still, since nobody reads"
    )
    assert terminal.pid is not None
    os.kill(terminal.pid, signal.SIGTERM)
    await _is_over(etcd, terminal)


async def test_a_screen_that_is_stuck_is_ended_hard(etcd: EmbeddedEtcd, start: Start, tmp_path: Path) -> None:
    trace = tmp_path / "stuck"
    terminal = start(STUCK_CANDIDATE, str(trace))
    await asyncio.to_thread(terminal.expect, "op-a .*● lead")
    assert terminal.pid is not None
    terminal.send(" ")
    await asyncio.to_thread(wait_until, trace.exists, "the screen stands still")
    os.kill(terminal.pid, signal.SIGTERM)
    await asyncio.to_thread(terminal.expect, pexpect.EOF)
    assert "\x1b[?1049l" in (terminal.before or "")
    await _is_over(etcd, terminal)
    terminal.close()
    assert terminal.exitstatus == 1


async def _is_over(etcd: EmbeddedEtcd, terminal: pexpect.spawn[str]) -> None:
    """The key is gone long before its lease, and then the process."""
    pid = terminal.pid
    assert pid is not None
    async with Client(etcd.endpoint) as client, client.election("drill").observe() as observer:
        async with asyncio.timeout(8):
            while observer.has_leader:
                await anext(observer)
    await asyncio.to_thread(wait_until, lambda: not is_alive(pid), "the process has ended", seconds=12)


async def test_who_only_looks_opens_no_second_connection(etcd: EmbeddedEtcd) -> None:
    made: list[Client] = []

    def factory() -> Client:
        made.append(Client(etcd.endpoint))
        return made[-1]

    app = ElectionApp(factory, prefixes=("election/",))
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.desk.view.status().loaded)
        assert len(made) == 1
        for value in ("op-a", "op-b"):
            await app.desk.own.start("drill", value, 30)
        assert len(made) == 2
