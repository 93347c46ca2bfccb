"""``evict`` and ``drain``: others' candidates out of the line, with what was seen afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import sys
from typing import Any

import pytest

from election_core import Campaign, CampaignState, Candidate, Client, ElectionState, utc_now
from election_core.core.model import Snapshot
from electiontui.commands import draining, evicting
from electiontui.commands.drain_plan import plan
from electiontui.commands.draining import How
from electiontui.commands.settings import Settings
from electiontui.embedded import EmbeddedEtcd
from electiontui.sources import eviction

from .faults.clients import eventually, in_line

Done = tuple[int, str, str]


async def run(etcd: EmbeddedEtcd, *args: str) -> Done:
    """Exit code, stdout and stderr, with nobody at a terminal."""
    command = [sys.executable, "-m", "electiontui", *args, "--endpoints", etcd.endpoint]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def read_up_to(terminal: int, text: bytes) -> None:
    """Read what a terminal shows until there is a text on it."""
    shown = b""
    while text not in shown:
        shown += os.read(terminal, 4096)


async def line(client: Client, name: str, *values: str) -> list[Campaign]:
    """Candidates of an election, each on a lease of its own, in this order."""
    campaigns = list[Campaign]()
    there = len(await client.election(name).candidates())
    for value in values:
        campaign = client.election(name).campaign(value)
        campaigns.append(campaign)
        await in_line(client, name, there + len(campaigns))
    return campaigns


async def values(client: Client, name: str) -> list[str]:
    return [candidate.value.decode() for candidate in await client.election(name).candidates()]


# --- the plan


def state(name: str, *queue: str) -> ElectionState:
    found = tuple(
        Candidate(f"election/{name}/{number}".encode(), value.encode(), number + 1, number + 1, number + 1)
        for number, value in enumerate(queue)
    )
    return ElectionState(name, Snapshot(9, found, utc_now()))


def test_a_plan_has_who_waits_first_and_says_who_leads_then() -> None:
    elections = [
        state("b/leads", "host-1", "host-2", "host-1"),
        state("a/alone", "host-1", "host-1"),
        state("c/waits", "host-2", "host-1"),
        state("d/not there", "host-2", "host-10"),
        state("e/vacant"),
    ]
    moves = plan(elections, "host-1")
    assert [move.election for move in moves] == ["c/waits", "a/alone", "b/leads"]
    assert [[each.create_revision for each in move.going] for move in moves] == [[2], [2, 1], [3, 1]]
    assert [move.heir and move.heir.value for move in moves] == [b"host-2", None, b"host-2"]
    assert [(move.leads, move.leaves_it_vacant) for move in moves] == [(False, False), (True, True), (True, False)]
    assert [move.election for move in plan(elections, "host-*")] == ["a/alone", "b/leads", "c/waits", "d/not there"]
    assert plan(elections, "nobody") == []


# --- evict


async def test_evicting_the_leader_tells_who_leads_then(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client:
        leader, _ = await line(client, "job", "host-1", "host-2")
        code, out, err = await run(etcd, "evict", "job", "--leader", "--yes")
        assert code == 0
        assert re.match(r"'host-2' leads after \d\.\d", out), "and not once a lease has run out"
        before, after = err.split("VALUE")[1:]
        assert "->  host-1" in before
        assert "host-1" not in after
        assert await values(client, "job") == ["host-2"]

        async def has_lost() -> bool:
            return leader.state is CampaignState.LOST

        await eventually(has_lost, "who was evicted is told")


async def test_evicting_by_lease_and_by_key(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client:
        await line(client, "job", "host-1", "host-2", "host-3")
        _, second, third = await client.election("job").candidates()
        code, out, _ = await run(etcd, "evict", "job", "--lease", f"{second.lease_id:x}", "--yes")
        assert (code, out[:15]) == (0, "'host-1' leads ")
        assert (await run(etcd, "evict", "job", "--candidate", third.key.decode(), "--yes"))[0] == 0
        assert await values(client, "job") == ["host-1"]
        code, out, _ = await run(etcd, "evict", "job", "--leader", "--yes")
        assert (code, out[:19]) == (0, "nobody leads after ")


async def test_revoking_names_what_else_ends(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client, client.session() as session:
        for name in ("job", "other"):
            await client.election(name).campaign("host-1", session=session).wait()
        (other,) = await client.election("other").candidates()
        code, _, err = await run(etcd, "evict", "job", "--leader", "--revoke", "--yes")
        assert code == 0
        assert "one other key ends" in err
        assert f"  {other.key.decode()}" in err.splitlines()
        assert await values(client, "other") == []


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("evict", "job", "--leader"), "add --yes"),
        (("evict", "job", "--leader", "--yes", "--read-only"), "--read-only"),
        (("evict", "job", "--yes"), "exactly one of"),
        (("evict", "job", "--leader", "--lease", "1", "--yes"), "exactly one of"),
        (("evict", "job", "--lease", "xyz", "--yes"), "is no lease; write it in hex"),
        (("evict", "job", "--lease", "815", "--yes"), "there is no candidate on lease 815"),
        (("evict", "none", "--leader", "--yes"), "there is no leader in 'none'"),
        (("evict", "job/", "--leader", "--yes"), "slash"),
        (("drain", "host-1"), "add --yes"),
        (("drain", "host-1", "--yes", "--read-only"), "--read-only"),
        (("drain", "nobody*", "--yes"), "no candidate fits 'nobody*'"),
    ],
)
async def test_bad_input_is_a_sentence_and_writes_nothing(etcd: EmbeddedEtcd, args: tuple[str, ...], says: str) -> None:
    async with Client(etcd.endpoint) as client:
        await line(client, "job", "host-1", "host-2")
        code, out, err = await run(etcd, *args)
        assert (code, out) == (3, "")
        assert says in " ".join(err.split())
        assert await values(client, "job") == ["host-1", "host-2"]


@pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, ["host-2"]), ("n", 1, ["host-1", "host-2"])])
async def test_it_asks_on_a_terminal(etcd: EmbeddedEtcd, answer: str, code: int, left: list[str]) -> None:
    async with Client(etcd.endpoint) as client:
        await line(client, "job", "host-1", "host-2")
        command = [sys.executable, "-m", "electiontui", "evict", "job", "--leader", "--endpoints", etcd.endpoint]
        ours, theirs = pty.openpty()
        # pexpect would fork this process, which gRPC's threads do not come through.
        process = await asyncio.create_subprocess_exec(*command, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        await asyncio.to_thread(read_up_to, ours, b"Evict 'host-1' from 'job'; then 'host-2' leads? [y/N]:")
        os.write(ours, answer.encode() + b"\n")
        assert await process.wait() == code
        os.close(ours)
        assert await values(client, "job") == left


async def test_a_candidate_that_was_replaced_meanwhile_is_left_alone(
    etcd: EmbeddedEtcd, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Client(etcd.endpoint) as client:
        (leader,) = await line(client, "job", "host-1")

        async def agreed(question: str, *, yes: bool) -> bool:
            assert "NOBODY" in question
            return True

        async def first_resign(election: Any, candidates: Any, **how: Any) -> Any:
            await leader.resign()
            return await carry_out(election, candidates, **how)

        carry_out = eviction.carry_out
        monkeypatch.setattr(evicting, "agreed", agreed)
        monkeypatch.setattr(evicting, "carry_out", first_resign)
        settings = Settings((etcd.endpoint,), ("election/",))
        assert await evicting._evict(settings, "job", evicting.Whom(leader=True), False, False) == 1
        assert "not in line any more" in capsys.readouterr().err


# --- drain


async def test_a_host_is_drained_but_for_what_nobody_else_would_lead(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client:
        await line(client, "a", "host-1", "host-2")
        await line(client, "b", "host-1")
        await line(client, "c", "host-2", "host-1")
        await line(client, "d", "host-1", "host-1", "host-3")
        code, out, _ = await run(etcd, "drain", "host-1", "--dry-run", "-w", "json")
        planned = json.loads(out)
        assert (code, planned["dry_run"]) == (1, True)
        assert [(each["election"], each["status"], each["heir"]) for each in planned["elections"]] == [
            ("c", "planned", "host-2"),
            ("a", "planned", "host-2"),
            ("b", "left", None),
            ("d", "planned", "host-3"),
        ]
        assert await values(client, "d") == ["host-1", "host-1", "host-3"]

        code, out, _ = await run(etcd, "drain", "host-1", "--yes")
        assert code == 1  # b was left
        rows = [row.split() for row in out.splitlines()]
        assert rows[1][:6] == ["c", "1", "waits", "leader", "stays", "done"]
        assert rows[2][:6] == ["a", "1", "leads", "host-2", "done", "host-2"]
        assert rows[3][:5] == ["b", "1", "leads", "NOBODY", "left"]
        assert rows[4][:6] == ["d", "2", "leads", "host-3", "done", "host-3"]
        assert "--allow-vacant" in out
        assert [await values(client, name) for name in "abcd"] == [["host-2"], ["host-1"], ["host-2"], ["host-3"]]

        code, out, _ = await run(etcd, "drain", "host-1", "--yes", "--allow-vacant", "-w", "json")
        (result,) = json.loads(out)["elections"]
        assert (code, result["status"], result["leader"]) == (0, "done", None)
        assert await values(client, "b") == []


@pytest.mark.parametrize(
    ("keep_going", "left"), [(False, [["host-2"], ["host-1", "host-2"]]), (True, [["host-2"], ["host-2"]])]
)
async def test_it_stops_at_a_surprise_unless_it_is_to_go_on(
    etcd: EmbeddedEtcd,
    monkeypatch: pytest.MonkeyPatch,
    keep_going: bool,
    left: list[list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with Client(etcd.endpoint) as client:
        first, _ = await line(client, "a", "host-1", "host-2")
        await line(client, "b", "host-1", "host-2")
        carry_out = eviction.carry_out

        async def first_resign(election: Any, candidates: Any) -> Any:
            if election.name == "a":
                await first.resign()
            return await carry_out(election, candidates)

        monkeypatch.setattr(draining, "carry_out", first_resign)
        settings = Settings((etcd.endpoint,), ("election/",))
        assert await draining._drain(settings, "host-1", How(keep_going=keep_going, yes=True, form="json")) == 1
        told = capsys.readouterr()
        assert [each["status"] for each in json.loads(told.out)["elections"]] == [
            "surprise",
            "done" if keep_going else "planned",
        ]
        assert ("stopped at 'a'" in told.err) is not keep_going
        assert [await values(client, name) for name in "ab"] == left


async def test_who_campaigns_again_is_told_of_and_not_chased(
    etcd: EmbeddedEtcd, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Client(etcd.endpoint) as client:
        await line(client, "a", "host-1", "host-2")
        look = eviction.carry_out

        async def come_back(election: Any, candidates: Any) -> Any:
            outcome = await look(election, candidates)
            await line(client, "a", "host-1")
            return outcome._replace(line=await election.candidates())

        monkeypatch.setattr(draining, "carry_out", come_back)
        settings = Settings((etcd.endpoint,), ("election/",))
        assert await draining._drain(settings, "host-1", How(yes=True, form="json")) == 0
        (result,) = json.loads(capsys.readouterr().out)["elections"]
        assert (result["status"], result["note"]) == ("done", "1 enrolled again")
        assert await values(client, "a") == ["host-2", "host-1"]


async def test_what_was_done_is_told_where_it_is_interrupted(
    etcd: EmbeddedEtcd, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Client(etcd.endpoint) as client:
        await line(client, "a", "host-1", "host-2")
        await line(client, "b", "host-1", "host-2")
        look = eviction.carry_out

        async def interrupted(election: Any, candidates: Any) -> Any:
            if election.name == "b":
                raise asyncio.CancelledError
            return await look(election, candidates)

        monkeypatch.setattr(draining, "carry_out", interrupted)
        settings = Settings((etcd.endpoint,), ("election/",))
        with pytest.raises(asyncio.CancelledError):
            await draining._drain(settings, "host-1", How(yes=True, form="json"))
        told = json.loads(capsys.readouterr().out)["elections"]
        assert [(each["election"], each["status"]) for each in told] == [("a", "done"), ("b", "interrupted")]
