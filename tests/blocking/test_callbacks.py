"""Callbacks run in a thread of their own, in order, and may call anything."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Queue

import pytest

from election_core import ElectionError, InvalidConfig
from election_core.blocking import dispatcher
from election_core.blocking.dispatcher import Dispatcher

from .conftest import PATIENCE, Place


def test_they_are_called_in_one_thread_and_may_call_blocking_methods(place: Place) -> None:
    election = place.client.election("job")
    heard: Queue[tuple[str | None, threading.Thread]] = Queue()
    campaign = election.campaign("me")
    campaign.on("elected", lambda: heard.put((election.leader(), threading.current_thread())))
    assert heard.get(timeout=PATIENCE)[0] == "me"
    campaign.on("elected", lambda: heard.put((election.leader(), threading.current_thread())))
    leader, thread = heard.get(timeout=PATIENCE)
    assert leader == "me"
    assert thread not in (threading.current_thread(), place.client._open.background._thread)


def test_an_observers_changes_come_in_order(place: Place) -> None:
    election = place.client.election("job")
    heard: Queue[str | None] = Queue()
    with election.observe() as observer:
        remove = observer.on("change", heard.put)
        for number in range(20):
            with election.campaign(str(number)):
                pass
        told = [heard.get(timeout=PATIENCE) for _ in range(40)]
        remove()
        remove()
        with election.campaign("unheard"):
            pass
    assert told == [value for number in range(20) for value in (str(number), None)]
    assert heard.empty()


def test_a_callback_may_close_the_client(place: Place) -> None:
    closed = threading.Event()

    def close() -> None:
        place.client.close()
        closed.set()

    place.client.election("job").campaign("me").on("elected", close)
    assert closed.wait(PATIENCE)


def test_what_can_never_be_called_is_refused(place: Place) -> None:
    async def coroutine() -> None: ...

    campaign = place.client.election("job").campaign("me")
    with pytest.raises(InvalidConfig, match="plain function"):
        campaign.on("elected", coroutine)
    with pytest.raises(InvalidConfig, match="must be callable"):
        campaign.on("elected", None)  # type: ignore[arg-type]
    with pytest.raises(InvalidConfig, match="no event"):
        campaign.on("change", print)  # type: ignore[arg-type]


def test_what_a_callback_raises_is_shown_and_the_next_one_is_called(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: shown.append(args.exc_type))
    called = threading.Event()
    campaign = place.client.election("job").campaign("me")
    campaign.on("elected", lambda: print(1 / 0))
    campaign.on("elected", called.set)
    assert called.wait(PATIENCE)
    assert shown == [ZeroDivisionError]


def test_a_blocking_call_in_the_loops_thread_is_refused_at_once(place: Place) -> None:
    def ask() -> str:
        with pytest.raises(ElectionError, match="in the thread that it would wait for"):
            place.client.election("job").leader()
        return "refused"

    assert place.client._open.background.ask(ask) == "refused"


def test_slow_callbacks_lose_old_changes_but_neither_elected_nor_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "_LONGEST_QUEUE", 3)
    called: list[str] = []
    busy, go_on = threading.Event(), threading.Event()

    def block() -> None:
        busy.set()
        go_on.wait(PATIENCE)

    def call(name: str) -> Callable[[], None]:
        return lambda: called.append(name)

    calls = Dispatcher()
    calls.put(block, must_come=False)
    assert busy.wait(PATIENCE)
    calls.put(call("elected"), must_come=True)
    for number in range(5):
        calls.put(call(f"change {number}"), must_come=False)
    calls.put(call("error"), must_come=True)
    go_on.set()
    calls.settle(PATIENCE)
    assert called == ["elected", "change 2", "change 3", "change 4", "error"]
