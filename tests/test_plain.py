"""Sentences in place of the dashboard."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys

from election_core import Candidate, Client, ElectionState, utc_now
from election_core.core.model import Snapshot
from electiontui.commands.plain import overview
from electiontui.embedded import EmbeddedEtcd


async def test_it_tells_how_all_are_and_then_every_change(etcd: EmbeddedEtcd, prefix: str) -> None:
    async with Client(etcd.endpoint) as client:
        leading = client.election("job", prefix=prefix).campaign("node-1")
        await leading.wait()
        command = [sys.executable, "-m", "electiontui", "--plain", "--endpoints", etcd.endpoint, "--prefix", prefix]
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        lines = process.stdout
        overall = f"1 election under {prefix}, 0 vacant, 0 led by a key without a lease.\n"
        assert await lines.readline() == overall.encode()
        assert await lines.readline() == b"job is led by node-1, nobody waiting.\n"
        await leading.resign()
        assert (await lines.readline()).endswith(b", job: node-1 gone, vacant.\n")
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0


def test_those_in_trouble_come_first_and_many_are_counted() -> None:
    def state(name: str, lease: int | None) -> ElectionState:
        queue = () if lease is None else (Candidate(f"election/{name}/{lease:x}".encode(), b"me", lease, 5, 5),)
        return ElectionState(name, Snapshot(9, queue, utc_now()))

    many = [state(f"job-{number:02}", 7) for number in range(25)]
    lines = overview([*many, state("gone", None), state("by-hand", 0)], ["election/", ""])
    assert lines[:4] == [
        "27 elections under election/ and the root, 1 vacant, 1 led by a key without a lease.",
        "gone is vacant.",
        "by-hand is led by me, nobody waiting, by a key without a lease that nothing ends.",
        "job-00 is led by me, nobody waiting.",
    ]
    assert lines[-1] == "5 more are led; electiontui list names all."
    assert len(lines) == 24
