"""``--on-lost``: what is run once leadership was lost."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL
from collections.abc import Mapping
from contextlib import suppress

from ..streams import say

__all__ = ["run_on_lost"]


async def run_on_lost(line: str, environment: Mapping[str, str], timeout: float) -> None:
    """Run a line of the shell, and kill it with all of its group should it take longer.

    Its output goes to stderr, since stdout is data; a failure is told there. Cancelling it kills it.

    Args:
        line: for ``/bin/sh``.
        environment: all of it.
        timeout: seconds that it has.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", line, stdin=DEVNULL, stdout=2, env=environment, process_group=0
        )
    except OSError as exc:
        return say(f"--on-lost cannot be run: {exc.strerror or exc}")
    try:
        async with asyncio.timeout(timeout):
            code = await process.wait()
        if code:
            say(f"--on-lost ended with {code}" if code > 0 else f"--on-lost was ended by signal {-code}")
    except TimeoutError:
        say(f"--on-lost was killed: it was not over within {timeout:g} s; see --command-timeout")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
