"""A child process that obeys the line protocol, and what it costs in CPU time."""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["ProcessFailed", "RequestProcess", "Unsupported", "cpu_seconds", "resident_bytes"]

_ROOT = Path(__file__).resolve().parent.parent


class ProcessFailed(RuntimeError):
    """The process ended, was silent for too long, or answered with an error."""


class Unsupported(RuntimeError):
    """The process answered that it has no counterpart to what is measured."""


def cpu_seconds(pid: int) -> float:
    """CPU seconds that a process has used until now, its threads that have ended included."""
    # How Linux names another process's clock: clock_getcpuclockid(3) does the same.
    return time.clock_gettime(~pid << 3 | 2)


def resident_bytes(pid: int) -> int:
    """Bytes of memory that a process has resident."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class RequestProcess:
    """Asked by one JSON line, answers with one."""

    # The mutable state: the process, and what it has written and nobody has taken yet.

    def __init__(self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        self.name = name
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._rest = b""
        self._process = subprocess.Popen(
            command,
            bufsize=0,
            cwd=_ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def cpu(self) -> float:
        """CPU seconds used until now."""
        return cpu_seconds(self.pid)

    @property
    def resident(self) -> int:
        """Bytes of memory that it has resident."""
        return resident_bytes(self.pid)

    def ask(self, do: str, timeout: float = 60.0, **request: object) -> dict[str, Any]:
        """Send a request and wait for its answer.

        Raises:
            Unsupported: it cannot do that.
            ProcessFailed: it failed at it.
        """
        self.tell(do, **request)
        return self.answer(timeout)

    def tell(self, do: str, **request: object) -> None:
        """Send a request whose `answer` is taken later."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **request}).encode() + b"\n")
        except OSError as exc:
            raise ProcessFailed(f"{self.name} has ended: {self._last_words()}") from exc

    def answer(self, timeout: float = 60.0) -> dict[str, Any]:
        """The next answer, raising as `ask` does."""
        answer: dict[str, Any] = json.loads(self._line(timeout))
        if "unsupported" in answer:
            raise Unsupported(answer["unsupported"])
        if "error" in answer:
            raise ProcessFailed(f"{self.name}: {answer['error']}")
        return answer

    def kill(self) -> None:
        """End it at once, as a crash would; it is told nothing."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> RequestProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._log):
            if pipe is not None:
                pipe.close()

    def _line(self, timeout: float) -> bytes:
        assert self._process.stdout is not None
        deadline = time.monotonic() + timeout
        while b"\n" not in self._rest:
            left = max(deadline - time.monotonic(), 0)
            if not select.select([self._process.stdout], [], [], left)[0]:
                raise ProcessFailed(f"{self.name} did not answer within {timeout:g} s: {self._last_words()}")
            received = os.read(self._process.stdout.fileno(), 65536)
            if not received:
                raise ProcessFailed(f"{self.name} has ended: {self._last_words()}")
            self._rest += received
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _last_words(self) -> str:
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")[-500:].strip() or "(it said nothing)"
