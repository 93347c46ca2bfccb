"""The terminal that CMD and its supervisor share: one of them reads it at a time."""

from __future__ import annotations

import os
import signal
import sys
import termios
from contextlib import suppress
from typing import Any

__all__ = ["Terminal"]


class Terminal:
    """The controlling terminal, if there is one. Whose process group is in the foreground gets its keys."""

    # The mutable state: the group that it was given to, and how it was set before.

    def __init__(self) -> None:
        self._descriptor = -1
        self._given_to = 0
        self._modes: list[Any] | None = None
        with suppress(OSError):
            self._descriptor = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY)

    def is_for_cmd(self) -> bool:
        """Whether CMD gets it from the start: it reads from there, and nobody reads CMD's output beside it."""
        return self._is_ours() and os.isatty(0) and os.isatty(sys.__stdout__.fileno() if sys.__stdout__ else 1)

    def keep_modes(self) -> None:
        """Remember how it is set, before CMD can set it."""
        with suppress(termios.error):
            self._modes = termios.tcgetattr(self._descriptor)

    def was_given(self, group: int) -> None:
        """CMD's group has it from now on."""
        self._given_to = group

    def take_back(self, *, restore: bool = False) -> None:
        """To our own group, if CMD's has it; with ``restore`` as it was set before."""
        group, self._given_to = self._given_to, 0
        if not group or self._descriptor < 0 or self._foreground() != group:
            return
        self._put(os.getpgrp())
        if restore and self._modes is not None:
            with suppress(termios.error):
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._modes)

    def stopped(self, group: int, number: int) -> bool:
        """CMD was stopped by a key, or since it wants the terminal; whether it is to go on.

        It is given the terminal if that is ours to give. Else our own job stops as well, as a shell expects, until
        somebody continues it.
        """
        if number not in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
            return False
        if not (number in (signal.SIGTTIN, signal.SIGTTOU) and self._is_ours()):
            self.take_back()
            _stop_our_job()
        if self._is_ours():
            self.keep_modes()
            self._put(group)
            self.was_given(group)
        return True

    def _is_ours(self) -> bool:
        return self._descriptor >= 0 and self._foreground() == os.getpgrp()

    def _foreground(self) -> int:
        with suppress(OSError):
            return os.tcgetpgrp(self._descriptor)
        return 0

    def _put(self, group: int) -> None:
        # Whoever does that from the background is stopped, unless it does not listen.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            with suppress(OSError):
                os.tcsetpgrp(self._descriptor, group)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTTOU})


def _stop_our_job() -> None:
    """Stop all processes of our group, ourselves last and in this very call; a job without a shell does not stop."""
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    os.killpg(os.getpgrp(), signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    signal.raise_signal(signal.SIGTSTP)
