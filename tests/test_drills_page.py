"""docs/drills.md is what happens: its example is run, its tables are compared with the program."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from electiontui.drill import included
from electiontui.drill.reading import VERBS
from electiontui.embedded import EmbeddedEtcd

from .readme import FENCE, rows
from .servers import ROOT, clean_environment, needed_binary

PAGE = (ROOT / "docs" / "drills.md").read_text("utf-8")
BLOCKS = dict(FENCE.findall(PAGE))


def alike(text: str) -> str:
    """Without what differs from run to run."""
    text = re.sub(r"\d+\.\d{3}( ?s)", r"TIME\1", text)
    return re.sub(r"etcd \d+\.\d+\.\d+", "etcd VERSION", text)


def test_its_example_is_what_happens(tmp_path: Path) -> None:
    (tmp_path / "nightly.toml").write_text(BLOCKS["toml"])
    with EmbeddedEtcd(binary=needed_binary("3.5")) as etcd:
        env = clean_environment(ETCDCTL_ENDPOINTS=etcd.endpoint)
        env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
        script = "exec 2>&1\n" + "\n".join(
            f"printf '%s\\n' '$ {line[2:]}'\n(exit $code); {line[2:]}\ncode=$?"
            for line in BLOCKS["console"].splitlines()
            if line.startswith("$ ")
        )
        done = subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, env=env, cwd=tmp_path, stdin=subprocess.DEVNULL
        )
    assert alike(done.stdout) == alike(BLOCKS["console"])


async def test_its_python_runs(monkeypatch: Any, capsys: Any) -> None:
    with EmbeddedEtcd(binary=needed_binary("3.5")) as etcd:
        body = BLOCKS["python"].replace("127.0.0.1:2379", etcd.endpoint).replace("\n", "\n    ")
        space: dict[str, Any] = {}
        exec(f"async def example():\n    {body}", space)
        await space["example"]()
    assert "## flapping: PASS" in capsys.readouterr().out


def test_its_tables_name_every_drill_and_every_verb() -> None:
    assert sorted(row[0].strip("`") for row in rows("name", PAGE)) == included()
    described: dict[str, set[str]] = {}
    for verbs, keys, _ in rows("`do`", PAGE):
        for verb in re.findall(r"`([\w-]+)`", verbs):
            described[verb] = set(re.findall(r"`(?:\[\[steps\.)?(\w+)(?:\]\])?`", keys))
    assert described == {verb: {*needed, *possible} for verb, (needed, possible) in VERBS.items()}
