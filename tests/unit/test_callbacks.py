"""Callbacks of users: all are called, and one that fails is reported and harms nobody else."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from election_core.errors import InvalidConfig
from election_core.shell.callbacks import Callbacks, not_waited_for

PATIENCE = 10.0


def listeners() -> Callbacks:
    return Callbacks("The campaign", "elected", "error")


class Reports:
    """What the loop's exception handler is told."""

    def __init__(self) -> None:
        self.contexts: list[dict[str, Any]] = []
        self._arrived = asyncio.Event()
        asyncio.get_running_loop().set_exception_handler(self._handle)

    def _handle(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.contexts.append(context)
        self._arrived.set()

    async def next(self) -> dict[str, Any]:
        await self._arrived.wait()
        self._arrived.clear()
        return self.contexts[-1]


def fail() -> None:
    raise RuntimeError("the user's fault")


async def fail_later() -> None:
    raise RuntimeError("the user's fault")


async def test_plain_functions_are_called_at_once_in_order() -> None:
    called: list[tuple[str, object]] = []
    callbacks = listeners()
    callbacks.on("elected", lambda value: called.append(("first", value)))
    callbacks.on("elected", lambda value: called.append(("second", value)))
    callbacks.on("error", lambda value: called.append(("other event", value)))
    callbacks.emit("elected", 7)
    assert called == [("first", 7), ("second", 7)]
    callbacks.emit("elected", 8)
    assert len(called) == 4


async def test_coroutines_run_as_tasks_and_are_held_until_they_end() -> None:
    started, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        started.set()
        await go_on.wait()
        done.set()

    callbacks = listeners()
    callbacks.on("elected", work)
    callbacks.emit("elected")
    assert not started.is_set(), "emit does not wait for anybody"
    await started.wait()
    settled = asyncio.ensure_future(callbacks.settle(PATIENCE))
    await asyncio.sleep(0)
    assert not settled.done()
    gc.collect()
    go_on.set()
    await settled
    assert done.is_set()


async def test_any_awaitable_is_awaited() -> None:
    class Awaited:
        def __await__(self) -> Any:
            yield from reached.wait().__await__()
            finished.set()

    reached, finished = asyncio.Event(), asyncio.Event()
    callbacks = listeners()
    callbacks.on("elected", Awaited)
    callbacks.emit("elected")
    reached.set()
    await finished.wait()


@pytest.mark.parametrize("failing", [fail, fail_later])
async def test_a_failing_callback_is_reported_and_the_others_are_called(failing: Callable[[], Any]) -> None:
    reports, called = Reports(), list[str]()
    callbacks = listeners()
    callbacks.on("elected", lambda: called.append("before"))
    callbacks.on("elected", failing)
    callbacks.on("elected", lambda: called.append("after"))
    callbacks.emit("elected")
    assert called == ["before", "after"]
    context = await reports.next()
    assert isinstance(context["exception"], RuntimeError)
    assert "'elected'" in context["message"]
    assert "The campaign" in context["message"]
    assert failing.__name__ in context["message"]
    callbacks.emit("elected")
    await reports.next()
    assert called == ["before", "after"] * 2, "a callback that failed once is still called"
    assert len(reports.contexts) == 2


async def test_a_cancelled_coroutine_is_no_failure() -> None:
    reports = Reports()

    tasks = list[asyncio.Task[None] | None]()

    async def work() -> None:
        tasks.append(asyncio.current_task())
        await asyncio.Event().wait()

    callbacks = listeners()
    callbacks.on("elected", work)
    callbacks.emit("elected")
    await asyncio.sleep(0)
    (task,) = tasks
    assert task is not None
    task.cancel()
    await callbacks.settle(PATIENCE)
    assert task.cancelled()
    assert reports.contexts == []


def cancelled() -> None:
    """As ``result()`` of a future does that somebody has cancelled."""
    raise asyncio.CancelledError


async def cancelled_later() -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize("failing", [cancelled, cancelled_later])
async def test_a_cancellation_that_nobody_asked_for_is_a_failure_like_any_other(failing: Callable[[], Any]) -> None:
    reports, called = Reports(), list[str]()
    callbacks = listeners()
    callbacks.on("elected", failing)
    callbacks.on("elected", lambda: called.append("after"))
    callbacks.emit("elected")
    assert called == ["after"]
    context = await reports.next()
    assert isinstance(context["exception"], asyncio.CancelledError)
    assert failing.__name__ in context["message"]


async def test_a_cancellation_of_the_emitting_task_itself_is_not_lost() -> None:
    reports = Reports()
    callbacks = listeners()

    def cancel_the_caller() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        raise asyncio.CancelledError

    async def emit() -> None:
        callbacks.emit("elected")
        await asyncio.Event().wait()

    callbacks.on("elected", cancel_the_caller)
    emitting = asyncio.ensure_future(emit())
    await asyncio.wait({emitting})
    assert emitting.cancelled()
    assert len(reports.contexts) == 1


@pytest.mark.parametrize("exit_with", [KeyboardInterrupt, SystemExit])
async def test_an_exit_is_not_swallowed(exit_with: type[BaseException]) -> None:
    def leave() -> None:
        raise exit_with

    callbacks = listeners()
    callbacks.on("elected", leave)
    with pytest.raises(exit_with):
        callbacks.emit("elected")


async def test_a_callback_can_be_removed_and_removing_it_twice_does_no_harm() -> None:
    called: list[str] = []
    callbacks = listeners()

    def listen() -> None:
        called.append("called")

    remove_first, remove_second = callbacks.on("elected", listen), callbacks.on("elected", listen)
    callbacks.emit("elected")
    assert called == ["called"] * 2
    remove_first()
    remove_first()
    callbacks.emit("elected")
    assert called == ["called"] * 3, "the other one is still there"
    remove_second()
    callbacks.emit("elected")
    assert called == ["called"] * 3
    assert not callbacks.has("elected")


async def test_a_callback_that_is_removed_during_an_event_is_not_told_of_it() -> None:
    called: list[str] = []
    callbacks = listeners()
    callbacks.on("elected", lambda: remove())
    remove = callbacks.on("elected", lambda: called.append("removed"))
    callbacks.on("elected", lambda: called.append("last"))
    callbacks.emit("elected")
    assert called == ["last"]


class Working:
    """A coroutine callback that goes on until it is let go or cancelled."""

    def __init__(self, callbacks: Callbacks) -> None:
        self.go_on, self.over, self.ended = asyncio.Event(), asyncio.Event(), list[str]()
        callbacks.on("elected", self)

    async def __call__(self) -> None:
        try:
            await self.go_on.wait()
            self.ended.append("done")
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        finally:
            self.over.set()


async def test_settling_waits_for_all_that_run() -> None:
    callbacks = listeners()
    first, second = Working(callbacks), Working(callbacks)
    await callbacks.settle(PATIENCE)
    callbacks.emit("elected")
    settling = asyncio.ensure_future(callbacks.settle(PATIENCE))
    first.go_on.set()
    await first.over.wait()
    await asyncio.sleep(0)
    assert not settling.done()
    second.go_on.set()
    await settling
    assert (first.ended, second.ended) == (["done"], ["done"])


async def test_settling_cancels_what_takes_too_long() -> None:
    reports = Reports()
    callbacks = listeners()
    working = Working(callbacks)
    callbacks.emit("elected")
    await callbacks.settle(0.01)
    assert working.ended == ["cancelled"]
    assert reports.contexts == []


async def test_what_does_not_end_although_cancelled_is_reported_and_holds_up_nobody() -> None:
    reports = Reports()
    callbacks, let_go = listeners(), asyncio.Event()

    async def stubborn() -> None:
        while not let_go.is_set():
            with suppress(asyncio.CancelledError):
                await let_go.wait()

    callbacks.on("elected", stubborn)
    callbacks.emit("elected")
    await callbacks.settle(0.01)
    (context,) = reports.contexts
    assert "stubborn" in context["message"]
    assert "The campaign" in context["message"]
    let_go.set()
    await callbacks.settle(PATIENCE)


async def test_cancelling_the_settling_leaves_the_callbacks_alone() -> None:
    callbacks = listeners()
    working = Working(callbacks)
    callbacks.emit("elected")
    settling = asyncio.ensure_future(callbacks.settle(PATIENCE))
    await asyncio.sleep(0)
    settling.cancel()
    await asyncio.wait({settling})
    assert settling.cancelled()
    working.go_on.set()
    await callbacks.settle(PATIENCE)
    assert working.ended == ["done"]


async def test_a_future_of_the_users_own_is_waited_for_and_never_cancelled() -> None:
    callbacks = listeners()
    own: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    callbacks.on("elected", lambda: own)
    callbacks.emit("elected")
    settling = asyncio.ensure_future(callbacks.settle(0.01))
    await asyncio.sleep(0)
    assert not settling.done()
    await settling
    assert not own.done()


async def settles_at_once(callbacks: Callbacks) -> None:
    async with asyncio.timeout(PATIENCE / 2):
        await callbacks.settle(PATIENCE)


async def settles_in_a_task(callbacks: Callbacks) -> None:
    await asyncio.create_task(settles_at_once(callbacks))


@pytest.mark.parametrize("settle", [settles_at_once, settles_in_a_task])
async def test_callbacks_that_settle_wait_neither_for_themselves_nor_for_each_other(
    settle: Callable[[Callbacks], Awaitable[None]],
) -> None:
    reports = Reports()
    callbacks, ended = listeners(), list[str]()
    settled, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def work(name: str) -> None:
        await settle(callbacks)
        settled.release()
        await go_on.wait()
        ended.append(name)

    callbacks.on("elected", lambda: work("a"))
    callbacks.on("elected", lambda: asyncio.create_task(work("b")))
    callbacks.emit("elected")
    await settled.acquire()
    await settled.acquire()
    settling = asyncio.ensure_future(settles_at_once(callbacks))
    await asyncio.sleep(0)
    go_on.set()
    await settling
    assert sorted(ended) == ["a", "b"], "having settled, they are waited for again"
    assert reports.contexts == []


async def test_a_callback_that_waits_for_who_waits_for_it_is_let_be() -> None:
    """It may begin to wait when the other waits for it already."""
    callbacks, closed = listeners(), asyncio.Event()
    may_wait = asyncio.Event()

    async def wait_for_the_end() -> None:
        await may_wait.wait()
        with not_waited_for():
            await closed.wait()

    callbacks.on("elected", wait_for_the_end)
    callbacks.emit("elected")
    settling = asyncio.ensure_future(settles_at_once(callbacks))
    await asyncio.sleep(0)
    may_wait.set()
    await settling
    closed.set()
    await callbacks.settle(PATIENCE)


async def test_a_callback_may_begin_to_wait_before_its_task_is_known() -> None:
    """As it does on an event loop that begins tasks eagerly."""
    callbacks, closed, waiting = listeners(), asyncio.Event(), not_waited_for()

    async def wait_for_the_end() -> None:
        await closed.wait()
        waiting.__exit__(None, None, None)

    def begin_to_wait() -> Awaitable[None]:
        waiting.__enter__()
        return wait_for_the_end()

    callbacks.on("elected", begin_to_wait)
    callbacks.emit("elected")
    await settles_at_once(callbacks)
    closed.set()
    await callbacks.settle(PATIENCE)


async def test_a_callback_that_adds_another_does_not_call_it_for_the_same_event() -> None:
    called: list[str] = []
    callbacks = listeners()
    callbacks.on("elected", lambda: callbacks.on("elected", lambda: called.append("late")))
    callbacks.emit("elected")
    assert called == []
    callbacks.emit("elected")
    assert called == ["late"]


async def test_a_single_listener_can_be_called_alone() -> None:
    """For an event that had happened before the listener came."""
    reports, called = Reports(), list[int]()
    callbacks = listeners()
    callbacks.call("elected", called.append, 7)
    assert called == [7]
    callbacks.call("elected", fail)
    assert (await reports.next())["exception"].args == ("the user's fault",)


def test_whether_anybody_listens() -> None:
    callbacks = listeners()
    assert not callbacks.has("error")
    callbacks.on("error", print)
    assert callbacks.has("error")
    assert not callbacks.has("elected")


def test_an_unknown_event_is_refused_with_those_that_exist() -> None:
    with pytest.raises(InvalidConfig, match=r"The campaign has no event 'eleced'; it has 'elected', 'error'\."):
        listeners().on("eleced", print)


def test_a_callback_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(InvalidConfig, match=r"The callback for 'error' must be callable; got 7\."):
        listeners().on("error", 7)  # type: ignore[arg-type]
