"""docs/evict-and-drain.md is what happens: its sessions are run on a terminal, one after the other."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import sys
from contextlib import suppress
from pathlib import Path

from election_core import Client
from electiontui.embedded import EmbeddedEtcd

from .readme import FENCE
from .servers import ROOT, clean_environment, needed_binary
from .test_operator_commands import line

PAGE = (ROOT / "docs" / "evict-and-drain.md").read_text("utf-8")
_NIGHTLY, _WEEKLY = "nightly-report", "weekly-report"


def alike(text: str) -> list[str]:
    """Line by line, without what differs from run to run, and without the drawing of the bar."""
    text = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", text.replace("\r\n", "\n"))
    text = re.sub(r"\b[0-9a-f]{12,16}\b", "LEASE", text)
    text = re.sub(r"LEASE +\d+$", "LEASE TOKEN", text, flags=re.MULTILINE)
    text = re.sub(r"\d+\.\d{3} ?s\b", "TIME", text)
    lines = [" ".join(each.split()) for each in text.split("\n")]
    return [each for each in lines if each and "draining" not in each]


async def on_a_terminal(command: str, env: dict[str, str]) -> str:
    """What is seen there when the question is answered with yes."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", command, stdin=theirs, stdout=theirs, stderr=theirs, env=env
    )
    os.close(theirs)
    shown = await asyncio.to_thread(_answer, ours)
    await process.wait()
    os.close(ours)
    return shown.decode()


def _answer(terminal: int) -> bytes:
    shown, answered = b"", False
    # A terminal that its last program has left fails.
    with suppress(OSError):
        while more := os.read(terminal, 4096):
            shown += more
            if b"[y/N]:" in shown and not answered:
                os.write(terminal, b"y\n")
                answered = True
    return shown


async def test_its_sessions_are_what_happens(tmp_path: Path) -> None:
    (tmp_path / "electiontui").symlink_to(Path(sys.executable).parent / "electiontui")
    with EmbeddedEtcd(binary=needed_binary("3.5")) as etcd:
        env = clean_environment(ETCDCTL_ENDPOINTS=etcd.endpoint, TERM="xterm")
        env["PATH"] = f"{tmp_path}:{env['PATH']}"
        async with Client(etcd.endpoint) as client:
            await line(client, _NIGHTLY, "host-1", "host-2")
            await line(client, _WEEKLY, "host-1", "host-2")
            await line(client, "mail/outbound", "host-2", "host-1")
            await line(client, "billing/ledger", "host-1")
            for session in [body for kind, body in FENCE.findall(PAGE) if kind == "console"]:
                for part in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
                    command, _, told = part.partition("\n")
                    assert alike(await on_a_terminal(command, env)) == alike(told)
