"""Programs that lead, run by the tests as processes of their own: ``python actors.py <what> <endpoint> <name> …``.

Times are on the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from election_core import Client, ElectionError, LeadershipLost

TICK = 0.01


def say(what: str, *state: object) -> None:
    """Say what happens. A state that is asked for here is of the time that is told with it, or of a later one.

    So who is stopped in between does not claim, once it goes on, what was true before.
    """
    moment = time.monotonic()
    print(f"{moment:.6f}", what, *(each() if callable(each) else each for each in state), flush=True)


async def watchful(endpoint: str, name: str, ttl: str, blocking: str = "0") -> None:
    """Lead, and say all the time whether one leads; block the event loop once if asked to. Ends after the loss."""
    lost = asyncio.Event()
    async with Client(endpoint, timeout=2) as client:
        campaign = client.election(name, ttl=int(ttl)).campaign("watchful")

        def leads() -> bool:
            return campaign.is_leader

        def failed(error: ElectionError) -> None:
            say("error", leads, type(error).__name__)
            lost.set()

        campaign.on("error", failed)
        await campaign.wait()
        say("elected", leads)
        block_at = time.monotonic() + 0.5 if float(blocking) else float("inf")
        while not lost.is_set():
            say("tick", leads)
            if time.monotonic() >= block_at:
                block_at = float("inf")
                say("block", leads)
                time.sleep(float(blocking))  # noqa: ASYNC251 - the fault itself
                say("awake", leads)
            await asyncio.sleep(TICK)
        for _ in range(5):
            say("tick", leads)
            await asyncio.sleep(TICK)
    say("end", leads)


async def body(endpoint: str, name: str, ttl: str) -> None:
    """Lead in ``async with``; the body says when it works and when it was cancelled."""
    with suppress(LeadershipLost):
        async with Client(endpoint, timeout=2) as client, client.election(name, ttl=int(ttl)).campaign("body"):
            say("elected", True)
            try:
                while True:
                    say("works", True)
                    await asyncio.sleep(TICK)
            except asyncio.CancelledError:
                say("stopped", False)
                raise
    say("end", False)


async def serves(endpoint: str, name: str, ttl: str, timeout: str) -> None:
    """Lead until SIGTERM, which cancels the main task as programs commonly do."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    client = Client(endpoint, timeout=float(timeout))
    async with client, client.election(name, ttl=int(ttl)).campaign("serves") as campaign:
        say("elected", campaign.is_leader)
        await asyncio.Event().wait()


ACTORS: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {"watchful": watchful, "body": body, "serves": serves}


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    try:
        asyncio.run(ACTORS[what](*arguments))
    except asyncio.CancelledError:
        say("cancelled")
        sys.exit(143)
