"""``evict`` and ``drain`` where something happens meanwhile, or the user changes their mind."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import sys
from typing import Any

import pytest
from grpc import StatusCode

from election_core import CandidateGone, Client, Unavailable
from electiontui.commands import draining
from electiontui.commands.drain_plan import plan
from electiontui.commands.draining import How
from electiontui.commands.settings import Settings
from electiontui.embedded import EmbeddedEtcd
from electiontui.sources import eviction

from .faults.scripted import REVOKE, TXN, ScriptedEtcd
from .test_operator_commands import line, read_up_to, state, values


async def test_an_heir_that_left_while_the_user_was_asked_saves_the_leader(
    etcd: EmbeddedEtcd, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Client(etcd.endpoint) as client:
        _, _, heir = await line(client, "a", "host-1", "host-1", "host-3")
        carry_out = draining._carry_out

        async def first_leave(*args: Any) -> None:
            await heir.resign()
            await carry_out(*args)

        monkeypatch.setattr(draining, "_carry_out", first_leave)
        settings = Settings((etcd.endpoint,), ("election/",))
        assert await draining._drain(settings, "host-1", How(yes=True, form="json")) == 1
        (result,) = json.loads(capsys.readouterr().out)["elections"]
        assert (result["heir"], result["status"]) == ("host-3", "surprise")
        assert "nobody else waits any more" in result["note"]
        assert await values(client, "a") == ["host-1", "host-1"]


async def test_what_was_seen_is_told_also_of_a_surprise(
    etcd: EmbeddedEtcd, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Client(etcd.endpoint) as client:
        first, _ = await line(client, "a", "host-1", "host-2")
        carry_out = eviction.carry_out

        async def first_resign(election: Any, candidates: Any) -> Any:
            await first.resign()
            return await carry_out(election, candidates)

        monkeypatch.setattr(draining, "carry_out", first_resign)
        settings = Settings((etcd.endpoint,), ("election/",))
        assert await draining._drain(settings, "host-1", How(yes=True, form="json")) == 1
        (result,) = json.loads(capsys.readouterr().out)["elections"]
        assert (result["status"], result["leader"]) == ("surprise", "host-2")


class HeldEtcd(ScriptedEtcd):
    """Takes no more than so many transactions; whoever sends the next one waits."""

    def __init__(self, target: str, transactions: int) -> None:
        super().__init__(target)
        self.reached = asyncio.Event()
        self._left = transactions

    async def answer(self, method: str, request: bytes, context: Any) -> bytes:
        if method == TXN:
            if not self._left:
                self.reached.set()
                await asyncio.Event().wait()
            self._left -= 1
        return await super().answer(method, request, context)


async def test_ctrl_c_in_the_middle_tells_what_was_done_and_what_not(etcd: EmbeddedEtcd) -> None:
    held = HeldEtcd(etcd.endpoint, transactions=2)
    async with Client(etcd.endpoint) as client, held:
        await line(client, "a", "host-1", "host-2")
        await line(client, "b", "host-1", "host-2", "host-1")
        await line(client, "c", "host-1", "host-2")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "electiontui", "drain", "host-1", "--yes", "-w", "json"),
            *("--endpoints", held.endpoint, "--command-timeout", "60s"),
            stdout=asyncio.subprocess.PIPE,
        )
        await asyncio.wait_for(held.reached.wait(), 30)
        process.send_signal(signal.SIGINT)
        out, _ = await process.communicate()
        assert process.returncode == 130
        told = [(each["election"], each["status"]) for each in json.loads(out)["elections"]]
        # One of b's two is out: it is neither done nor untouched.
        assert told == [("a", "done"), ("b", "interrupted"), ("c", "planned")]
        assert [await values(client, name) for name in "abc"] == [
            ["host-2"],
            ["host-1", "host-2"],
            ["host-1", "host-2"],
        ]


async def test_a_lost_answer_is_not_called_nothing_deleted(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client, ScriptedEtcd(etcd.endpoint) as scripted:
        await line(client, "job", "host-1", "host-2")
        async with Client(scripted.endpoint) as ours:
            (leader, _) = await ours.election("job").candidates()
            scripted.lose_replies(TXN, 1)
            with pytest.raises(CandidateGone) as caught:
                await ours.election("job").evict(leader)
        assert await values(client, "job") == ["host-2"]
        assert "Nothing was deleted" not in str(caught.value)
        assert "not in line any more" in str(caught.value)


async def test_a_lease_that_was_not_seen_to_end_is_named(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client, ScriptedEtcd(etcd.endpoint) as scripted:
        await line(client, "job", "host-1", "host-2")
        (leader, _) = await client.election("job").candidates()
        scripted.refuse(REVOKE, (StatusCode.UNAVAILABLE, "etcdserver: no leader"), 1000)
        async with Client(scripted.endpoint, timeout=3.0) as ours:
            with pytest.raises(Unavailable, match=f"lease {leader.lease_id:x} .* not known"):
                await ours.election("job").evict(leader, revoke=True)
        assert await values(client, "job") == ["host-2"]


@pytest.mark.parametrize("args", [("evict", "job", "--leader"), ("drain", "host-1")], ids=["evict", "drain"])
@pytest.mark.parametrize(("key", "code"), [(b"\x03", 130), (b"\x04", 1)], ids=["ctrl+c", "ctrl+d"])
async def test_the_question_can_be_left(etcd: EmbeddedEtcd, args: tuple[str, ...], key: bytes, code: int) -> None:
    async with Client(etcd.endpoint) as client:
        await line(client, "job", "host-1", "host-2")
        # A shell gives each program the terminal's signals; here setsid does.
        command = ["setsid", "--ctty", "--wait", sys.executable, "-m", "electiontui", *args]
        ours, theirs = pty.openpty()
        process = await asyncio.create_subprocess_exec(
            *command, "--endpoints", etcd.endpoint, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        await asyncio.to_thread(read_up_to, ours, b"[y/N]:")
        os.write(ours, key)
        try:
            assert await asyncio.wait_for(process.wait(), 20) == code
        finally:
            if process.returncode is None:
                process.kill()
            os.close(ours)
        assert await values(client, "job") == ["host-1", "host-2"]


@pytest.mark.parametrize(
    ("queue", "question"),
    [
        (("host-1", "host-2"), "Evict 1 candidate that fits 'host-1' from 1 election: then another leads 1?"),
        (("host-2", "host-1", "host-1"), "Evict 2 candidates that fit 'host-1' from 1 election: no leader changes?"),
        (("host-1",), "Evict 1 candidate that fits 'host-1' from 1 election: then NOBODY leads 1?"),
    ],
)
def test_the_question_is_a_sentence(queue: tuple[str, ...], question: str) -> None:
    assert draining._question("host-1", plan([state("a", *queue)], "host-1")) == question
