"""What follows alerts for a command that reads a monitor."""

from __future__ import annotations

import asyncio

import pytest

from election_core import Client
from election_core.testing import MemoryStore
from electiontui.commands.alarming import Alarming
from electiontui.commands.settings import Settings


async def test_a_defect_of_the_alerts_ends_what_relies_on_them() -> None:
    """A command that goes on without alerts would be waited on in vain."""

    def changed() -> set[str]:
        raise LookupError("a defect")

    settings = Settings(("memory",), ("election/",), on_change=("true",))
    async with Client.over(MemoryStore()) as client, client.monitor() as monitor:
        with pytest.raises(LookupError, match="a defect"):
            async with Alarming(settings, monitor, str, lambda name: True, changed):
                await asyncio.sleep(30)
        task = asyncio.current_task()
        assert task is not None
        assert not task.cancelling(), "nothing else is cancelled for it"
