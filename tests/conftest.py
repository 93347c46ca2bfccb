"""Real etcd servers for the tests, started once per session, and names that no other test uses."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator

import pytest

from electiontui.embedded import EmbeddedEtcd

from .servers import Etcdctl, binary_for


def _server(series: str) -> EmbeddedEtcd:
    binary = binary_for(series)
    if binary is None:
        reason = f"no etcd {series} on this machine"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return EmbeddedEtcd(binary=binary)


@pytest.fixture(scope="session")
def etcd() -> Iterator[EmbeddedEtcd]:
    """One etcd 3.5 for the whole session."""
    with _server("3.5") as server:
        yield server


@pytest.fixture(scope="session")
def _etcd_34() -> Iterator[EmbeddedEtcd]:
    with _server("3.4") as server:
        yield server


@pytest.fixture(params=["3.5", "3.4"])
def etcd_each(request: pytest.FixtureRequest) -> EmbeddedEtcd:
    """The test runs on each supported series of etcd; where one is missing it is skipped, and fails in CI."""
    server: EmbeddedEtcd = request.getfixturevalue({"3.5": "etcd", "3.4": "_etcd_34"}[request.param])
    return server


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """An election name that no other test uses."""
    stem = re.sub(r"\W+", "-", request.node.name).strip("-")[:40]
    return f"{stem}-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def prefix(name: str) -> str:
    """A prefix that no other test uses, with its final slash."""
    return f"{name}/"


@pytest.fixture
def etcdctl(etcd: EmbeddedEtcd) -> Iterator[Etcdctl]:
    """etcd's own command line on the session's server."""
    tool = Etcdctl(etcd.endpoint)
    yield tool
    tool.close()
