"""Lines of the product broken on purpose, and the tests that have to notice."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from ..servers import ROOT, clean_environment

__all__ = ["HAZARDS", "Edit", "Mutation", "Outcome", "mutation", "named_tests", "try_out"]

HAZARDS = ROOT / "docs" / "hazards.md"
_ROW = re.compile(r"^\| (H\d+b?) \|.*\| (.+) \|$", re.MULTILINE)
_COPIED = ("election_core", "electiontui", "tests", "docs", "pyproject.toml", "README.md")
_LONGEST = 40
"""Seconds for each test that names no time of its own."""
_LONGEST_RUN = 150.0
"""Seconds for a test with all its parameters, several times what any takes."""


class Edit(NamedTuple):
    """One place that is broken."""

    path: str
    """File below the project's root."""
    line: str
    """Text that stands in it exactly once."""
    broken: str
    """What stands there instead."""

    def applied_to(self, text: str) -> str:
        assert text.count(self.line) == 1, f"{self.path} has {self.line!r} {text.count(self.line)} times"
        return text.replace(self.line, self.broken)


class Mutation(NamedTuple):
    """One way to break what a hazard's row claims; some of the tests that vouch for it must fail then.

    It has several edits where the product has several lines of defence.
    """

    hazard: str
    mistake: str
    """What somebody would have got wrong."""
    edits: tuple[Edit, ...]

    def broken_files(self, root: Path) -> dict[str, str]:
        """The text of each file that it changes, by path below ``root``."""
        texts: dict[str, str] = {}
        for edit in self.edits:
            text = texts.get(edit.path) or (root / edit.path).read_text("utf-8")
            texts[edit.path] = edit.applied_to(text)
        return texts


class Outcome(NamedTuple):
    """What the tests said to a mutation."""

    mutation: Mutation
    green: tuple[str, ...]
    """The tests that noticed nothing, as `named_tests` writes them."""
    red: tuple[str, ...]


def mutation(hazard: str, mistake: str, *edits: Edit) -> Mutation:
    return Mutation(hazard, mistake, edits)


def named_tests(hazard: str) -> list[str]:
    """The tests that the hazard's row names, as arguments for pytest."""
    row = dict(_ROW.findall(HAZARDS.read_text("utf-8")))[hazard]
    named = re.findall(r"`([\w/]+\.py)::([\w*]+)`", row)
    return [f"tests/{path}" + ("" if name == "*" else f"::{name}") for path, name in named]


def try_out(mutation: Mutation, scratch: Path) -> Outcome:
    """Break a copy of the project and run the hazard's tests on it."""
    copy = scratch / "project"
    copy.mkdir(parents=True)
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=_not_copied, symlinks=True)
        else:
            shutil.copy2(source, copy / name)
    _link_node_modules(copy)
    for path, text in mutation.broken_files(ROOT).items():
        (copy / path).write_text(text, "utf-8")
    red: dict[bool, list[str]] = {True: [], False: []}
    for test in named_tests(mutation.hazard):
        red[_turns_red(test, copy)].append(test)
    shutil.rmtree(scratch)
    return Outcome(mutation, tuple(red[False]), tuple(red[True]))


_not_copied = shutil.ignore_patterns("__pycache__", "node_modules")


def _link_node_modules(copy: Path) -> None:
    modules = ROOT / "tests" / "interop" / "node_modules"
    if modules.exists():
        (copy / "tests" / "interop" / "node_modules").symlink_to(modules.resolve())


def _turns_red(test: str, copy: Path) -> bool:
    """Whether the test fails, or never ends, with any of its parameters; not if it cannot even begin."""
    # Each in a process of its own, which a test that hangs takes with it. What it leaves behind may hang, too.
    limits = ["-o", "addopts=", "-o", f"timeout={_LONGEST}", "-o", "timeout_method=thread"]
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *limits, test]
    env = clean_environment(PYTHONPATH=str(copy), PYTHONDONTWRITEBYTECODE="1")
    try:
        done = subprocess.run(words, cwd=copy, env=env, capture_output=True, text=True, timeout=_LONGEST_RUN)
    except subprocess.TimeoutExpired:
        return True
    assert done.returncode in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED), done.stdout + done.stderr
    return done.returncode == pytest.ExitCode.TESTS_FAILED and "ERROR at setup of" not in done.stdout
