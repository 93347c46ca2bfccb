"""KeyboardInterrupt at any moment leaves neither key nor lease."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import election_core.blocking
from election_core.blocking import Campaign, Client
from election_core.store import KeyRange, Read
from election_core.testing import MemoryStore

HERE = str(Path(election_core.blocking.__file__).parent)


def enter_and_leave(client: Client) -> None:
    with client, client.election("job").campaign("me") as leadership:
        leadership.proclaim("you")


def leave_it_to_the_client(client: Client) -> None:
    with client:
        client.election("job").campaign("me").wait()


def resign(client: Client) -> None:
    with client:
        client.election("job").campaign("me").wait().resign()


def lead(client: Client) -> None:
    def work(campaign: Campaign) -> None:
        campaign.proclaim("you")

    with client:
        client.election("job").lead("me", work)


def stand_on_a_session(client: Client) -> None:
    with client, client.session(10) as session, client.election("job").campaign("me", session=session):
        pass


def watch(client: Client) -> None:
    with client, client.election("job").observe() as observer, client.election("job").campaign("me"):
        next(observer)


class Interrupt:
    """Raises KeyboardInterrupt in this thread at the ``at``-th step of the package's own code."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Any:
        if not frame.f_code.co_filename.startswith(HERE):
            return None
        self.left -= 1
        if self.left == 0:
            sys.settrace(None)
            raise KeyboardInterrupt
        return self


@pytest.mark.parametrize("work", [enter_and_leave, leave_it_to_the_client, resign, lead, stand_on_a_session, watch])
def test_interrupted_at_any_moment(work: Callable[[Client], None]) -> None:
    """H68"""
    # In a thread of its own: raising from a trace function upsets the recursion depth of a thread in Python 3.11.
    with ThreadPoolExecutor(1) as pool:
        step, left = pool.submit(interrupted_everywhere, work).result()
    assert not left, f"after an interruption at step {step}"
    assert step > 100


def interrupted_everywhere(work: Callable[[Client], None]) -> tuple[int, list[str]]:
    """The last step that there was or that left something, and what was left."""
    for step in count(1):
        was_interrupted, left = interrupted(work, step)
        if left or not was_interrupted:
            return step, left
    raise AssertionError


def interrupted(work: Callable[[Client], None], step: int) -> tuple[bool, list[str]]:
    """Whether there was such a step to interrupt, and what is left in the store."""
    store = MemoryStore(timeout=2.0)
    client = Client.over(store)
    interrupt = Interrupt(step)
    before = sys.gettrace()
    try:
        sys.settrace(interrupt)
        try:
            work(client)
        finally:
            sys.settrace(before)
    except KeyboardInterrupt:
        pass
    # What the interpreter's exit would do.
    client.close()
    server = store._server
    left = [repr(each.key) for each in server.read(Read(KeyRange.prefix(b"")))]
    if server._leases.next_expiry() is not None:
        left.append("a lease")
    return interrupt.left <= 0, left
