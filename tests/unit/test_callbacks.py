"""Callbacks of users: all are called, and one that fails is reported and harms nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from election_core.errors import InvalidConfig
from election_core.shell.callbacks import Callbacks


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
    assert len(callbacks._tasks) == 1
    (task,) = callbacks._tasks
    go_on.set()
    await task
    assert done.is_set()
    assert not callbacks._tasks


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

    async def work() -> None:
        await asyncio.Event().wait()

    callbacks = listeners()
    callbacks.on("elected", work)
    callbacks.emit("elected")
    (task,) = callbacks._tasks
    task.cancel()
    await asyncio.wait([task])
    assert not callbacks._tasks
    assert reports.contexts == []


async def test_an_exit_is_not_swallowed() -> None:
    def leave() -> None:
        raise KeyboardInterrupt

    callbacks = listeners()
    callbacks.on("elected", leave)
    with pytest.raises(KeyboardInterrupt):
        callbacks.emit("elected")


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
