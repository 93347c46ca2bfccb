"""Who races: election_core, and its peers where their tools are there. What is not there is said, not skipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from .process import RequestProcess

__all__ = ["Contestant", "NotThere", "bare", "find_contestants", "ours"]

_PEERS = Path(__file__).resolve().parent / "peers"
_GOPATH = "/usr/share/gocode"
_ETCD3 = "etcd3@1.1.2"


class NotThere(RuntimeError):
    """A contestant cannot race; the message says what to install."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """How to start one; every process that it starts is warm for as long as it is used."""

    name: str
    command: tuple[str, ...]
    version: str
    env: Mapping[str, str] = field(default_factory=dict)

    def start(self, endpoint: str) -> RequestProcess:
        return RequestProcess(self.name, (*self.command, endpoint), self.env)


def ours() -> Contestant:
    python = ".".join(map(str, sys.version_info[:3]))
    versions = f"Python {python}, grpcio {version('grpcio')}"
    return Contestant("ours", (sys.executable, "-m", "benchmarks.peers.ours"), versions)


def bare() -> Contestant:
    """No peer but the floor: the same calls on grpc.aio and nothing around them."""
    return Contestant("bare", (sys.executable, "-m", "benchmarks.peers.bare"), "grpc.aio's stubs alone")


def find_contestants() -> tuple[list[Contestant], list[str]]:
    """Those that can race, ours first, and a line for each that cannot."""
    found, missing = [ours()], []
    find: tuple[Callable[[], Contestant], ...] = (_go, _node)
    for each in find:
        try:
            found.append(each())
        except NotThere as exc:
            missing.append(str(exc))
    return found, missing


def cache() -> Path:
    """Where binaries and packages of peers are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "election_core-benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _go() -> Contestant:
    go = shutil.which("go")
    client = Path(_GOPATH, "src/go.etcd.io/etcd/clientv3/concurrency")
    if go is None or not client.is_dir():
        raise NotThere("Go: not run; install Debian's golang-go and golang-etcd-server-dev.")
    binary = cache() / "go-peer"
    env = {**os.environ, "GO111MODULE": "off", "GOPATH": _GOPATH}
    _run("Go", [go, "build", "-o", str(binary), "."], cwd=_PEERS / "go", env=env)
    compiler = _run("Go", [go, "env", "GOVERSION"], env=env)
    return Contestant("go", (str(binary),), f"clientv3 of {_debian('golang-etcd-server-dev')}, {compiler}")


def _node() -> Contestant:
    node = shutil.which("node")
    if node is None:
        raise NotThere("Node: not run; install node and npm.")
    if (modules := _modules()) is None:
        npm = shutil.which("npm")
        if npm is None:
            raise NotThere(f"Node: not run; install npm, or set NODE_PATH to a folder that has {_ETCD3}.")
        folder = cache() / "node"
        folder.mkdir(exist_ok=True)
        _run("Node", [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), _ETCD3], cwd=folder)
        modules = folder / "node_modules"
    versions = f"{_ETCD3}, Node {_run('Node', [node, '--version'])}"
    return Contestant("node", (node, str(_PEERS / "node" / "main.js")), versions, {"NODE_PATH": str(modules)})


def _modules() -> Path | None:
    """The first folder with the right etcd3 in it, of NODE_PATH and the cache."""
    for folder in (*os.environ.get("NODE_PATH", "").split(os.pathsep), str(cache() / "node" / "node_modules")):
        manifest = Path(folder, "etcd3", "package.json")
        if folder and manifest.is_file() and f'"version": "{_ETCD3.partition("@")[2]}"' in manifest.read_text():
            return Path(folder)
    return None


def _debian(package: str) -> str:
    query = shutil.which("dpkg-query")
    return "" if query is None else _run("Go", [query, "-W", "-f", "${Package} ${Version}", package])


def _run(peer: str, command: list[str], cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise NotThere(f"{peer}: not run; `{' '.join(command)}` failed: {(done.stderr or done.stdout)[-300:].strip()}")
    return done.stdout.strip()
