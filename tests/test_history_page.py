"""docs/history.md is what happens: its examples are run."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from pathlib import Path

from election_core import utc_now
from electiontui.embedded import EmbeddedEtcd

from .history_night import write_night
from .readme import FENCE
from .servers import ROOT, clean_environment, needed_binary, python, read_line

PAGE = (ROOT / "docs" / "history.md").read_text("utf-8")
REPORTS, RECORDER = [block for language, block in FENCE.findall(PAGE) if language == "console"]


def alike(text: str) -> str:
    """Of a timeline only what follows what: where it stands depends on the time at which the command is run."""
    lines = []
    for line in text.splitlines():
        label, bar, drawn = line.partition("┤")
        lines.append(label + bar + re.sub(r"(.)\1+", r"\1", re.sub("[^╱█]", "", drawn)))
    return re.sub(r"└.*", "└", "\n".join(lines))


def test_its_reports_are_what_is_printed_with_etcd_gone(tmp_path: Path) -> None:
    write_night(tmp_path / "night.db", utc_now())
    env = clean_environment(ETCDCTL_ENDPOINTS="127.0.0.1:1")
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    commands = [line[2:] for line in REPORTS.splitlines() if line.startswith("$ ")]
    script = "exec 2>&1\n" + "\n".join(f"printf '%s\\n' '$ {each}'\n{each}" for each in commands)
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, env=env, cwd=tmp_path, stdin=subprocess.DEVNULL
    )
    assert alike(done.stdout) == alike(REPORTS)


async def test_its_recorder_says_that(tmp_path: Path) -> None:
    command, first, last = RECORDER.splitlines()
    with EmbeddedEtcd(binary=needed_binary("3.5")) as etcd:
        endpoint = etcd.endpoint
        env = {"ETCDCTL_ENDPOINTS": endpoint, "XDG_STATE_HOME": str(tmp_path)}
        recorder = python("-m", *command.split()[1:], env=env)
        told = await asyncio.to_thread(read_line, recorder.stderr)
        (file,) = (tmp_path / "electiontui" / "history").glob("*.db")
        assert told == first.replace("STATE", str(tmp_path)).replace("CLUSTER", file.stem)
        recorder.send_signal(signal.SIGINT)
        _, told = await asyncio.to_thread(recorder.communicate, timeout=20)
        assert (recorder.returncode, told.strip()) == (0, last)
    # It is found without etcd.
    reader = python("-m", "electiontui", "history", "--endpoints", endpoint, env={"XDG_STATE_HOME": str(tmp_path)})
    _, told = await asyncio.to_thread(reader.communicate, timeout=20)
    assert (told.splitlines()[0], reader.returncode) == (f"electiontui: from {file}", 0)
