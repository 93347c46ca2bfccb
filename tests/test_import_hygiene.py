"""Who may import what, seen in the sources and in what a command really loads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import election_core
import election_core.blocking
from electiontui.embedded import EmbeddedEtcd

from .servers import ROOT, clean_environment
from .source_imports import arrows, below, dotted, have_no_circle, imports, modules, part_of, parts_imported

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "patterns": (),
    "as_json": ("text",),
    "keys": (),
    "text": (),
    "durations": (),
    "embedded": (),
    "etcdctl": ("text",),
    "rows": ("text",),
    "watched": (),
    "wall": (),
    "clock": (),
    "prefixes": (),
    "leaders": (),
    "findings": ("etcdctl", "prefixes", "rows", "text"),
    "leaving": (),
    "groups": (),
    "alerts": ("as_json", "patterns", "rows", "text"),
    "documents": ("durations",),
    "profiles": ("alerts", "documents", "findings", "keys", "metrics"),
    "opening": ("alerts", "drill", "findings", "metrics"),
    "records": ("rows", "text"),
    "pictures": ("records", "text", "watched"),
    "history": ("rows", "text", "watched"),
    "recording": (),
    "replay": ("durations", "recording", "sources", "wall", "watched"),
    "sources": (
        "alerts",
        "clock",
        "drill",
        "embedded",
        "findings",
        "history",
        "prefixes",
        "recording",
        "rows",
        "text",
        "wall",
        "watched",
    ),
    "metrics": ("sources", "text"),
    "widgets": ("alerts", "pictures", "rows", "text"),
    "screens": (
        "alerts",
        "drill",
        "etcdctl",
        "findings",
        "groups",
        "keys",
        "leaders",
        "opening",
        "pictures",
        "prefixes",
        "records",
        "rows",
        "sources",
        "text",
        "watched",
        "widgets",
    ),
    "app": ("drill", "etcdctl", "history", "leaving", "metrics", "opening", "screens", "sources", "text"),
    "replay_app": ("app", "etcdctl", "leaving", "opening", "replay", "rows", "screens", "sources", "text", "widgets"),
    "notebook": (
        "durations",
        "findings",
        "history",
        "patterns",
        "pictures",
        "prefixes",
        "rows",
        "text",
        "wall",
        "watched",
    ),
    "drill": ("documents", "embedded", "pictures", "text"),
    "commands": (
        "alerts",
        "app",
        "as_json",
        "drill",
        "durations",
        "embedded",
        "etcdctl",
        "findings",
        "history",
        "keys",
        "metrics",
        "opening",
        "patterns",
        "pictures",
        "prefixes",
        "profiles",
        "recording",
        "records",
        "replay",
        "replay_app",
        "rows",
        "sources",
        "text",
        "wall",
    ),
    "demo": ("commands", "drill", "embedded", "opening", "pictures"),
    "serve": ("commands", "profiles", "text"),
    "cli": ("commands", "demo", "serve"),
    "__main__": ("cli",),
}
"""Each folder and each file beside them, and what it may import of the others. There is no circle in it."""
UI = ROOT / "electiontui"
SCREENS = ("app", "replay_app", "screens", "widgets")
HEAVY = ("textual", "rich", "plotext")
WIRE = ("grpc", "aetcd", "google")

everywhere = pytest.mark.parametrize("path", modules("electiontui"), ids=dotted)


@everywhere
def test_each_part_imports_only_what_is_below_it(path: Path) -> None:
    if part := part_of(dotted(path)):
        assert parts_imported(path) <= set(MAY_IMPORT[part])


def test_the_list_is_the_package_and_has_no_circle() -> None:
    assert set(MAY_IMPORT) == {part_of(dotted(path)) for path in modules("electiontui")} - {""}
    assert have_no_circle(MAY_IMPORT)


def test_every_arrow_of_the_list_is_used() -> None:
    """What nobody imports is not allowed either."""
    assert arrows("electiontui") == {part: set(needs) for part, needs in MAY_IMPORT.items()}


@everywhere
def test_election_core_is_used_by_its_public_names_only(path: Path) -> None:
    public = {f"election_core.{name}" for name in election_core.__all__}
    public |= {f"election_core.blocking.{name}" for name in election_core.blocking.__all__}
    public |= {"election_core.metrics.CampaignMetrics"}
    assert set(below(path, "election_core")) <= public


@everywhere
def test_libraries_for_screens_and_wires_stay_in_their_rooms(path: Path) -> None:
    assert not below(path, *WIRE)
    if part_of(dotted(path)) not in SCREENS:
        assert not below(path, "textual", "rich")
    if dotted(path) != "electiontui.pictures.plot":
        assert not below(path, "plotext")


@everywhere
def test_no_module_hides_behind_an_underscore(path: Path) -> None:
    assert path.stem in ("__init__", "__main__") or not path.stem.startswith("_")


def test_the_import_reader_sees_relative_and_nested_imports() -> None:
    """All of the above would pass forever if it saw nothing."""
    seen = set(imports(UI / "commands" / "dashboard.py"))
    assert {"electiontui.app.run", "electiontui.commands.OK", "electiontui.commands.streams.say"} <= seen
    assert "textual.app.SystemCommand" in set(imports(UI / "app.py"))


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
