"""The objects for threads with the methods of asyncio's, so that the contract's own tests can be run on them.

What is awaited there runs in a thread here. A callback of a test runs in the test's event loop, after the client's
thread for callbacks was asked to call it, and whatever is awaited is followed by all callbacks for what has happened.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import election_core
from election_core import blocking
from election_core.testing import MemoryStore

from ..contract.world import World

KINDS: dict[type, type] = {
    blocking.Campaign: election_core.Campaign,
    blocking.Client: election_core.Client,
    blocking.Election: election_core.Election,
    blocking.ElectionObserver: election_core.ElectionObserver,
    blocking.Monitor: election_core.Monitor,
    blocking.Session: election_core.Session,
}


class Adapter:
    """One object for threads, as a test of asyncio's sees it."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._calls = (inner._open if hasattr(inner, "_open") else inner).dispatcher
        inner._adapter = self

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if not callable(value):
            return value
        if name == "on":
            return self._on
        if inspect.iscoroutinefunction(getattr(KINDS[type(self._inner)], name)):
            return lambda *args, **kwargs: self._in_a_thread(value, *args, **kwargs)
        return lambda *args, **kwargs: adapted(value(*plain(args), **{key: plain(kwargs[key]) for key in kwargs}))

    def __repr__(self) -> str:
        return repr(self._inner).replace("<blocking <", "<", 1).removesuffix(">")

    def __await__(self) -> Generator[Any, None, Any]:
        start = self._inner.wait if isinstance(self._inner, blocking.Campaign) else self._inner.__enter__
        return self._in_a_thread(start).__await__()

    async def __aenter__(self) -> Any:
        return await self._in_a_thread(self._inner.__enter__)

    async def __aexit__(self, *exc: Any) -> Any:
        return await self._in_a_thread(self._inner.__exit__, *exc)

    def __aiter__(self) -> Any:
        iter(self._inner)
        return self

    async def __anext__(self) -> Any:
        found = await self._in_a_thread(next, self._inner, None)
        if found is None:
            raise StopAsyncIteration
        return found

    async def _in_a_thread(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            keywords = {key: plain(value) for key, value in kwargs.items()}
            return adapted(await _in_the_thread_of_the_task(partial(function, *plain(args), **keywords)))
        finally:
            await _in_the_thread_of_the_task(self._have_all_told)

    def _have_all_told(self) -> None:
        with self._calls._changed:
            self._calls._changed.wait_for(lambda: self._calls._is_idle() or self._calls._closed, 5)

    def _on(self, event: Any, callback: Any) -> Any:
        loop = asyncio.get_running_loop()

        def tell(*args: Any) -> None:
            loop.call_soon_threadsafe(callback, *args)

        if not callable(callback) or inspect.iscoroutinefunction(callback):
            return self._inner.on(event, callback)
        remove = self._inner.on(event, tell)
        return remove


_threads: WeakKeyDictionary[asyncio.Task[Any], ThreadPoolExecutor] = WeakKeyDictionary()
"""Of each task the thread that stands for it: what one task does one after the other is done by one thread."""


async def _in_the_thread_of_the_task(function: Callable[[], Any]) -> Any:
    task = asyncio.current_task()
    assert task is not None
    thread = _threads.setdefault(task, ThreadPoolExecutor(max_workers=1))
    call = thread.submit(function)
    try:
        return await asyncio.wrap_future(call)
    except asyncio.CancelledError:
        # The call goes on in its thread, which the next one must not wait for.
        _threads.pop(task, None)
        raise


def adapted(value: Any) -> Any:
    """What a call gives, as the test sees it."""
    if type(value) in KINDS:
        return getattr(value, "_adapter", None) or Adapter(value)
    return value


def plain(value: Any) -> Any:
    """What a test gives, as the call takes it."""
    if type(value) is tuple:
        return tuple(map(plain, value))
    return value._inner if isinstance(value, Adapter) else value


class ThreadsWorld(World):
    """A world whose clients are those for threads, on a real etcd: a store in memory belongs to one event loop."""

    def another_client(self) -> Any:
        assert not isinstance(self.raw.store, MemoryStore)
        client = Adapter(blocking.Client(self.raw.store.endpoints))
        self._clients.append(client)  # type: ignore[arg-type]
        return client
