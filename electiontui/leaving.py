"""Being asked to end, and losing the terminal: the process ends in bounded time, whatever the screen does."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, Final

__all__ = ["END_TIMEOUT", "FAREWELL", "HARD_EXIT", "Leaving"]

END_TIMEOUT: Final = 5.0
"""Seconds that the screen and all else has to end in, once the user's candidates are seen to."""
FAREWELL: Final = 2.0
"""Seconds of them for the programs that are told of changes."""
HARD_EXIT: Final = 1
"""The exit code where it did not."""

_NUMBERS: Final = (signal.SIGTERM, signal.SIGHUP)
_PLAIN_SCREEN: Final = (
    b"\x1b[<u\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?2004l\x1b[?1004l\x1b[?1049l\x1b[?25h\x1b[?7h\r\n"
)
"""What ends the keyboard protocol, mouse, paste and focus reports and the second screen, and shows the cursor."""


class Leaving:
    """While it is entered, SIGTERM, SIGHUP and a terminal that hangs up lead to an end of the process.

    A thread of its own waits for them. It sees to the user's candidates, asks the screen to leave, and where the
    process has not ended `END_TIMEOUT` later, ends it with `HARD_EXIT`. That holds until the very end of the process,
    not only until this is left. Enter it in the main thread.
    """

    # The mutable state: what wakes the thread, what the signals did before, and how the terminal was.

    def __init__(self, resign: Callable[[], None], leave: Callable[[], None]) -> None:
        """
        Args:
            resign: called in the thread; takes bounded time.
            leave: called in the thread; asks the screen to leave, and does not wait for it.
        """
        self._resign, self._leave = resign, leave
        self._asked, self._ask = os.pipe()
        self._before: dict[int, Any] = {}
        self._terminal = sys.__stdin__.fileno() if sys.__stdin__ is not None else -1
        self._modes: list[Any] | None = None

    def __enter__(self) -> Leaving:
        with suppress(termios.error):
            self._modes = termios.tcgetattr(self._terminal)
        self._before = {number: signal.signal(number, self._on_signal) for number in _NUMBERS}
        threading.Thread(target=self._watch, name="leaving", daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.write(self._ask, b"-")

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            # A continue signal follows it, at which the screen would begin anew on a terminal that is gone.
            signal.signal(signal.SIGCONT, signal.SIG_IGN)
        os.write(self._ask, b"+")

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self._asked, select.POLLIN)
        poll.register(self._terminal, 0)
        while True:
            for descriptor, event in poll.poll():
                if descriptor == self._asked:
                    if os.read(self._asked, 1) == b"-":
                        os.close(self._asked)
                        os.close(self._ask)
                        return
                elif event & select.POLLNVAL:
                    # Not every system can wait for a terminal.
                    poll.unregister(descriptor)
                    continue
                return self._end()

    def _end(self) -> None:
        self._resign()
        self._leave()
        time.sleep(END_TIMEOUT)
        self._restore()
        os._exit(HARD_EXIT)

    def _restore(self) -> None:
        """Leave a terminal that is still there as it was found, without waiting for it."""
        with suppress(OSError, termios.error):
            if self._modes is not None:
                termios.tcsetattr(self._terminal, termios.TCSANOW, self._modes)
            # Opened anew: what is shared with the shell must not become non-blocking.
            output = os.open(os.ttyname(self._terminal), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
            os.write(output, _PLAIN_SCREEN)
