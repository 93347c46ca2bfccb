"""The process that owns an embedded etcd, so that nothing outlives the program that asked for it.

It is run by path with the standard library only, in a session of its own, and speaks JSON lines: requests on
stdin, one answer each on stdout. The first request says what to start. When stdin ends, because the parent closed
it or died in whatever way, the members are killed and their folder is removed.
"""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
PORT_ATTEMPTS = 5  # since somebody may take a port between its choice and its use
POLL_INTERVAL = 0.05
PARENT_INTERVAL = 0.5  # the parent is looked for, too, since a fork of it may hold the pipe open
_IS_LINUX = sys.platform.startswith("linux")
_held: list[socket.socket] = []  # they never listen: Linux, and only Linux, lets etcd listen beside them
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
# Only Linux has it. It is loaded here since nothing may be loaded between a fork and what the child runs.
_prctl: Any = ctypes.CDLL(None).prctl if _IS_LINUX else lambda *_: None


class ParentGone(Exception):
    """Nobody needs the etcd any more."""


class StartFailed(Exception):
    """A member could not be started, or did not become ready in time."""


class PortTaken(StartFailed):
    """Somebody else listens on a port that was free when it was chosen."""


class Requests:
    """What the parent asks for, line by line, and whether it is still there."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque()
        self._rest = b""
        self._parent = os.getppid()

    def take(self) -> dict[str, Any]:
        """Wait for the next request."""
        while not self._lines:
            self.pause(PARENT_INTERVAL)
        request: dict[str, Any] = json.loads(self._lines.popleft())
        self._parent = request.get("parent", self._parent)
        return request

    def pause(self, seconds: float) -> None:
        """Wait, less when a request comes in.

        Raises:
            ParentGone: the parent closed the pipe or died.
        """
        if select.select([sys.stdin.fileno()], [], [], seconds)[0]:
            received = os.read(sys.stdin.fileno(), 65536)
            if not received:
                raise ParentGone
            *lines, self._rest = (self._rest + received).split(b"\n")
            self._lines += lines
        if os.getppid() != self._parent:
            raise ParentGone

    @staticmethod
    def answer(**fields: object) -> None:
        try:
            print(json.dumps(fields), flush=True)
        except BrokenPipeError as exc:
            raise ParentGone from exc


class Member:
    """One etcd process. Its name is unique in the world, so that another etcd is never taken for it."""

    def __init__(self, name: str, ports: tuple[int, int], folder: Path) -> None:
        self.name = name
        self.port, self.peer_port = ports
        self._folder = folder
        self._command: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def peer_url(self) -> str:
        return f"http://{HOST}:{self.peer_port}"

    @property
    def facts(self) -> dict[str, object]:
        return {"name": self.name, "port": self.port, "pid": self._process and self._process.pid}

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def configure(self, binary: str, cluster: list[Member], flags: list[str]) -> None:
        url = f"http://{HOST}:{self.port}"
        members = ",".join(f"{member.name}={member.peer_url}" for member in cluster)
        self._command = [
            *(binary, "--name", self.name, "--data-dir", str(self._folder / self.name)),
            *("--listen-client-urls", url, "--advertise-client-urls", url),
            *("--listen-peer-urls", self.peer_url, "--initial-advertise-peer-urls", self.peer_url),
            *("--initial-cluster", members, "--initial-cluster-token", cluster[0].name),
            *("--initial-cluster-state", "new", "--logger", "zap", "--log-level", "warn"),
            *(flag.replace("{port}", str(self.port)) for flag in flags),
        ]

    def start(self) -> None:
        """Start the process, in a group of its own so that a wrapper script dies with what it started.

        Raises:
            StartFailed: it cannot be run.
        """
        # etcd reads its flags from there, too; this one lets etcd 3.4 run on arm64.
        env = {k: v for k, v in os.environ.items() if not k.startswith("ETCD_") or k == "ETCD_UNSUPPORTED_ARCH"}
        with (self._folder / f"{self.name}.log").open("ab") as log:
            try:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=env,
                    start_new_session=True,
                    preexec_fn=lambda: _prctl(PR_SET_PDEATHSIG, signal.SIGKILL),  # even if this process is killed
                )
            except OSError as exc:
                raise StartFailed(f"cannot run {self._command[0]}: {exc}") from exc

    def signal(self, number: int) -> None:
        """Signal the process and whatever it started; one that has ended is left alone."""
        if self._process is None or not self.is_running:
            return
        os.killpg(self._process.pid, number)
        if number == signal.SIGKILL:
            self._process.wait()
            # Killed is not ended: until then what a wrapper script started holds its ports and writes to its folder.
            with suppress(ChildProcessError):
                while True:
                    os.waitpid(-self._process.pid, 0)
        elif number == signal.SIGSTOP and hasattr(os, "waitid"):  # until then some of its threads may answer
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def is_ready(self) -> bool:
        """Whether this very process answers, knows its own name and is healthy.

        Raises:
            PortTaken: somebody else sits on one of its ports.
            StartFailed: it ended.
        """
        if not self.is_running:
            self._raise_ended()
        try:
            listing = self._ask("POST", "/v3/cluster/member/list")
            names = {member["ID"]: member.get("name", "") for member in listing["members"]}
            answering = names.get(listing["header"]["member_id"], "")
            healthy = self._ask("GET", "/health").get("health") == "true"
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            return False
        if answering not in ("", self.name):
            raise PortTaken(f"another etcd, {answering!r}, answers on port {self.port}")
        return answering == self.name and healthy and self.is_running

    def version(self) -> str:
        return str(self._ask("GET", "/version")["etcdserver"])

    def _ask(self, method: str, path: str) -> Any:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=1.0)
        try:
            connection.request(method, path, body="{}" if method == "POST" else None)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def _raise_ended(self) -> None:
        log = (self._folder / f"{self.name}.log").read_text("utf-8", "replace")
        if "address already in use" in log:
            raise PortTaken(f"port {self.port} or {self.peer_port} was taken")
        raise StartFailed(f"etcd ended by itself; its last words:\n{log[-2000:].strip()}")


def _free_ports(count: int) -> list[int]:
    """Ports that, on Linux, nobody else is given while this process lives: a killed member comes back on its own."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        each.bind((HOST, 0))
    ports = [each.getsockname()[1] for each in sockets]
    if _IS_LINUX:
        _held.extend(sockets)
    else:
        for each in sockets:
            each.close()
    return ports


