"""Programs that are told what happens: real ones, with whatever anybody may have written into etcd."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from election_core import Candidate, Transition
from electiontui.alerts import AlarmPlan, Alert, Rule, inherited
from electiontui.alerts.hooks import AT_ONCE, WAITING, Hooks

from .servers import is_alive, wait_until

AT = datetime(2026, 3, 1, tzinfo=UTC)
TELLS = """
import json, os, sys
facts = {name: text for name, text in os.environ.items() if name.startswith("ELECTION_")}
found = {"argv": sys.argv[2:], "facts": facts, "stdin": json.load(sys.stdin), "secret": os.environ.get("SECRET")}
with open(sys.argv[1], "a") as file:
    file.write(json.dumps(found) + "\\n")
"""


def transition(name: str = "orders", value: bytes = b"node-2", before: bytes | None = b"node-1") -> Transition:
    old = None if before is None else Candidate(b"election/orders/1f", before, 0x1F, 7, 7)
    return Transition(name, 9, old, Candidate(b"election/orders/2f", value, 0x2F, 8, 8), False, AT)


def alert(name: str = "orders", leader: bytes | None = None) -> Alert:
    return Alert(Rule("vacant", longer_than=30), name, True, AT.timestamp() - 30, AT.timestamp(), leader)


class Heard:
    """Hooks around one program, and what they complained of."""

    def __init__(
        self,
        *words: str,
        timeout: float = 20.0,
        farewell: float | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.complaints: list[str] = []
        env = {**os.environ, **(environment or {})}
        plan = AlarmPlan((), words, words, inherited(env))
        self.hooks = Hooks(plan, self.complaints.append, output=None, timeout=timeout, farewell=farewell)


async def told(tmp_path: Path, *news: Transition | Alert, **environment: str) -> list[dict[str, Any]]:
    """What the program was told of each."""
    script, file = tmp_path / "tell.py", tmp_path / "told"
    script.write_text(TELLS)
    heard = Heard(sys.executable, str(script), str(file), "a b", "$HOME;`id`", environment=environment)
    async with heard.hooks as hooks:
        for each in news:
            hooks.tell(each)
    assert heard.complaints == []
    return [json.loads(line) for line in file.read_text().splitlines()]


async def test_a_change_is_told_in_the_environment_and_on_stdin(tmp_path: Path) -> None:
    (found,) = await told(tmp_path, transition(), ELECTION_NAME="of another", ELECTION_TTL="1", SECRET="kept")
    assert found["facts"] == {
        "ELECTION_EVENT": "succeeded",
        "ELECTION_NAME": "orders",
        "ELECTION_REVISION": "9",
        "ELECTION_VALUE": "node-2",
        "ELECTION_KEY": "election/orders/2f",
        "ELECTION_TOKEN": "8",
        "ELECTION_LEASE": "2f",
        "ELECTION_BEFORE": "node-1",
    }
    assert (found["argv"], found["secret"]) == (["a b", "$HOME;`id`"], "kept")
    assert (found["stdin"]["event"], found["stdin"]["after"]["value"]) == ("succeeded", "node-2")


async def test_an_alert_is_told_likewise(tmp_path: Path) -> None:
    (found,) = await told(tmp_path, alert())
    assert found["facts"] == {
        "ELECTION_EVENT": "alert",
        "ELECTION_ALERT": "vacant",
        "ELECTION_STATE": "raised",
        "ELECTION_NAME": "orders",
        "ELECTION_VALUE": "",
        "ELECTION_SAYS": "orders: nobody leads, for 00:00:30 now",
    }
    assert found["stdin"] == alert().as_json()


HOSTILE = [
    "$(touch {0})",
    "`touch {0}`",
    "'; touch {0}; '",
    "\x00\x1b]0;x\x07\n",
    "() {{ :; }}; touch {0}",
    "x" * 300_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_what_others_wrote_is_never_run_and_never_breaks(tmp_path: Path, text: str) -> None:
    """H95"""
    evil = text.format(tmp_path / "pwned")
    change, raised = await told(tmp_path, transition(evil, evil.encode() + b"\xff"), alert(evil, evil.encode()))
    if "ELECTION_ALERT" in change["facts"]:
        change, raised = raised, change
    for facts in (change["facts"], raised["facts"]):
        for fact in facts.values():
            assert fact.isprintable()
            assert len(fact) < 5_000
    assert change["stdin"]["election"] == raised["stdin"]["election"] == evil
    assert set(change["stdin"]["after"]["value"]) == {"base64"}
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(("timeout", "farewell", "when"), [(2.0, 60.0, "within 2 s"), (60.0, 1.0, "when this ended")])
async def test_one_that_does_not_end_is_killed_with_what_it_has_started(
    tmp_path: Path, timeout: float, farewell: float, when: str
) -> None:
    """H96"""
    pids = tmp_path / "pids"
    heard = Heard(
        "sh",
        "-c",
        f"sleep 600 & echo $! $$ > {pids}.new && mv {pids}.new {pids}; wait",
        timeout=timeout,
        farewell=farewell,
    )
    async with heard.hooks as hooks:
        hooks.tell(transition())
        await asyncio.to_thread(wait_until, pids.exists, "the program runs")
    wait_until(lambda: not any(is_alive(int(pid)) for pid in pids.read_text().split()), "they are dead")
    assert heard.complaints == [f"--on-change was killed: it was not over {when}"]


async def test_so_many_run_at_once_and_so_many_wait(tmp_path: Path) -> None:
    """H96"""
    gate = tmp_path / "gate"
    heard = Heard("sh", "-c", f"echo >> {tmp_path}/begun; until test -e {gate}; do sleep 0.02; done", timeout=30)
    async with heard.hooks as hooks:
        try:
            for _ in range(AT_ONCE):
                hooks.tell(transition())
            begun = tmp_path / "begun"
            await asyncio.to_thread(wait_until, lambda: begun.exists() and len(begun.read_text()) == AT_ONCE, "all run")
            for _ in range(WAITING + 7):
                hooks.tell(transition())
            await asyncio.sleep(0.3)
            assert len(begun.read_text()) == AT_ONCE
        finally:
            gate.touch()
    assert len(begun.read_text()) == AT_ONCE + WAITING
    assert heard.complaints == ["7 events were left out: more came than the programs that are told can keep up with"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("sh", "-c", "exit 3"), "--on-alert ended with 3"),
        (("sh", "-c", "kill -9 $$"), "--on-alert was ended by signal 9"),
        (("/nowhere/at/all",), "--on-alert cannot be run: No such file or directory"),
    ],
)
async def test_failures_are_told_and_logged(
    words: tuple[str, ...], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard(*words, timeout=20.0)
    with caplog.at_level(logging.WARNING, "electiontui.alerts"):
        async with heard.hooks as hooks:
            hooks.tell(alert())
            hooks.tell(alert())
    assert heard.complaints == [says, says]
    assert [record.getMessage() for record in caplog.records] == heard.complaints


async def test_leaving_waits_no_longer_than_one_program_may_take(tmp_path: Path) -> None:
    heard = Heard("sleep", "600", timeout=0.5)
    async with heard.hooks as hooks:
        for _ in range(3 * AT_ONCE):
            hooks.tell(transition())
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert heard.complaints[-1].endswith("more came than the programs that are told can keep up with")


async def test_without_a_program_nothing_runs() -> None:
    hooks = Hooks(AlarmPlan((Rule("vacant"),)), pytest.fail, output=None)
    async with hooks:
        hooks.tell(alert())
        hooks.tell(transition())
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("hook")]
