"""A question on the terminal, which ctrl+c ends."""

from __future__ import annotations

import asyncio
import signal
import sys

from election_core import InvalidConfig

from .streams import can_ask

__all__ = ["agreed"]


async def agreed(question: str, *, yes: bool) -> bool:
    """Whether the user wants it: asked on the terminal.

    Raises:
        InvalidConfig: there is no terminal to ask on, and no ``yes``.
        KeyboardInterrupt: ctrl+c.
    """
    if yes:
        return True
    if not can_ask():
        raise InvalidConfig("Without a terminal nobody can be asked: add --yes to have it done.")
    return await _ask(question)


async def _ask(question: str) -> bool:
    """Whether the user says yes on the terminal; anything else, and the end of input, is no."""
    loop, answered, interrupted = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    def interrupt() -> None:
        interrupted.set()
        answered.set()

    # A read that blocks would miss a ctrl+c that comes just before it; the loop's own handler writes to a pipe.
    before = signal.getsignal(signal.SIGINT)
    loop.add_signal_handler(signal.SIGINT, interrupt)
    loop.add_reader(sys.stdin.fileno(), answered.set)
    try:
        print(f"{question} [y/N]: ", end="", file=sys.stderr, flush=True)
        await answered.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)
    if interrupted.is_set():
        raise KeyboardInterrupt
    return sys.stdin.readline().strip().lower() in ("y", "yes")
