"""Real etcd servers for the tests, started once per process, names that no other test uses, and who runs what."""

from __future__ import annotations

import gc
import os
import re
import signal
import tempfile
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from electiontui.embedded import EmbeddedEtcd

from .grpc_proxy import GrpcProxy
from .servers import EACH_ETCD, EACH_WAY, Etcdctl, end_processes, needed_binary

MAX_WORKERS = 6
LONGEST = ("storm/test_storm.py", "faults/test_quorum.py", "faults/", "tui/test_screens.py", "secure/", "tests/test_")
"""What takes longest, in that order."""

# What the dashboards and recorders of tests keep is nothing to whoever runs them, nor are that user's profiles to them.
_STATE = tempfile.TemporaryDirectory(prefix="electiontui-state-")
os.environ["XDG_STATE_HOME"] = _STATE.name
os.environ["XDG_CONFIG_HOME"] = f"{_STATE.name}/config"

# Everything but the nightly profile makes the same examples in every run.
_ANY_PACE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
_SAME = settings(_ANY_PACE, derandomize=True, database=None)
settings.register_profile("default", _SAME, max_examples=150)
settings.register_profile("quick", _SAME, max_examples=50)
settings.register_profile("nightly", _ANY_PACE, max_examples=10_000)
settings.load_profile("default")


# A run in the background of a script ignores ctrl+c, and one by nohup the end of its terminal; so would each process
# that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Single files run in this process; folders in one more than there are cores, since most tests wait for leases."""
    if any(argument.partition("::")[0].endswith(".py") for argument in config.args):
        return 0
    return min(len(os.sched_getaffinity(0)) + 1, MAX_WORKERS)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, what takes longest begins first, so that all end at about one time."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: next((place for place, name in enumerate(LONGEST) if name in item.nodeid), 99))


@pytest.fixture(scope="module", autouse=True)
def _old_heap_is_frozen() -> None:
    """Many tests collect garbage to see what they left; what is older than their module need not be looked at."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _processes_end_with_their_test() -> Iterator[None]:
    yield
    end_processes()


def _server(series: str) -> EmbeddedEtcd:
    return EmbeddedEtcd(binary=needed_binary(series))


@pytest.fixture(scope="session")
def etcd() -> Iterator[EmbeddedEtcd]:
    """One etcd 3.5 for the whole session."""
    with _server("3.5") as server:
        yield server


@pytest.fixture(scope="session")
def etcd_34() -> Iterator[EmbeddedEtcd]:
    """One etcd 3.4 for the whole session."""
    with _server("3.4") as server:
        yield server


@pytest.fixture(params=EACH_ETCD)
def etcd_each(request: pytest.FixtureRequest) -> EmbeddedEtcd:
    """The test runs on each supported series of etcd; where one is missing it is skipped, and fails in CI."""
    server: EmbeddedEtcd = request.getfixturevalue(request.param)
    return server


@pytest.fixture(scope="session")
def grpc_proxy(etcd: EmbeddedEtcd) -> Iterator[GrpcProxy]:
    """etcd 3.5's own proxy in front of the session's etcd 3.5."""
    with GrpcProxy(etcd.binary, etcd.endpoints) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def grpc_proxy_with_namespace(etcd: EmbeddedEtcd) -> Iterator[GrpcProxy]:
    """The same, with all keys below one that the client does not know."""
    with GrpcProxy(etcd.binary, etcd.endpoints, "behind/") as proxy:
        yield proxy


@pytest.fixture(scope="session")
def grpc_proxy_34(etcd_34: EmbeddedEtcd) -> Iterator[GrpcProxy]:
    """etcd 3.4's own proxy in front of the session's etcd 3.4."""
    with GrpcProxy(etcd_34.binary, etcd_34.endpoints) as proxy:
        yield proxy


@pytest.fixture(params=EACH_WAY)
def endpoint_each(request: pytest.FixtureRequest) -> str:
    """The test runs on each supported series of etcd, directly and through its gRPC proxy; ``host:port``."""
    server: EmbeddedEtcd | GrpcProxy = request.getfixturevalue(request.param)
    return server.endpoint


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
