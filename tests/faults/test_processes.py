"""The leading process itself is stopped, blocked, ended or killed."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from election_core import Client
from electiontui.embedded import EmbeddedEtcd

from ..servers import python
from .clients import Moments, in_line, note
from .proxy import Proxy

ACTORS = str(Path(__file__).with_name("actors.py"))
Line = tuple[float, list[str]]


class Actor:
    """A process of `actors` and what it says."""

    def __init__(self, *arguments: object) -> None:
        self.process: subprocess.Popen[str] = python(ACTORS, *map(str, arguments))
        self.said: list[Line] = []

    async def says(self, what: str, within: float = 20) -> float:
        """Listen until it says this; the time at which it did."""
        async with asyncio.timeout(within):
            while True:
                assert self.process.stdout is not None
                text = await asyncio.to_thread(self.process.stdout.readline)
                assert text, f"it ended without saying {what!r}: {self.said[-3:]}"
                moment, *words = text.split()
                self.said.append((float(moment), words))
                if words[0] == what:
                    return float(moment)

    def after(self, moment: float) -> list[list[str]]:
        return [words for said_at, words in self.said if said_at > moment]

    async def exit_code(self, within: float = 10) -> int:
        return await asyncio.to_thread(self.process.wait, within)

    def close(self) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.communicate()


@pytest.fixture
async def act() -> AsyncIterator[Callable[..., Actor]]:
    actors: list[Actor] = []

    def start(*arguments: object) -> Actor:
        actors.append(Actor(*arguments))
        return actors[-1]

    yield start
    for actor in actors:
        await asyncio.to_thread(actor.close)


@pytest.mark.parametrize("ttl", [2, 3])
async def test_a_stopped_leader_wakes_up_deposed(
    etcd: EmbeddedEtcd, direct: Client, name: str, ttl: int, act: Callable[..., Actor]
) -> None:
    """H31: from the first moment after SIGCONT, before any callback, ``is_leader`` is false."""
    actor = act("watchful", etcd.endpoint, name, ttl)
    await actor.says("elected")
    successor = Moments(direct.election(name, ttl=30).campaign("successor"))
    await in_line(direct, name, 2)
    await actor.says("tick")
    actor.process.send_signal(signal.SIGSTOP)
    stopped_at = time.monotonic()
    elected_at = await successor.elected()
    resumed_at = time.monotonic()
    actor.process.send_signal(signal.SIGCONT)
    error_at = await actor.says("error")
    await actor.says("end")
    assert await actor.exit_code() == 0
    assert any(words == ["tick", "True"] for said_at, words in actor.said if said_at < stopped_at)
    later = actor.after(stopped_at + 0.05)
    assert ["error", "False", "LeadershipLost"] in later
    assert len(later) > 5
    assert all(words[1] == "False" for words in later), later
    assert not any(stopped_at + 0.05 < said_at < resumed_at for said_at, _ in actor.said)
    assert successor.campaign.is_leader
    await successor.campaign.resign()
    note(f"SIGSTOP of the leader, ttl {ttl}", vacant=elected_at - stopped_at, told_after_resume=error_at - resumed_at)


async def test_a_leader_that_blocks_its_loop_wakes_up_deposed(
    etcd: EmbeddedEtcd, direct: Client, name: str, act: Callable[..., Actor]
) -> None:
    actor = act("watchful", etcd.endpoint, name, 2, 4)
    await actor.says("elected")
    successor = Moments(direct.election(name, ttl=30).campaign("successor"))
    await in_line(direct, name, 2)
    blocked_at = await actor.says("block")
    elected_at = await successor.elected()
    awake_at = await actor.says("awake")
    error_at = await actor.says("error")
    await actor.says("end")
    assert await actor.exit_code() == 0
    assert blocked_at < elected_at < awake_at
    assert all(words[1] == "False" for words in actor.after(blocked_at)), actor.after(blocked_at)
    await successor.campaign.resign()
    note("blocked loop, ttl 2", told_after_waking=error_at - awake_at)


async def test_a_body_stopped_past_its_lease_does_hardly_any_work_after(
    etcd: EmbeddedEtcd, direct: Client, name: str, act: Callable[..., Actor]
) -> None:
    """The body is cancelled as soon as the loop runs; what it does before that, the fencing token has to refuse."""
    actor = act("body", etcd.endpoint, name, 2)
    await actor.says("elected")
    successor = Moments(direct.election(name, ttl=30).campaign("successor"))
    await in_line(direct, name, 2)
    actor.process.send_signal(signal.SIGSTOP)
    await successor.elected()
    resumed_at = time.monotonic()
    actor.process.send_signal(signal.SIGCONT)
    stopped_at = await actor.says("stopped")
    await actor.says("end")
    assert await actor.exit_code() == 0
    worked = [words for words in actor.after(resumed_at) if words[0] == "works"]
    assert len(worked) <= 2
    await successor.campaign.resign()
    note("body after SIGCONT", cancelled_after=stopped_at - resumed_at, worked=len(worked))


async def test_sigterm_hands_over_at_once(
    etcd: EmbeddedEtcd, direct: Client, name: str, act: Callable[..., Actor]
) -> None:
    """H45: the successor leads long before the TTL of 60 s, and the process ends by the signal."""
    actor = act("serves", etcd.endpoint, name, 60, 2)
    await actor.says("elected")
    successor = Moments(direct.election(name).campaign("successor"))
    await in_line(direct, name, 2)
    (leader, _) = await direct.election(name).candidates()
    began = time.monotonic()
    actor.process.send_signal(signal.SIGTERM)
    elected_at = await successor.elected()
    await actor.says("cancelled")
    assert await actor.exit_code() == 143
    assert elected_at - began < 10
    assert await direct.lease(leader.lease_id) is None
    await successor.campaign.resign()
    note("SIGTERM", successor_after=elected_at - began, ended_after=time.monotonic() - began)


async def test_sigterm_in_a_black_hole_ends_the_process_in_time(
    proxy: Proxy, direct: Client, name: str, act: Callable[..., Actor]
) -> None:
    """Within about twice the timeout; the lease then runs out by itself."""
    actor = act("serves", proxy.endpoint, name, 2, 2)
    await actor.says("elected")
    proxy.black_hole()
    began = time.monotonic()
    actor.process.send_signal(signal.SIGTERM)
    await actor.says("cancelled")
    assert await actor.exit_code() == 143
    took = time.monotonic() - began
    assert took < 2 * 2 + 3
    await in_line(direct, name, 0)
    note("SIGTERM in a black hole, timeout 2", ended_after=took)


async def test_a_killed_leader_is_followed_after_its_ttl(
    etcd: EmbeddedEtcd, direct: Client, name: str, act: Callable[..., Actor]
) -> None:
    actor = act("watchful", etcd.endpoint, name, 2)
    await actor.says("elected")
    successor = Moments(direct.election(name, ttl=30).campaign("successor"))
    await in_line(direct, name, 2)
    began = time.monotonic()
    actor.process.kill()
    elected_at = await successor.elected()
    # Two thirds of the TTL are left, and less where a renewal was late.
    assert 0.5 < elected_at - began < 2 + 6
    await successor.campaign.resign()
    note("SIGKILL of the leader, ttl 2", successor_after=elected_at - began)
