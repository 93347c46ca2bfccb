"""Who may import what, seen in the sources and in what a command really loads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from electiontui.embedded import EmbeddedEtcd

from .servers import ROOT, clean_environment
from .source_imports import dotted, imports, is_below, modules

UI = ROOT / "electiontui"
SCREENS = ("app", "screens", "widgets")
HEAVY = ("textual", "rich", "plotext")
WIRE = ("grpc", "aetcd", "google")


@pytest.mark.parametrize("path", modules("electiontui"), ids=dotted)
def test_layers(path: Path) -> None:
    name, imported = dotted(path), list(imports(path))
    on_screen = is_below(name, *(f"electiontui.{part}" for part in SCREENS))
    assert not [each for each in imported if is_below(each, *WIRE)]
    if not on_screen:
        assert not [each for each in imported if is_below(each, "textual", "rich")]
    if name != "electiontui._plot":
        assert not [each for each in imported if is_below(each, "plotext")]
    if not on_screen and name not in ("electiontui.demo.stage", "electiontui.commands.dashboard"):
        screens = tuple(f"electiontui.{part}" for part in SCREENS)
        assert not [each for each in imported if is_below(each, *screens)]


def test_the_import_reader_sees_relative_and_nested_imports() -> None:
    """`test_layers` would pass for ever if it saw nothing."""
    seen = set(imports(UI / "commands" / "dashboard.py"))
    assert {"electiontui.app.run", "electiontui.commands.OK", "electiontui.commands.output.say"} <= seen
    assert "textual.app.App" in set(imports(UI / "app.py"))


def loaded(*args: str) -> set[str]:
    """Top-level packages that a run of the command loads."""
    script = (
        "import sys, electiontui.cli as cli\n"
        "try:\n    cli.main(sys.argv[1:])\n"
        "except SystemExit as exc:\n    assert not exc.code, exc.code\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *args],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=clean_environment(),
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("args", [("--version",), ("--help",), ("list", "--help"), ("demo", "--help")])
def test_help_and_version_load_nothing_heavy(args: tuple[str, ...]) -> None:
    names = loaded(*args)
    assert "click" in names
    assert not names & {*HEAVY, "grpc", "aetcd", "asyncio"}


@pytest.mark.parametrize("form", ["table", "json"])
def test_list_loads_no_screen_library(etcd: EmbeddedEtcd, form: str) -> None:
    names = loaded("--endpoints", etcd.endpoint, "list", "-w", form)
    assert "grpc" in names
    assert not names & set(HEAVY)


def test_watch_loads_no_screen_library() -> None:
    script = "import sys, electiontui.commands.watching\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=30, check=True
    )
    names = {name.partition(".")[0] for name in done.stdout.split()}
    assert "election_core" in names
    assert not names & set(HEAVY)


def test_notebook_views_load_no_screen_library() -> None:
    script = "import sys, electiontui.notebook\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=30, check=True
    )
    assert not {name.partition(".")[0] for name in done.stdout.split()} & {*HEAVY, "IPython"}


def test_no_file_is_long() -> None:
    lengths = {dotted(path): len(path.read_text("utf-8").splitlines()) for path in modules("electiontui")}
    assert {name: lines for name, lines in lengths.items() if lines > 300} == {}
    assert os.path.exists(UI / "cli.py")
