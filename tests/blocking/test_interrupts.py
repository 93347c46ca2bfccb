"""KeyboardInterrupt at any moment leaves neither key nor lease."""

from __future__ import annotations

import sys
from collections.abc import Callable
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


@pytest.mark.parametrize("work", [enter_and_leave, resign, lead, stand_on_a_session, watch])
def test_interrupted_at_any_moment(work: Callable[[Client], None]) -> None:
    """H65"""
    step = 1
    while interrupted(work, step):
        step += 1
    assert step > 50


def interrupted(work: Callable[[Client], None], step: int) -> bool:
    """Whether there was such a step to interrupt; either way nothing must be left."""
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
    assert not server.read(Read(KeyRange.prefix(b""))), f"a key is left after an interruption at step {step}"
    assert server._leases.next_expiry() is None, f"a lease is left after an interruption at step {step}"
    return interrupt.left <= 0
