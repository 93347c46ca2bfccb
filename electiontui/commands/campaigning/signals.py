"""INT, TERM, HUP and QUIT: for CMD while it runs, and for the campaign else."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from types import TracebackType
from typing import Self

__all__ = ["Signals"]

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_FAREWELLS = (signal.SIGINT, signal.SIGTERM)
"""What no program takes for a request to go on."""


class Signals:
    """While it is entered, these signals end nothing by themselves; those that were ignored before stay ignored."""

    # The mutable state: whom they are passed on to, and the first one that was meant for the campaign.

    def __init__(self) -> None:
        self._passed_to: Callable[[int], None] | None = None
        self._handled: list[signal.Signals] = []
        self._asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.said_farewell = False
        """Whether one was passed on that asks CMD to end for good."""

    @property
    def asked(self) -> asyncio.Future[int]:
        """Done with the first signal that asked the campaign to end."""
        return self._asked

    def pass_to(self, receiver: Callable[[int], None] | None) -> None:
        """Hand them on from now on, or with ``None`` take them for the campaign's own.

        One that came before there was a receiver is handed on, too.
        """
        self._passed_to = receiver
        if receiver is not None and self._asked.done():
            number, self._asked = self._asked.result(), asyncio.get_running_loop().create_future()
            self._on_signal(signal.Signals(number))

    def _on_signal(self, number: signal.Signals) -> None:
        if self._passed_to is not None:
            self.said_farewell |= number in _FAREWELLS
            self._passed_to(number)
        elif not self._asked.done():
            self._asked.set_result(number)

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for number in _NUMBERS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self._on_signal, number)
                self._handled.append(number)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        loop = asyncio.get_running_loop()
        for number in self._handled:
            loop.remove_signal_handler(number)
