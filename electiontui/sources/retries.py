"""Trying again whatever etcd does, with growing pauses."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from time import monotonic

from election_core import ElectionError

__all__ = ["Retries"]

_BACKOFF = (0.5, 10.0)
"""First and longest pause in seconds."""


class Retries:
    """Attributes:
    error: what ended the last try; ``None`` once one has succeeded.
    attempt: how many have ended since one succeeded.
    retry_at: when the next one begins, on the monotonic clock, while it is waited for.
    """

    def __init__(self) -> None:
        self.error: ElectionError | None = None
        self.attempt = 0
        self.retry_at: float | None = None

    def succeeded(self) -> None:
        """The try that is under way has come to what it is for."""
        self.error, self.attempt = None, 0

    async def run(self, once: Callable[[], Awaitable[None]]) -> None:
        """Try until cancelled."""
        while True:
            try:
                await once()
            except ElectionError as exc:
                self.error = exc
            self.attempt += 1
            pause = min(_BACKOFF[0] * 2 ** min(self.attempt, 10), _BACKOFF[1]) * random.uniform(0.5, 1.0)
            self.retry_at = monotonic() + pause
            await asyncio.sleep(pause)
            self.retry_at = None
