"""Node and its etcd3, and an election that all three share."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from .peers import HERE
from .shared_election import SharedElection, shared_election

MODULES = HERE / "node_modules"


def _refuse(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _installed(package: str) -> str | None:
    manifest = MODULES / package / "package.json"
    return json.loads(manifest.read_text())["version"] if manifest.exists() else None


@pytest.fixture(scope="session")
def node() -> str:
    """Node, with the etcd3 that is asked for; where it cannot be had the test is skipped, and fails in CI."""
    program, npm = shutil.which("node"), shutil.which("npm")
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    if program is None:
        _refuse("no node on this machine")
    if any(_installed(package) != version for package, version in wanted.items()):
        if npm is None:
            _refuse("no npm on this machine, which gets Node's etcd3")
        done = subprocess.run([npm or "npm", "ci"], cwd=HERE, capture_output=True, text=True, timeout=50)
        if done.returncode != 0:
            _refuse(f"npm ci in {HERE.name}: {done.stderr.strip()[-500:]}")
    assert program is not None
    return program


@pytest.fixture
async def shared(node: str, endpoint_each: str, name: str) -> AsyncIterator[SharedElection]:
    """One new election with the three as candidates and as observers."""
    async with AsyncExitStack() as stack:
        yield await shared_election(stack, node, endpoint_each, name)
