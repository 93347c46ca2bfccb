"""Two processes of a recipe: one leads, the other waits, the first ends, the second takes over."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
from collections.abc import Callable

from election_core import Client, Election

from ..servers import ROOT, read_line, wait_until

RECIPES = ROOT / "docs" / "recipes"
Start = Callable[[], "subprocess.Popen[str]"]


async def line_of(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    """The next line on stdout that fits."""
    while True:
        line = await asyncio.to_thread(read_line, process.stdout)
        if found := re.search(pattern, line):
            return found


async def in_line(election: Election, count: int) -> None:
    """Until so many candidates are in the line."""
    async with asyncio.timeout(40):
        while len(await election.candidates()) != count:  # noqa: ASYNC110 - who joins tells nobody
            await asyncio.sleep(0.05)


async def ended(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> int:
    """Its exit code after a signal."""
    process.send_signal(number)
    return await asyncio.to_thread(process.wait, 40)


async def hands_over(
    client: Client,
    name: str,
    start: Start,
    *,
    leads: str = r"^leading, token (\d+)$",
    crash: bool = False,
    has_worked: Callable[[int], bool] = lambda _: True,
) -> None:
    """The second takes over, with a greater token where both tell theirs, and leaves nothing behind.

    Args:
        has_worked: whether so many of them have done what they lead for, which is waited for.
    """
    election = client.election(name)
    first = start()
    token = await line_of(first, leads)
    await asyncio.to_thread(wait_until, lambda: has_worked(1), "the first works", 40)
    second = start()
    await in_line(election, 2)
    code = await ended(first, signal.SIGKILL if crash else signal.SIGTERM)
    assert code == (-signal.SIGKILL if crash else 0), first.stderr and first.stderr.read()
    later = await line_of(second, leads)
    await asyncio.to_thread(wait_until, lambda: has_worked(2), "the second works", 40)
    assert [int(each) for each in token.groups()] <= [int(each) for each in later.groups()]
    assert token.groups() == () or token[1] != later[1]
    await in_line(election, 1)
    assert await ended(second) == 0, second.stderr and second.stderr.read()
    assert await election.candidates() == []
