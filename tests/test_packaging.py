"""What an installation brings: one version, types, and a README whose links hold wherever it is shown."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.resources import files
from typing import Any

import pytest

import election_core
import electiontui

from .servers import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RELATIVE_LINK = re.compile(r"\]\((?!https?:|#)([^)]*)\)")


def test_both_packages_have_one_version() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", electiontui.__version__)
    assert election_core.__version__ == electiontui.__version__, "install the project again: its version has changed"


def test_the_version_costs_nothing_at_import() -> None:
    script = """
import sys, election_core
assert "importlib.metadata" not in sys.modules
assert not hasattr(election_core, "version")
print(election_core.__version__)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == electiontui.__version__, done.stderr


@pytest.mark.parametrize("package", ["election_core", "electiontui"])
def test_types_are_shipped(package: str) -> None:
    assert files(package).joinpath("py.typed").is_file()


@pytest.mark.parametrize("modules", ["election_core", "electiontui.cli"])
def test_imports_warn_of_nothing(modules: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import {modules}"], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_relative_links_of_the_readme_become_absolute_ones() -> None:
    """As the build does it, by the rules of the plugin's settings."""
    readme = (ROOT / "README.md").read_text("utf-8")
    relative = RELATIVE_LINK.findall(readme)
    assert len(relative) > 5
    assert [link for link in relative if not (ROOT / link).is_file()] == []
    published = readme
    for rule in PROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]:
        published = re.sub(rule["pattern"], rule["replacement"], published)
    assert RELATIVE_LINK.findall(published) == []
    home = PROJECT["project"]["urls"]["Homepage"].removeprefix("https://github.com/")
    for link in relative:
        place = "raw.githubusercontent.com" if link.endswith(".png") else "github.com"
        between = "" if link.endswith(".png") else "/blob"
        assert f"](https://{place}/{home}{between}/v$HFPR_VERSION/{link})" in published
