"""Running a command's coroutine: which error becomes which exit code."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager

from election_core import Client, Election, ElectionError, InvalidConfig, Monitor, Unavailable

from . import CANNOT_CONNECT, ERROR, INTERRUPTED, INVALID_INPUT, OK
from .settings import Settings
from .streams import say, stdout_failed

__all__ = ["monitoring", "one_election", "run_command"]


def run_command(command: Coroutine[None, None, int | None], *, interrupted: int = INTERRUPTED) -> int:
    """Run it to its end and say on stderr what went wrong.

    Args:
        command: what to run.
        interrupted: the exit code after ctrl+c.
    """
    try:
        return asyncio.run(command) or OK
    except KeyboardInterrupt:
        return interrupted
    except InvalidConfig as exc:
        say(str(exc))
        return INVALID_INPUT
    except Unavailable as exc:
        say(str(exc))
        return CANNOT_CONNECT
    except ElectionError as exc:
        say(str(exc))
        return ERROR
    except OSError as exc:
        return stdout_failed(exc)


def one_election(settings: Settings, client: Client, name: str) -> Election:
    """The election that a command is about.

    Raises:
        InvalidConfig: there are several prefixes that it could be below, or its name can never be one.
    """
    if len(settings.prefixes) > 1:
        raise InvalidConfig("This is about one election: give --prefix once.")
    return client.election(name, prefix=settings.prefixes[0])


@asynccontextmanager
async def monitoring(
    settings: Settings, client: Client, prefix: Sequence[str], read: Callable[[int, int], object] | None = None
) -> AsyncIterator[Monitor]:
    """A monitor that has read everything once, within the dial timeout should that be the shorter one.

    ``read`` is called meanwhile with how many keys and elections were read.

    Raises:
        Unavailable: no member answered in time.
    """
    monitor = client.monitor(prefix)
    if read is not None:
        monitor.on("progress", read)
    bound = settings.dial_timeout if settings.dial_timeout is not None else settings.timeout
    try:
        async with asyncio.timeout(bound if bound < settings.timeout else None):
            await monitor.__aenter__()
    except TimeoutError as exc:
        endpoints = ", ".join(client.endpoints)
        raise Unavailable(f"None of {endpoints} answered within {bound:g} s; check --endpoints.") from exc
    try:
        yield monitor
    finally:
        await monitor.__aexit__(None, None, None)
