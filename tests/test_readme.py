"""What the README says is what happens: its examples run, its tables and commands are compared with the program."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from electiontui import commands
from electiontui.app import ElectionApp
from electiontui.cli import cli
from electiontui.commands.acting import NOBODY_LEADS
from electiontui.commands.campaigning.plan import LEADERSHIP_LOST
from electiontui.embedded import EmbeddedEtcd
from electiontui.screens.acting import ActingScreen
from electiontui.screens.console import ConsoleScreen
from electiontui.screens.detail import DetailScreen
from electiontui.screens.drills import DrillsScreen
from electiontui.screens.elections import ElectionsScreen
from electiontui.screens.events import EventsScreen
from electiontui.screens.find import FindDialog
from electiontui.screens.leaders import LeadersScreen
from electiontui.screens.live import LiveScreen
from electiontui.screens.warnings import WarningsScreen
from electiontui.widgets.timeline import Timeline
from electiontui.widgets.virtual_table import VirtualTable

from .readme import COMMANDS, DASHBOARD, FENCE, README, blocks, rows
from .servers import ROOT, Etcdctl, clean_environment, python, read_line


def test_every_block_is_tested_here() -> None:
    tested = [
        *blocks("bash", "Start in a minute"),
        *blocks("python", "The library"),
        *blocks("console", "The command line"),
        *blocks("python", "In notebooks"),
        *blocks("python", "Testing your own program"),
    ]
    assert tested == [body for _, body in FENCE.findall(README)]


def test_it_is_short_and_speaks_of_no_other_machine() -> None:
    assert len(README.splitlines()) <= 250
    for text in (README, (ROOT / "docs" / "architecture.md").read_text("utf-8")):
        assert not re.search(r"/(home|root|work|tmp|opt)/", text)


@pytest.mark.parametrize(
    "document", ["README.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]
)
def test_links_lead_somewhere(document: str) -> None:
    source = ROOT / document
    for target in re.findall(r"\]\(([^)#]+)", source.read_text("utf-8")):
        assert target.startswith("https://") or (source.parent / target).exists(), target


# --- the two lines to paste


def test_the_two_lines_install_extras_that_exist() -> None:
    (block,) = blocks("bash", "Start in a minute")
    demo, test = block.splitlines()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert re.findall(r"\.\[(\w+)\]", block) == ["demo", "test"]
    assert {"demo", "test", *re.findall(r"`\.\[(\w+)\]`", README)} <= set(extras)
    assert demo.endswith("&& .venv/bin/electiontui demo")
    assert test.endswith("&& .venv/bin/python -m pytest")


def test_ci_runs_these_very_lines() -> None:
    (block,) = blocks("bash", "Start in a minute")
    shown = subprocess.run([ROOT / ".ci" / "run", "--show"], capture_output=True, text=True, check=True, timeout=10)
    assert shown.stdout == block.replace(".venv", ".ci-venv")


# --- the command line


@pytest.fixture(scope="module")
def listed() -> Iterator[EmbeddedEtcd]:
    """An etcd with the elections that the README lists, and nothing else."""
    with EmbeddedEtcd() as server:
        etcdctl = Etcdctl(server.endpoint)
        for name, value in (
            ("billing/ledger", "ledger-1"),
            ("billing/ledger", "ledger-2"),
            ("mail/outbound", "mail-1"),
        ):
            lease = etcdctl.run("lease", "grant", "600").split()[1].lstrip("0")
            etcdctl.run("put", f"--lease={lease}", f"election/{name}/{lease}", value)
        yield server


def run(etcd: EmbeddedEtcd | None, *args: str) -> subprocess.CompletedProcess[str]:
    env = clean_environment(ETCDCTL_ENDPOINTS=etcd.endpoint if etcd else "127.0.0.1:9")
    command = [sys.executable, "-m", "electiontui", *args]
    return subprocess.run(
        command, capture_output=True, text=True, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, timeout=30
    )


def blurred(text: str) -> list[str]:
    """Lines without what differs from run to run: times, revisions and leases."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    text = re.sub(r"\b[0-9a-f]{11,16}\b", "LEASE", text)
    return [re.sub(r" +", " ", re.sub(r"(\d+)(?=  LEASE|$)", "REV", line)) for line in text.splitlines()]


def test_the_commands_print_what_is_shown(listed: EmbeddedEtcd) -> None:
    (console,) = blocks("console", "The command line")
    parts = re.split(r"^\$ electiontui (.*)\n", console, flags=re.MULTILINE)[1:]
    shown = dict(zip(parts[::2], parts[1::2], strict=True))
    assert list(shown) == ["list", "watch billing/ledger"]
    done = run(listed, "list")
    assert (done.returncode, done.stderr) == (0, "")
    assert blurred(done.stdout) == blurred(shown["list"])
    process = python("-m", "electiontui", "--endpoints", listed.endpoint, "watch", "billing/ledger")
    try:
        assert blurred(read_line(process.stdout)) == blurred(shown["watch billing/ledger"])
    finally:
        process.kill()
        process.communicate()


