"""The event loop of one client, in a thread of its own, and calls into it that wait for their end."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from ..errors import CampaignClosed, ElectionError, check_process

__all__ = ["Background"]

T = TypeVar("T")

_CLOSED = "The client was closed; make another one."


class Background:
    """Runs coroutines for any number of threads. The thread starts with the first call, and ends with `stop`.

    A call after `stop` is carried out, too: what has ended then says so itself.
    """

    # The mutable state: the loop, made when first used, the thread that it runs in, and whether it was stopped.
    # Everything else belongs to the loop.

    def __init__(self, at_exit: Callable[[], None]) -> None:
        """``at_exit`` is called when the interpreter ends before `stop`."""
        self._at_exit = at_exit
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()
        self._stopped = False
        self._serving = threading.Lock()
        self._ended = threading.Event()

    def check(self) -> None:
        """It can be used here.

        Raises:
            InvalidConfig: this is a process forked from the one that made it.
        """
        check_process(self._pid)

    def run(
        self,
        work: Callable[[], Awaitable[T]],
        *,
        timeout: float | None = None,
        undo: Callable[[T], Awaitable[object]] | None = None,
    ) -> T:
        """What ``work`` returns or raises, run in the loop.

        An exception in the waiting thread, such as KeyboardInterrupt, cancels the work.

        Args:
            timeout: seconds to wait; ``None`` for as long as it takes.
            undo: what to do in the background with a result that nobody waits for any more.

        Raises:
            TimeoutError: it takes longer; it is cancelled.
            ElectionError: this is the loop's own thread.
            InvalidConfig: this is another process.
        """
        self.check()
        if threading.current_thread() is self._thread:
            raise ElectionError(
                "A blocking method was called in the thread that it would wait for, as from a logging handler; call it"
                " in another one."
            )
        call = _Call(work, undo)
        try:
            self._submit(call.start)
            return call.outcome.result(timeout)
        except BaseException:
            if not call.outcome.done() or call.outcome.exception() is None:
                self._tell(call.give_up)
            raise

    def ask(self, question: Callable[[], T]) -> T:
        """What a plain function returns in the loop, where nothing else changes meanwhile."""

        async def answer() -> T:
            return question()

        return self.run(answer)

    def next_of(self, iterator: AsyncIterator[T]) -> T:
        """The next item of an iteration that goes on in the loop, which has no ``None`` among them.

        Raises:
            StopIteration: there are no more.
        """

        async def step() -> T | None:
            # A StopAsyncIteration cannot be raised out of a task.
            return await anext(iterator, None)

        found = self.run(step)
        if found is None:
            raise StopIteration
        return found

    def tell(self, what: Callable[[], object]) -> None:
        """Have something done in the loop soon, unless it has been stopped or is another process's."""
        if os.getpid() == self._pid:
            self._tell(what)

    def stop(self) -> None:
        """End the thread and wait for that; what still runs in it is cancelled."""
        self.check()
        with self._lock:
            # First of all, so that an exception here leaves no call waiting for a loop that has ended.
            self._stopped = True
            if self._loop is not None and not self._ended.is_set():
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._ensure_thread(self._loop)
        if self._loop is not None:
            self._ended.wait()
        if self._thread is not None:
            self._thread.join()
        atexit.unregister(self._exit)

    def _submit(self, start: Callable[[], object]) -> None:
        with self._lock:
            if self._loop is None:
                finalizer = weakref.finalize(self, (loop := asyncio.new_event_loop()).close)
                finalizer.atexit = False
                self._loop = loop
            self._loop.call_soon_threadsafe(start)
            if self._stopped:
                # It runs just as long as a call takes that waits for nothing more.
                self._start_thread(self._serve_once, self._loop)
            else:
                self._ensure_thread(self._loop)

    def _tell(self, what: Callable[[], object]) -> None:
        with self._lock:
            if self._loop is not None and not self._stopped:
                self._loop.call_soon_threadsafe(what)

    def _ensure_thread(self, loop: asyncio.AbstractEventLoop) -> None:
        # An exception here, such as KeyboardInterrupt, leaves open whether one was started; a second one ends itself.
        if self._thread is None:
            atexit.register(self._exit)
            self._start_thread(self._serve, loop)

    def _start_thread(self, work: Callable[[asyncio.AbstractEventLoop], None], loop: asyncio.AbstractEventLoop) -> None:
        threading.Thread(target=work, args=(loop,), name="election_core.blocking", daemon=True).start()

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._serving.acquire(blocking=False):
            return
        try:
            if not self._ended.is_set():
                self._thread = threading.current_thread()
                asyncio.set_event_loop(loop)
                while not self._stopped:
                    loop.run_forever()
                self._finish(loop)
        finally:
            self._serving.release()
            self._ended.set()

    def _serve_once(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._serving:
            self._finish(loop)

    def _finish(self, loop: asyncio.AbstractEventLoop) -> None:
        """Nobody may be left waiting for a call that will never end."""
        ending = loop.create_task(_end_tasks())
        ending.add_done_callback(lambda _: loop.stop())
        # A second `stop` may end it early.
        while not ending.done():
            loop.run_forever()

    def _exit(self) -> None:
        if os.getpid() == self._pid:
            self._at_exit()


async def _end_tasks() -> None:
    await asyncio.sleep(0)
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        _, late = await asyncio.wait(others, timeout=0.1)
        for task in late:
            task.cancel()
    await asyncio.get_running_loop().shutdown_asyncgens()


class _Call(Generic[T]):
    """One call from another thread.

    Attributes:
        outcome: what came of it, for the thread that waits.
    """

    # The mutable state is the task in the loop, and whether anybody still waits for it. It belongs to the loop.

    def __init__(self, work: Callable[[], Awaitable[T]], undo: Callable[[T], Awaitable[object]] | None) -> None:
        self.outcome: Future[T] = Future()
        self._work, self._undo = work, undo
        self._task: asyncio.Task[Any] | None = None
        self._given_up = False

    def start(self) -> None:
        if not self._given_up:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="a blocking call")

    def give_up(self) -> None:
        self._given_up = True
        if self._task is None:
            return
        if self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._undone(self.outcome.result()))
        else:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            result = await self._work()
        except asyncio.CancelledError:
            self.outcome.set_exception(CampaignClosed(_CLOSED))
        except Exception as exc:  # noqa: BLE001 - it is raised again in the thread that waits for it
            self.outcome.set_exception(exc)
        else:
            self.outcome.set_result(result)
            if self._given_up:
                await self._undone(result)

    async def _undone(self, result: T) -> None:
        if self._undo is not None:
            await self._undo(result)
