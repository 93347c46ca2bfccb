"""docs/replay.md is what happens: its commands are run, its screen is compared, its Python runs."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from election_core import Client
from electiontui.embedded import EmbeddedEtcd
from electiontui.recording import Recording
from electiontui.replay import Index, Player, moment_of
from electiontui.replay_app import ReplayApp

from .readme import FENCE, rows
from .servers import ROOT, clean_environment
from .test_replay import Scene
from .tui.driving import text_of, until

PAGE = (ROOT / "docs" / "replay.md").read_text("utf-8")
BLOCKS = dict(reversed(FENCE.findall(PAGE)))
TUI = str(Path(sys.executable).parent / "electiontui")


async def test_its_commands_are_what_happens(etcd: EmbeddedEtcd, prefix: str, tmp_path: Path) -> None:
    commands = [line[2:] for line in BLOCKS["console"].splitlines() if line.startswith("$ ")]
    env = clean_environment(ETCDCTL_ENDPOINTS=etcd.endpoint)
    record = [TUI, *commands[0].split()[1:], "--prefix", prefix]
    async with (
        Client(etcd.endpoint) as client,
        client.election("a", prefix=prefix).campaign("x"),
        client.election("b", prefix=prefix).campaign("y"),
    ):
        recorder = await asyncio.create_subprocess_exec(*record, stderr=subprocess.PIPE, env=env, cwd=tmp_path)
        assert recorder.stderr is not None
        said = await recorder.stderr.readline()
        recorder.send_signal(signal.SIGTERM)
        said += await recorder.stderr.read()
    assert await recorder.wait() == 0
    head = await asyncio.create_subprocess_shell(commands[1], stdout=subprocess.PIPE, cwd=tmp_path)
    first, _ = await head.communicate()
    text = f"$ {commands[0]}\n{said.decode()}$ {commands[1]}\n{first.decode()}"
    assert alike(text, prefix, etcd.endpoint) == alike(BLOCKS["console"], "election/", "127.0.0.1:2379")


def alike(text: str, prefix: str, endpoint: str) -> str:
    """Without what differs from run to run."""
    text = text.replace(prefix, "PREFIX/").replace(endpoint, "ENDPOINT")
    text = re.sub(r'"(began|cluster)":"[^"]*"', r'"\1":""', text)
    return re.sub(r"wrote \d+ lines", "wrote N lines", text)


async def test_its_screen_is_what_is_seen(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "night.jsonl")
    recording = Recording(scene.path)
    player = Player(recording, Index(recording), speed=60.0)
    assert moment_of("02:13", player.began, player.ends).minute == 13
    player.playing = False
    app = ReplayApp(player, start="02:13:10")
    async with app.run_test(size=(107, 30)) as pilot:
        await until(pilot, lambda: "02:13:10" in text_of(app) and player.index.share == 1.0)
        await pilot.press("enter")
        wanted = BLOCKS["text"].rstrip("\n").splitlines()
        await until(pilot, lambda: [line.rstrip() for line in text_of(app).splitlines()][:3] == wanted)


def test_its_keys_are_those_that_are_bound() -> None:
    names = {"<": "less_than_sign", ">": "greater_than_sign", ",": "comma", ".": "full_stop", "@": "at"}
    names |= {"{": "left_curly_bracket", "}": "right_curly_bracket"}
    told = {names.get(key, key) for keys, _ in rows("keys", PAGE) for key in re.findall(r"`([^`]+)`", keys)}
    bound = {binding.key for binding in ReplayApp.BINDINGS}  # type: ignore[union-attr]
    assert told == bound | {"space"}


async def test_its_python_runs(etcd: EmbeddedEtcd, prefix: str, capsys: Any) -> None:
    body = BLOCKS["python"].replace("127.0.0.1:2379", etcd.endpoint).replace('"election/"', repr(prefix))
    body = body.replace('.election("job")', f'.election("job", prefix={prefix!r})').replace("\n", "\n    ")
    space: dict[str, Any] = {}
    exec(f"async def example():\n    {body}", space)
    await space["example"]()
    assert capsys.readouterr().out == "elected: host-1\n"
