"""CMD as the supervisor sees it: through the guardian that owns it."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from . import guardian

__all__ = ["Ended", "Guarded"]

_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
_GONE_WITHIN = 5.0
"""Seconds in which a group is gone that was killed."""


class Ended(NamedTuple):
    """How CMD came to its end. Nothing that it has started is left."""

    code: int
    """For the exit: its own, 128 + n for a signal, 126 or 127 where it could not be started."""
    by_itself: bool
    """Whether nobody had begun to end it."""
    trouble: str = ""
    """Why it could not be started or watched; empty where it could."""


class Guarded:
    """One CMD that runs, or has run."""

    # The mutable state: its group once it is started, and the moment up to which it was allowed to run.

    def __init__(self, channel: socket.socket, process: subprocess.Popen[bytes]) -> None:
        self._channel, self._process = channel, process
        self._until = 0.0
        self.group = 0
        """Its process group; 0 before it is started."""

    @classmethod
    def start(
        cls, command: Sequence[str], environment: Mapping[str, str], grace: float, until: float, *, foreground: bool
    ) -> Guarded:
        """Start it; whether that worked is told by `watch`.

        Args:
            command: program and arguments.
            environment: all of it.
            grace: seconds between TERM and KILL.
            until: moment on the guardian's clock at which it has to be dead; see `allow`.
            foreground: whether it gets the terminal on stdin.

        Raises:
            OSError: no process can be started at all.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            words = [theirs.fileno(), repr(grace), repr(until), int(foreground)]
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", guardian.__file__, *map(str, words), *command],
                env=environment,
                pass_fds=[theirs.fileno()],
                process_group=0,
            )
        ours.setblocking(False)
        return cls(ours, process)

    def allow(self, until: float) -> None:
        """It may run until then, on the guardian's clock."""
        if until > self._until:
            self._until = until
            self._tell("until", repr(until))

    def signal(self, number: int) -> None:
        """Pass a signal on to its group."""
        self._tell("signal", int(number))

    def stop(self) -> None:
        """End it: TERM now, KILL after the grace."""
        self._tell("stop")

    async def watch(
        self, *, started: Callable[[int], None] | None, stopped: Callable[[int], None], ending: Callable[[], None]
    ) -> Ended:
        """Wait until nothing of it is left. It must not be cancelled before that.

        Args:
            started: called with its process group once it runs.
            stopped: called with the signal when it was stopped.
            ending: called when it is being ended since the lease was not renewed.
        """
        loop, told = asyncio.get_running_loop(), b""
        ended: Ended | None = None
        with self._channel:
            while received := await self._receive(loop):
                *lines, told = (told + received).split(b"\n")
                for line in lines:
                    word, *numbers = line.split()
                    if word == b"started":
                        self.group = int(numbers[0])
                        if started is not None:
                            started(self.group)
                    elif word == b"stopped":
                        stopped(int(numbers[0]))
                    elif word == b"ending":
                        ending()
                    else:
                        ended = _ended(word, [int(number) for number in numbers])
        self._process.wait()
        return ended or await self._bereft()

    async def _receive(self, loop: asyncio.AbstractEventLoop) -> bytes:
        with suppress(ConnectionError):
            return await loop.sock_recv(self._channel, 4096)
        return b""

    async def _bereft(self) -> Ended:
        """The guardian was killed, and CMD with it, but not what that has started."""
        trouble = "the process that guards CMD was killed; CMD is killed, too"
        with suppress(ProcessLookupError, TimeoutError):
            async with asyncio.timeout(_GONE_WITHIN):
                while self.group:
                    os.killpg(self.group, signal.SIGKILL)
                    await asyncio.sleep(guardian.SWEEP_INTERVAL)
        return Ended(128 + signal.SIGKILL, True, trouble)

    def _tell(self, *words: object) -> None:
        # A guardian that is gone has taken CMD with it.
        with suppress(OSError):
            self._channel.sendall(" ".join(map(str, words)).encode() + b"\n")


def _ended(word: bytes, numbers: Sequence[int]) -> Ended:
    if word == b"failed":
        (number,) = numbers
        code = _NOT_FOUND if number in (errno.ENOENT, errno.ENOTDIR) else _NOT_EXECUTABLE
        return Ended(code, True, f"cannot be started: {os.strerror(number)}")
    code, by_itself = numbers
    return Ended(code if code >= 0 else 128 - code, bool(by_itself))
