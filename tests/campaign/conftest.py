"""Campaigns on a server in memory, on a clock that only the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from election_core.testing import ManualClock

from .stage import Stage


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage(ManualClock())
    yield stage
    await stage.close()
