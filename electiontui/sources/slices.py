"""Long work of pure functions, in slices: whatever else the loop has to do comes in between."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import TypeVar

__all__ = ["in_slices"]

T = TypeVar("T")


async def in_slices(steps: Generator[None, None, T]) -> T:
    """The result of a generator that yields where it may be left for a while. Cancelling it leaves the work undone."""
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            result: T = ended.value
            return result
        await asyncio.sleep(0)
