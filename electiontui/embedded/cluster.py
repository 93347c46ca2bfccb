"""A cluster as an object to enter, and its members to break and mend."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from .binary import find_etcd

__all__ = ["EmbeddedEtcd", "EmbeddedMember", "EtcdFailed"]

START_TIMEOUT = 30.0
"""Seconds that a cluster may take to become healthy."""
_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_ANSWER_MARGIN = 10.0
_END_TIMEOUT = 10.0


class EtcdFailed(RuntimeError):
    """etcd could not be started, or did not become healthy in time. The message has its last words."""


class EmbeddedMember:
    """One member of an embedded cluster, to be broken and mended.

    All calls return within milliseconds and raise `EtcdFailed` when the supervisor is gone.
    """

    def __init__(self, etcd: EmbeddedEtcd, index: int, name: str, port: int, pid: int) -> None:
        self._etcd, self._index = etcd, index
        self.name = name
        self.endpoint = f"127.0.0.1:{port}"
        self.pid = pid

    def __repr__(self) -> str:
        return f"<EmbeddedMember {self.endpoint} pid {self.pid}>"

    def kill(self) -> None:
        """End it at once, as a power cut would; it stays down until `restart`."""
        self._signal(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop its process: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """Start it anew with its data on its ports, ended or not; see `EmbeddedEtcd.wait_healthy`."""
        self._etcd.request(do="restart", member=self._index)

    def _signal(self, number: int) -> None:
        self._etcd.request(do="signal", member=self._index, signal=number)


class EmbeddedEtcd:
    """An etcd cluster that lives as long as it is entered.

    Entering takes about a second and waits until every member is healthy; leaving takes some milliseconds.
    As ``async with`` neither blocks the event loop, and cancelling the entering leaves nothing behind.

    Args:
        nodes: how many members; three bear the loss of one.
        binary: the etcd to run; `find_etcd`'s without.
        flags: further flags for each member, such as ``("--quota-backend-bytes", "16777216")``; ``{port}`` in them
            stands for the member's port.
        timeout: seconds that the cluster may take to become healthy.

    Raises:
        EtcdNotFound: on entering, there is no etcd to run.
        EtcdFailed: on entering, it ended or did not become healthy.

    Attributes:
        members: the members, in order of their endpoints.
        binary: the program that runs.
        version: what the servers say they are, such as ``3.5.1``.
        folder: where they keep their data, as long as they live.
    """

    members: tuple[EmbeddedMember, ...]
    binary: Path
    version: str
    folder: Path

    def __init__(
        self,
        nodes: int = 1,
        binary: Path | None = None,
        *,
        flags: Sequence[str] = (),
        timeout: float = START_TIMEOUT,
    ) -> None:
        if nodes < 1:
            raise ValueError(f"A cluster has at least one member; got nodes={nodes!r}.")
        self._nodes, self._flags, self._timeout = nodes, tuple(flags), timeout
        self._wanted_binary = binary
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()
        self.members = ()

    @property
    def endpoints(self) -> tuple[str, ...]:
        """``host:port`` of each member."""
        return tuple(member.endpoint for member in self.members)

    @property
    def endpoint(self) -> str:
        """All endpoints with commas in between, as ``etcdctl --endpoints`` takes them."""
        return ",".join(self.endpoints)

    def __enter__(self) -> EmbeddedEtcd:
        self._launch()
        try:
            self._begin()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    async def __aenter__(self) -> EmbeddedEtcd:
        self._launch()
        try:
            await asyncio.to_thread(self._begin)
        except BaseException:
            self._hang_up()
            await asyncio.to_thread(self._end)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()
        await asyncio.to_thread(self._end)

    def wait_healthy(self, timeout: float = START_TIMEOUT) -> None:
        """Block until every member that runs is healthy, which takes a majority of all members.

        Raises:
            EtcdFailed: they are not within ``timeout`` seconds, or one ended.
        """
        self.request(timeout, do="wait", timeout=timeout)

    def request(self, patience: float = 0.0, **request: object) -> dict[str, Any]:
        """Have the supervisor do something and wait for its answer; `EmbeddedMember` says what there is to do."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise EtcdFailed("The embedded etcd is not running.")
        with self._turn:
            try:
                process.stdin.write(json.dumps(request).encode() + b"\n")
                answer = self._answer(process, patience + _ANSWER_MARGIN)
            except (OSError, ValueError) as exc:
                raise EtcdFailed("The supervisor of the embedded etcd is gone.") from exc
        if "error" in answer:
            raise EtcdFailed(answer["error"])
        for member, facts in zip(self.members, answer["members"], strict=False):
            member.pid = facts["pid"]
        return answer

    @staticmethod
    def _answer(process: subprocess.Popen[bytes], patience: float) -> dict[str, Any]:
        assert process.stdout is not None
        if not select.select([process.stdout], [], [], patience)[0]:
            raise TimeoutError
        answer: dict[str, Any] = json.loads(process.stdout.readline())
        return answer

    def _launch(self) -> None:
        if self._process is not None:
            raise RuntimeError("This EmbeddedEtcd is running already; make another one.")
        self.binary = self._wanted_binary or find_etcd()
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(_SUPERVISOR)],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _begin(self) -> None:
        started = self.request(
            self._timeout,
            parent=os.getpid(),
            binary=str(self.binary),
            nodes=self._nodes,
            flags=self._flags,
            timeout=self._timeout,
        )
        self.folder, self.version = Path(started["folder"]), started["version"]
        self.members = tuple(EmbeddedMember(self, index, **facts) for index, facts in enumerate(started["members"]))

    def _hang_up(self) -> None:
        """The end of the pipe is all that the supervisor needs to be told."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def _end(self) -> None:
        process = self._process
        if process is None or process.stdout is None:
            return
        self._hang_up()
        try:
            process.wait(_END_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with self._turn:
            process.stdout.close()
        self._process, self.members = None, ()
