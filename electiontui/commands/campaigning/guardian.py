"""The process between the supervisor and CMD, so that CMD is dead in time whatever becomes of the supervisor.

It is run by path with the standard library only. It starts CMD in a process group of its own, knows until when the
lease lives, and obeys lines on a socket: ``until T``, ``signal N``, ``stop``. It ends CMD when told to, when the lease
is about to run out, and when the socket ends because the supervisor died in whatever way: a supervisor that is stuck,
stopped or killed ends nothing by itself. It says ``started PID``, ``failed ERRNO``, ``stopped N``, ``ending`` and
``exited CODE BY_ITSELF``, the last once nothing that CMD has started is left.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Runs through suspend, where there is such a clock, as the lease does."""
LONGEST_WAIT = 0.5
"""Seconds after which the clock is looked at again: no timer runs through suspend."""
SWEEP_INTERVAL = 0.01
LINUX = sys.platform.startswith("linux")
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
NOT_OURS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP)
"""What a terminal or a service manager sends to all processes alike: the supervisor decides what it means."""


def now() -> float:
    """Seconds on the clock of ``until``, which all processes of a machine share."""
    return time.clock_gettime(CLOCK)


class Guardian:
    """Owns one CMD, from its start until nothing of it is left."""

    # The mutable state: the deadline as last told, how CMD ended, since when it is being ended, and whether anybody
    # still tells what to do.

    def __init__(self, control: socket.socket, grace: float, until: float) -> None:
        self._control, self._grace, self._until = control, grace, until
        self._told = b""
        self._group = 0
        self._code: int | None = None
        self._by_itself = False
        self._ending_since: float | None = None
        self._woken, waker = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(waker, False)
        signal.signal(signal.SIGCHLD, _ignore)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)

    def run(self, command: list[str], foreground: bool) -> None:
        """Start CMD and stay with it until nothing of it is left."""
        try:
            process = subprocess.Popen(command, process_group=0, preexec_fn=_preparation(foreground))
        except OSError as exc:
            return self._say("failed", exc.errno or 0)
        self._group = process.pid
        self._say("started", process.pid)
        while not self._is_over():
            self._wait()
            self._decide()
        process.returncode = self._code
        self._say("exited", self._code or 0, int(self._by_itself))

    def _decide(self) -> None:
        at = now()
        if self._ending_since is None and self._code is not None:
            self._by_itself = True
            self._end()
        elif self._ending_since is None and at >= self._until - self._grace:
            self._say("ending")
            self._end()
        if at >= self._kill_at():
            self._kill_everything()

    def _kill_at(self) -> float:
        since = self._ending_since
        return self._until if since is None else min(since + self._grace, self._until)

    def _end(self) -> None:
        """Ask all of the group to end; what is stopped has to go on for that."""
        if self._ending_since is None:
            self._ending_since = now()
            self._signal(signal.SIGTERM)
            self._signal(signal.SIGCONT)

    def _wait(self) -> None:
        """Until something was told, a child changed, or it is time for the next step."""
        if self._ending_since is not None:
            seconds = SWEEP_INTERVAL
        else:
            seconds = min(LONGEST_WAIT, max(0.0, self._until - self._grace - now()))
        control = self._control.fileno()
        ready, _, _ = select.select([self._woken, *([control] if control >= 0 else [])], [], [], seconds)
        if self._woken in ready:
            os.read(self._woken, 4096)
        self._reap()
        if control in ready:
            self._listen()

    def _listen(self) -> None:
        received = b""
        with suppress(ConnectionError):
            received = self._control.recv(65536)
        if not received:
            self._control.close()
            return self._end()
        *lines, self._told = (self._told + received).split(b"\n")
        for line in lines:
            word, *argument = line.split()
            if word == b"until":
                self._until = float(argument[0])
            elif word == b"signal":
                self._signal(int(argument[0]))
            elif word == b"stop":
                self._end()

    def _say(self, *words: object) -> None:
        # Once the supervisor is gone there is nobody to tell.
        with suppress(OSError):
            self._control.sendall(" ".join(map(str, words)).encode() + b"\n")

    def _reap(self) -> None:
        """Take note of what became of CMD, and of what it has left to us."""
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
                if pid == 0:
                    return
                if pid == self._group and os.WIFSTOPPED(status):
                    self._say("stopped", os.WSTOPSIG(status))
                elif pid == self._group:
                    self._code = os.waitstatus_to_exitcode(status)

    def _is_over(self) -> bool:
        """Whether CMD has ended, and with it all that it has started."""
        if self._code is None:
            return False
        try:
            os.killpg(self._group, 0)
        except ProcessLookupError:
            # As a subreaper this process inherits what has left the group; elsewhere that is out of sight.
            return not LINUX or not descendants(os.getpid())
        except PermissionError:
            pass
        return False

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._group, number)

    def _kill_everything(self) -> None:
        self._signal(signal.SIGKILL)
        for pid in descendants(os.getpid()) if LINUX else ():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def descendants(root: int) -> list[int]:
    """Whatever a process has started, and those have, as far as they run or nobody has reaped them."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:
                parent = int(stat.read().rpartition(b")")[2].split()[1])
                children.setdefault(parent, []).append(int(name))
    found, at = children.get(root, []), 0
    while at < len(found):
        found += children.get(found[at], [])
        at += 1
    return found


def _preparation(foreground: bool) -> Callable[[], None]:
    """What CMD does before it becomes CMD: take the terminal, and die with this process."""
    guardian, prctl = os.getpid(), ctypes.CDLL(None).prctl if LINUX else None

    def prepare() -> None:
        if foreground:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
            with suppress(OSError):
                os.tcsetpgrp(0, os.getpid())
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTTOU})
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guardian:
            os._exit(1)

    return prepare


def _ignore(number: int, frame: object) -> None:
    """A handler, and not SIG_IGN, which CMD would inherit."""


def main() -> None:
    descriptor, grace, until, foreground, *command = sys.argv[1:]
    for number in NOT_OURS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _ignore)
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    control = socket.socket(fileno=int(descriptor))
    control.set_inheritable(False)
    Guardian(control, float(grace), float(until)).run(command, foreground == "1")


if __name__ == "__main__":
    main()