def shape(value: Any) -> Any:
    """The keys of a document, in order, and the types of what they hold."""
    if isinstance(value, dict):
        return [(key, shape(each)) for key, each in value.items()]
    return [shape(value[-1])] if isinstance(value, list) else type(value).__name__


def documents(text: str) -> list[Any]:
    found, decoder = [], json.JSONDecoder()
    while text := text.strip():
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:]
    return found


def test_json_has_the_shape_that_is_shown(listed: EmbeddedEtcd) -> None:
    of_list, of_watch = map(documents, blocks("json", "For programs", COMMANDS))
    printed = json.loads(run(listed, "list", "-w", "json").stdout)
    assert [shape(printed)] == [shape(document) for document in of_list]
    assert printed["elections"][-1]["leader"]["value"] == of_list[0]["elections"][0]["leader"]["value"]
    etcdctl = Etcdctl(listed.endpoint)
    args = ("--endpoints", listed.endpoint, "--prefix", "short/")
    lease = etcdctl.run("lease", "grant", "600").split()[1].lstrip("0")
    etcdctl.run("put", f"--lease={lease}", f"short/lived/{lease}", "value")
    process = python("-m", "electiontui", *args, "watch", "-w", "jsonl")
    try:
        start = json.loads(read_line(process.stdout))
        etcdctl.run("lease", "revoke", lease)
        vacated = json.loads(read_line(process.stdout))
    finally:
        process.kill()
        process.communicate()
    assert [shape(start), shape(vacated)] == [shape(document) for document in of_watch]
    assert [start["event"], vacated["event"]] == [document["event"] for document in of_watch]


def test_exit_codes_are_those_of_the_table(listed: EmbeddedEtcd) -> None:
    expected = [commands.OK, commands.ERROR, commands.CANNOT_CONNECT, commands.INVALID_INPUT]
    expected += [NOBODY_LEADS, LEADERSHIP_LOST, commands.INTERRUPTED]
    assert [int(code) for code, _ in rows("exit code", COMMANDS)] == expected
    assert run(listed, "list").returncode == 0
    # What a wrong password costs is tested where one is wanted; here nobody wants one.
    assert run(listed, "--user", "root:wrong", "list").returncode == 0
    assert run(None, "--command-timeout", "300ms", "list").returncode == 2
    assert run(listed, "--bogus").returncode == 3


def test_commands_in_the_text_are_understood(listed: EmbeddedEtcd) -> None:
    found = [text for text in re.findall(r"`electiontui ([^`]*)`", README + COMMANDS) if "COMMAND" not in text]
    assert len(found) >= 8
    for text in found:
        args, dashes, command = text.partition(" -- ")
        done = run(listed, *args.removesuffix(" --help").split(), "--help", *(dashes + command).split())
        assert done.returncode == 0, text
        assert "Usage" in done.stdout
    assert run(listed, "--read-only").stderr.endswith("`electiontui watch`\n")  # understood, but there is no terminal


def test_environment_variables_are_those_that_are_read() -> None:
    named = set(re.findall(r"`((?:ETCDCTL|ELECTIONTUI)_[A-Z_]+)`", COMMANDS))
    assert named == {option.envvar for option in cli.params if getattr(option, "envvar", None)}


# --- keys

_NAMES = {
    "↓": "down", "↑": "up", "←": "left", "→": "right", "pgdn": "pagedown", "pgup": "pageup", "esc": "escape",
    "/": "slash", ":": "colon", "?": "question_mark", "+": "plus", "-": "minus", "=": "equals_sign",
    "!": "exclamation_mark", "[": "left_square_bracket", "]": "right_square_bracket",
}  # fmt: skip


def bound(*classes: type[DOMNode]) -> set[str]:
    keys: set[str] = set()
    for each in classes:
        for binding in each.BINDINGS:
            assert isinstance(binding, Binding)
            keys.update(binding.key.split(","))
    return keys


def test_the_keys_of_the_first_page_are_among_them() -> None:
    named = {_NAMES.get(key, key) for keys, _ in rows("keys") for key in re.findall(r"`([^`]+)`", keys)}
    assert named <= bound(LiveScreen, ElectionsScreen, DetailScreen, ConsoleScreen, LeadersScreen, EventsScreen)


def test_keys_are_those_that_are_bound() -> None:
    named: dict[str, set[str]] = {}
    where = ""
    for place, keys, _ in rows("where", DASHBOARD):
        where = place or where
        for key in re.findall(r"`([^`]+)`", keys):
            named.setdefault(where, set()).add(_NAMES.get(key, key.replace("^", "ctrl+")))
    assert "tab" in {binding.key for binding in Screen.BINDINGS if isinstance(binding, Binding)}
    everywhere = bound(LiveScreen, ElectionApp, VirtualTable, Timeline) - {"enter"}
    assert named == {
        "everywhere": everywhere | {"tab"},
        "elections": bound(ElectionsScreen),
        "leaders": bound(LeadersScreen),
        "warnings": bound(WarningsScreen),
        "events": bound(EventsScreen),
        "find": bound(FindDialog),
        "one election": bound(DetailScreen, ActingScreen),
        "console": bound(ConsoleScreen),
        "drills": bound(DrillsScreen),
    }
