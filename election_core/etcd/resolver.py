"""The addresses behind names. A look-up of the system can neither be bounded nor cancelled, so no call is in its hands:

it runs in a thread, one for each name in a process however many clients ask, and whoever knows an address goes on with
that meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from ..backoff import Backoff

__all__ = ["Resolver"]


class _Found(NamedTuple):
    addresses: tuple[str, ...]
    problem: str = ""
    """Why there is none."""


class _LookUps:
    """Those under way in this process, and who is to be told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asking: dict[str, dict[Resolver, Callable[[_Found], None]]] = {}

    def ask(self, host: str, who: Resolver, tell: Callable[[_Found], None]) -> None:
        """Look a name up, and tell what was found, in any thread."""
        with self._lock:
            is_new = host not in self._asking
            self._asking.setdefault(host, {})[who] = tell
        if is_new:
            # A thread of the loop's own pool would keep the program from ending.
            threading.Thread(target=self._look_up, args=(host,), daemon=True, name=f"looking up {host}").start()

    def leave(self, who: Resolver) -> None:
        """Tell it nothing more."""
        with self._lock:
            for asking in self._asking.values():
                asking.pop(who, None)

    def _look_up(self, host: str) -> None:
        found = _addresses(host)
        with self._lock:
            asking = self._asking.pop(host)
        for tell in asking.values():
            tell(found)


_under_way = _LookUps()


def _begin_anew() -> None:
    """The threads of the process that was forked are not in this one, and one of them may have held the lock."""
    global _under_way
    _under_way = _LookUps()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


class Resolver:
    """Looks the names of a client up, and again when that is asked for.

    Attributes:
        addresses: what each name stood for when it was last found.
        problems: why a name was not found when it was last looked up.
    """

    # The mutable state: the attributes, whether they are to be looked up, which are being looked up, when those that
    # were not found may be tried again, and who waits for news.

    def __init__(self, hosts: Iterable[str], told: Callable[[], None]) -> None:
        """``told`` is called when a look-up has ended, in the event loop."""
        self.addresses: dict[str, tuple[str, ...]] = {}
        self.problems: dict[str, str] = {}
        self._hosts = tuple(dict.fromkeys(hosts))
        self._told = told
        self._is_due = bool(self._hosts)
        self._under_way: set[str] = set()
        self._backoff, self._pause_until = Backoff(last=2.0), 0.0
        self._news = asyncio.Event()

    @property
    def is_looking(self) -> bool:
        """Whether a look-up is under way."""
        return bool(self._under_way)

    def expire(self) -> None:
        """Look the names up with the next call."""
        self._is_due = bool(self._hosts)

    def look_up(self) -> None:
        """Begin to look the names up if that is due."""
        if not self._is_due or time.monotonic() < self._pause_until:
            return
        self._is_due = False
        loop = asyncio.get_running_loop()
        for host in self._hosts:
            if host not in self._under_way:
                self._under_way.add(host)
                _under_way.ask(host, self, partial(self._tell, loop, host))

    async def wait(self, within: float) -> None:
        """Wait until some look-up has ended or another may begin, for so many seconds at most."""
        pause = self._pause_until - time.monotonic() if self._is_due else within
        self._news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(min(pause, within), 0)):
                await self._news.wait()

    def close(self) -> None:
        """Take no news any more. A look-up that hangs holds nothing of this client."""
        self._is_due, self._hosts = False, ()
        _under_way.leave(self)

    def _tell(self, loop: asyncio.AbstractEventLoop, host: str, found: _Found) -> None:
        with suppress(RuntimeError):  # the event loop has ended meanwhile
            loop.call_soon_threadsafe(self._take, host, found)

    def _take(self, host: str, found: _Found) -> None:
        self._under_way.discard(host)
        # While the name service is down the known addresses are better than none.
        if found.addresses:
            self.addresses[host] = found.addresses
            self.problems.pop(host, None)
            self._backoff.reset()
        else:
            self.problems[host] = found.problem
            self._pause_until = time.monotonic() + self._backoff.pause()
        self._told()
        self._news.set()


def _addresses(host: str) -> _Found:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        return _Found((), getattr(exc, "strerror", None) or str(exc))
    return _Found(tuple(dict.fromkeys(str(address[0]) for *_, address in found)))
