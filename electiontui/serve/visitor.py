"""One visitor's dashboard: the process, how it is told what to show, and its end.

As ``python -m electiontui.serve.visitor`` it is that process, which finds its settings in the environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..commands import INVALID_INPUT
from ..commands.settings import Settings
from ..commands.streams import say
from ..profiles import BadProfile, load

__all__ = ["VARIABLE", "from_text", "open_it", "process_of", "to_text"]

VARIABLE = "ELECTIONTUI_SERVED"
"""The settings of a visitor's process, which only its user can read; a command line is seen by everybody."""
_FILES = ("ca", "cert", "key", "history")


def to_text(settings: Settings) -> str:
    """What `from_text` reads; it holds the password.

    Programs are told of changes and alerts by whoever has a terminal, and not once for each visitor; nor do visitors
    share a log, or an address for metrics. Sentences line by line are nothing that the page can draw.
    """
    told = replace(
        settings, profile=None, environment={}, on_change=(), on_alert=(), log_file=None, metrics=None, plain=False
    )
    profile = None if settings.profile is None else str(settings.profile.path.absolute())
    return json.dumps(asdict(told) | {"profile": profile}, default=str)


def from_text(text: str) -> Settings:
    """The settings that were written by `to_text`; the profile is read anew.

    Raises:
        BadProfile: it has become wrong meanwhile.
    """
    fields: dict[str, Any] = json.loads(text)
    profile = fields.pop("profile")
    lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    files = {name: Path(fields[name]) for name in _FILES if fields[name] is not None}
    return Settings(**{**fields, **lists, **files}, profile=None if profile is None else load(profile))


async def process_of(environment: dict[str, str]) -> asyncio.subprocess.Process:
    """Start one; what it has to say goes to this process's own stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
        # ctrl+c in the server's terminal is for the server, which ends its visitors in order.
        start_new_session=True,
    )
    # textual-serve would keep all of it in memory until the end.
    process.stderr = asyncio.StreamReader()
    process.stderr.feed_eof()
    return process


async def end(process: asyncio.subprocess.Process, within: float) -> bool:
    """Have it resign and leave, which the end of its stdin does; where it does not ``within`` seconds, kill it.

    Returns whether it left by itself. Cancelling it kills it.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(within):
            # One that writes to a full pipe would never come to read that it is over.
            while await process.stdout.read(1 << 16):
                pass
            await process.wait()
            return True
    except TimeoutError:
        return False
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def open_it() -> int:
    """Be a visitor's process; returns its exit code."""
    from ..commands.dashboard import open_dashboard

    threading.Thread(target=_fall_silent_without_server, name="server", daemon=True).start()
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        settings = from_text(os.environ.pop(VARIABLE))
    except BadProfile as exc:
        say(str(exc))
        return INVALID_INPUT
    return open_dashboard(settings)


def _fall_silent_without_server() -> None:
    """Once nobody reads stdout any more, so that the end, which stdin's end begins, fails at no picture."""
    poll = select.poll()
    poll.register(1, 0)
    poll.poll()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    # A picture that failed before that is no defect that anybody has to read of.
    os.dup2(nowhere, 2)


if __name__ == "__main__":
    sys.exit(open_it())
