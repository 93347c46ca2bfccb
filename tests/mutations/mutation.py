"""A line of the product broken on purpose, and the tests that have to notice."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from ..servers import ROOT, clean_environment

__all__ = ["HAZARDS", "Mutation", "Outcome", "named_tests", "try_out"]

HAZARDS = ROOT / "docs" / "hazards.md"
_ROW = re.compile(r"^\| (H\d+b?) \|.*\| (.+) \|$", re.MULTILINE)
_COPIED = ("election_core", "electiontui", "tests", "docs", "pyproject.toml", "README.md")
_LONGEST = 240.0
"""Seconds for the tests of one hazard; a test that hangs for what is broken has noticed it, too."""


class Mutation(NamedTuple):
    """One way to break what a hazard's row claims.

    The tests that vouch for the hazard, all of them together, must fail then.
    """

    hazard: str
    path: str
    """File below the project's root."""
    line: str
    """Text that stands in it exactly once."""
    broken: str
    """What stands there instead."""

    def applied_to(self, text: str) -> str:
        assert text.count(self.line) == 1, f"{self.hazard}: {self.path} has {self.line!r} {text.count(self.line)} times"
        return text.replace(self.line, self.broken)


class Outcome(NamedTuple):
    """What the tests said to a mutation."""

    mutation: Mutation
    red: frozenset[str]
    """The tests that failed, as `named_tests` writes them."""
    told: str
    """The test runner's last line."""


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
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"), symlinks=True)
        else:
            shutil.copy2(source, copy / name)
    broken = copy / mutation.path
    broken.write_text(mutation.applied_to(broken.read_text("utf-8")), "utf-8")
    named = named_tests(mutation.hazard)
    try:
        done = _run(copy, named)
    except subprocess.TimeoutExpired:
        return Outcome(mutation, frozenset(named), f"did not end within {_LONGEST:g} s")
    finally:
        shutil.rmtree(scratch)
    failed = re.findall(r"^(?:FAILED|ERROR) (tests/[\w/]+\.py)(?:::(\w+))?", done.stdout, re.MULTILINE)
    red = {name for name in named for path, test in failed if name in (path, f"{path}::{test}")}
    return Outcome(mutation, frozenset(red), (done.stdout.strip().splitlines() or ["nothing was printed"])[-1])


def _run(copy: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rfE", "-p", "no:cacheprovider", "-o", "addopts=", *tests],
        cwd=copy,
        env=clean_environment(PYTHONPATH=str(copy), PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        timeout=_LONGEST,
    )
