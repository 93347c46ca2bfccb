"""Waiting for what another task, thread or server does, which tells nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest


async def until(ready: Callable[[], bool]) -> None:
    """Ask until it holds; fails after some 30 s."""
    for _ in range(600):
        if ready():
            return
        await asyncio.sleep(0.05)
    pytest.fail("never became true")
