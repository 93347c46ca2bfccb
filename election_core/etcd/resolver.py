"""The addresses behind names. A look-up of the system can neither be bounded nor cancelled, so nobody has to wait."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from ..config import Endpoint

__all__ = ["Resolver"]

_PATIENCE = 0.5
"""Seconds that calls wait for a look-up; they go on with what is known then."""


class Resolver:
    """Looks names up in threads of its own, one at a time for each.

    Attributes:
        addresses: what each endpoint's name stood for when it was last found.
    """

    # The mutable state: the addresses, whether they are to be looked up before the next call, the look-ups under
    # way, and until when calls wait for them.

    def __init__(self, endpoints: Iterable[Endpoint], changed: Callable[[], None]) -> None:
        """``changed`` is called when addresses were found, in the event loop."""
        self.addresses: dict[Endpoint, list[str]] = {}
        self._endpoints = tuple(endpoints)
        self._changed = changed
        self._under_way: dict[Endpoint, asyncio.Future[list[str]]] = {}
        self._patient_until = 0.0
        self._is_due = bool(self._endpoints)

    @property
    def is_waited_for(self) -> bool:
        """Whether there is a reason to call `wait`."""
        return self._is_due or (bool(self._under_way) and time.monotonic() < self._patient_until)

    def expire(self) -> None:
        """Look the names up before the next call."""
        self._is_due = bool(self._endpoints)

    async def wait(self, within: float) -> None:
        """Look the names up if that is due, and wait for it, for so many seconds at most or less.

        What is found later is told nevertheless. Cancelling it ends the waiting alone.
        """
        if self._is_due:
            self._is_due = False
            self._patient_until = time.monotonic() + _PATIENCE
            for endpoint in self._endpoints:
                if endpoint not in self._under_way:
                    self._look_up(endpoint)
        patience = min(within, self._patient_until - time.monotonic())
        if self._under_way and patience > 0:
            await asyncio.wait(self._under_way.values(), timeout=patience)

    def _look_up(self, endpoint: Endpoint) -> None:
        loop = asyncio.get_running_loop()
        self._under_way[endpoint] = loop.create_future()

        def look_up() -> None:
            found = _addresses(endpoint)
            with suppress(RuntimeError):  # the event loop has ended meanwhile
                loop.call_soon_threadsafe(self._found, endpoint, found)

        # A thread of the loop's own pool would keep the program from ending.
        threading.Thread(target=look_up, daemon=True, name=f"looking up {endpoint.host}").start()

    def _found(self, endpoint: Endpoint, found: list[str]) -> None:
        # While the name service is down the known addresses are better than none.
        if found and found != self.addresses.get(endpoint):
            self.addresses[endpoint] = found
            self._changed()
        self._under_way.pop(endpoint).set_result(found)


def _addresses(endpoint: Endpoint) -> list[str]:
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