def _wait_ready(members: list[Member], requests: Requests, deadline: float) -> None:
    while waiting := [member for member in members if not member.is_ready()]:
        if time.monotonic() > deadline:
            raise StartFailed(f"etcd did not become healthy in time: {', '.join(m.name for m in waiting)}")
        requests.pause(POLL_INTERVAL)


def start_cluster(config: dict[str, Any], folder: Path, requests: Requests, members: list[Member]) -> None:
    """Start all members and wait until each is ready; ``members`` holds them from before they run."""
    deadline = time.monotonic() + config["timeout"]
    for attempt in range(PORT_ATTEMPTS):
        token = f"electiontui-{secrets.token_hex(6)}"
        ports = _free_ports(2 * config["nodes"])
        members[:] = [
            Member(f"{token}-{index}", (ports[2 * index], ports[2 * index + 1]), folder)
            for index in range(config["nodes"])
        ]
        try:
            for member in members:
                member.configure(config["binary"], members, config["flags"])
                member.start()
            return _wait_ready(members, requests, deadline)
        except PortTaken:
            _kill(members)
            if attempt == PORT_ATTEMPTS - 1:
                raise


def _kill(members: list[Member]) -> None:
    # Nothing is kept, so there is nothing to shut down in order; a frozen process only ends this way.
    for member in members:
        member.signal(signal.SIGKILL)


def _obey(request: dict[str, Any], members: list[Member], requests: Requests) -> None:
    if request["do"] == "wait":
        running = [member for member in members if member.is_running]
        return _wait_ready(running, requests, time.monotonic() + request["timeout"])
    member = members[request["member"]]
    if request["do"] == "signal":
        member.signal(request["signal"])
    elif request["do"] == "restart":
        member.signal(signal.SIGKILL)
        member.start()


def _serve(folder: Path, members: list[Member]) -> None:
    requests = Requests()
    try:
        start_cluster(requests.take(), folder, requests, members)
        requests.answer(folder=str(folder), version=members[0].version(), members=[member.facts for member in members])
    except StartFailed as exc:
        return requests.answer(error=str(exc))
    while True:
        try:
            _obey(requests.take(), members, requests)
            requests.answer(members=[member.facts for member in members])
        except StartFailed as exc:
            requests.answer(error=str(exc))


def _on_signals(handler: Any) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, handler)


def _end(number: int, frame: object) -> None:
    raise ParentGone


def main() -> None:
    _on_signals(_end)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)  # what a wrapper script leaves is waited for here
    folder = Path(tempfile.mkdtemp(prefix="electiontui-etcd-"))
    members: list[Member] = []
    try:
        _serve(folder, members)
    except ParentGone:
        return
    finally:
        _on_signals(signal.SIG_IGN)
        _kill(members)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
