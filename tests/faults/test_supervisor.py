"""A command that runs only while leading is dead before a successor is elected, by the clock of the kernel."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from election_core import Client
from electiontui.commands.campaigning.guardian import descendants

from ..servers import is_alive, python, read_line
from .clients import ROUNDS, Moments, in_line, note
from .proxy import Proxy

BEATS = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
beats = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(beats, b"%d\\n" % os.getpid())
while True:
    os.write(beats, b"%.6f\\n" % time.monotonic())
    time.sleep(0.0005)
"""
"""Ignores TERM, and writes its id and then all the time what the kernel's clock says."""

TTL = 6
"""CMD is killed a tenth of it before etcd may let it run out, and whoever does that may stand still for a moment."""

WAYS = ("exec {}", "{} & wait", "setsid {} & wait", "(setsid {} &) ; exec sleep 60")
"""CMD itself, a child of it, one that left its group, and one that nobody waits for."""


class Work:
    """A CMD that beats into a file."""

    def __init__(self, folder: Path, way: str) -> None:
        self._beats = folder / "beats"
        script = folder / "beats.py"
        script.write_text(BEATS)
        self.command = ["sh", "-c", way.format(f"{sys.executable} -S {script} {self._beats}")]

    def _lines(self) -> list[str]:
        return self._beats.read_text().split("\n")[:-1] if self._beats.exists() else []

    async def begun(self, within: float = 20) -> None:
        async with asyncio.timeout(within):
            while len(self._lines()) < 2:  # noqa: ASYNC110 - another process tells nobody
                await asyncio.sleep(0.01)

    @property
    def is_alive(self) -> bool:
        return is_alive(int(self._lines()[0]))

    @property
    def last_beat(self) -> float:
        return float(self._lines()[-1])


def campaign(endpoint: str, name: str, work: Work, *options: str) -> subprocess.Popen[str]:
    return python(
        *("-m", "electiontui", "campaign", name, "old", "--endpoints", endpoint, "--command-timeout", "1s"),
        *(*options, "--", *work.command),
        stderr=subprocess.DEVNULL,
    )


def end(process: subprocess.Popen[str]) -> None:
    with process:
        process.kill()


@pytest.fixture(autouse=True)
def _nothing_beats_on() -> Iterator[None]:
    yield
    for pid in descendants(os.getpid()):
        with suppress(OSError):
            if b"beats.py" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)


@pytest.mark.timeout(60 + 15 * ROUNDS)
@pytest.mark.parametrize("grace", ["0.3", "1.5", "3"])
async def test_cmd_is_dead_before_a_successor_is_elected(
    proxy: Proxy, direct: Client, name: str, tmp_path: Path, grace: str
) -> None:
    """H79: the connection is black-holed at a random moment between two renewals, and CMD ignores TERM."""
    margins, vacancies = [], []
    for term in range(ROUNDS):
        folder = tmp_path / str(term)
        folder.mkdir()
        work = Work(folder, WAYS[term % len(WAYS)])
        old = campaign(proxy.endpoint, name, work, "--ttl", str(TTL), "--grace", grace)
        await work.begun()
        new = Moments(direct.election(name, ttl=30).campaign("new"))
        await asyncio.sleep(random.uniform(0.1, 0.1 + TTL / 3))
        proxy.black_hole()
        cut_at = time.monotonic()
        elected_at = await new.elected()
        was_alive = work.is_alive
        margins.append(elected_at - work.last_beat)
        vacancies.append(elected_at - cut_at)
        assert not was_alive, "CMD runs although a successor was elected"
        assert work.last_beat < elected_at
        await asyncio.to_thread(end, old)
        proxy.heal()
        await new.campaign.resign()
    note(f"ttl {TTL}, grace {grace}", least_margin=min(margins), longest_vacancy=max(vacancies), terms=ROUNDS)


@pytest.mark.parametrize("way", WAYS)
async def test_a_supervisor_that_stands_still_does_not_keep_cmd_alive(
    proxy: Proxy, direct: Client, name: str, tmp_path: Path, way: str
) -> None:
    """H79: a stopped process keeps no time, and so another one does."""
    work = Work(tmp_path, way)
    old = campaign(proxy.endpoint, name, work, "--ttl", str(TTL), "--grace", "0.3")
    await work.begun()
    new = Moments(direct.election(name, ttl=30).campaign("new"))
    old.send_signal(signal.SIGSTOP)
    elected_at = await new.elected()
    assert not work.is_alive
    assert work.last_beat < elected_at
    note(f"stopped, {way}", margin=elected_at - work.last_beat)
    await new.campaign.resign()
    await asyncio.to_thread(end, old)


async def test_cmd_is_not_ended_while_renewals_come_late(proxy: Proxy, name: str, tmp_path: Path) -> None:
    """What the arithmetic leaves for renewals is enough, also with the longest grace that the TTL allows."""
    work = Work(tmp_path, WAYS[0])
    old = campaign(proxy.endpoint, name, work, "--ttl", "15", "--grace", "8", "--once")
    await work.begun()
    proxy.delay(0.15, "replies")
    await asyncio.sleep(16)  # time for three renewals
    assert work.is_alive
    assert time.monotonic() - work.last_beat < 3
    await asyncio.to_thread(end, old)


@pytest.mark.parametrize("command", [(), ("--", "sleep", "60")])
async def test_a_signal_in_a_black_hole_ends_it_within_the_timeout(
    proxy: Proxy, direct: Client, name: str, command: tuple[str, ...]
) -> None:
    """H81: what could not be resigned is said, and nobody waits for etcd any longer than a call may take."""
    options = ("--endpoints", proxy.endpoint, "--command-timeout", "1s", "--ttl", "5")
    process = python("-m", "electiontui", "campaign", name, *options, *command)
    while "elected, token" not in await asyncio.to_thread(read_line, process.stderr):
        pass
    (candidate,) = await direct.election(name).candidates()
    proxy.black_hole()
    asked_at = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, err = await asyncio.to_thread(process.communicate, timeout=10)
    took = time.monotonic() - asked_at
    assert process.returncode == (143 if command else 1)
    assert took < 1 + 3
    assert "not resigned: " in err
    assert f"The lease {candidate.lease_id:x} runs out by itself, within 5 s." in err
    note("a signal in a black hole, timeout 1", took=took)
    await in_line(direct, name, 0)


async def test_after_a_partition_it_campaigns_again_and_starts_cmd_anew(
    proxy: Proxy, direct: Client, name: str, tmp_path: Path
) -> None:
    """H81: neither the loss nor an etcd that cannot be reached for a while is the end."""
    old = campaign(proxy.endpoint, name, Work(tmp_path, WAYS[0]), "--ttl", "2")
    work = Work(tmp_path, WAYS[0])
    await work.begun()
    proxy.black_hole()
    async with asyncio.timeout(10):
        while work.is_alive:  # noqa: ASYNC110 - another process tells nobody
            await asyncio.sleep(0.02)
    await in_line(direct, name, 0)
    await asyncio.sleep(2)  # in which it tries in vain
    (tmp_path / "beats").unlink()
    proxy.heal()
    await work.begun()
    assert await direct.election(name).leader() == "old"
    await asyncio.to_thread(end, old)
