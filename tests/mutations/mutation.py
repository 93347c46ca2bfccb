"""Lines of the product broken on purpose, and the tests that have to notice."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from ..servers import ROOT, clean_environment
from .plugin import RED

__all__ = ["HAZARDS", "Edit", "Mutation", "Outcome", "mutation", "named_tests", "try_out"]

HAZARDS = ROOT / "docs" / "hazards.md"
_ROW = re.compile(r"^\| (H\d+b?) \|.*\| (.+) \|$", re.MULTILINE)
_COPIED = ("election_core", "electiontui", "tests", "docs", "pyproject.toml", "README.md")
_LONGEST = 900.0
"""Seconds for the tests of one hazard."""
_LONGEST_TEST = 30
"""Seconds for each test that names no time of its own."""


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
    red: frozenset[str]
    """The tests that failed, as `named_tests` writes them."""
    told: str
    """The test runner's last line."""


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
    named = named_tests(mutation.hazard)
    try:
        done = _run(copy, named)
    except subprocess.TimeoutExpired:
        return Outcome(mutation, frozenset(), f"it did not end within {_LONGEST:g} s")
    finally:
        shutil.rmtree(scratch)
    failed = re.findall(rf"^{RED}(([^:]+)::.+)$", done.stdout, re.MULTILINE)
    red = {name for name in named for test, path in failed if name in (path, test)}
    return Outcome(mutation, frozenset(red), (done.stdout.strip().splitlines() or ["nothing was printed"])[-1])


_not_copied = shutil.ignore_patterns("__pycache__", "node_modules")


def _link_node_modules(copy: Path) -> None:
    modules = ROOT / "tests" / "interop" / "node_modules"
    if modules.exists():
        (copy / "tests" / "interop" / "node_modules").symlink_to(modules.resolve())


def _run(copy: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    options = ["-q", "-p", "no:cacheprovider", "-p", "tests.mutations.plugin"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-o", "addopts=", "-o", f"timeout={_LONGEST_TEST}", *tests],
        cwd=copy,
        env=clean_environment(PYTHONPATH=str(copy), PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        timeout=_LONGEST,
    )
