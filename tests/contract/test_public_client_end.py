"""How a client ends: with everything, whatever one part of it meets, and on the event loop it belongs to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from election_core import Client, Election, InvalidConfig
from election_core.testing import MemoryStore

from .world import World, soon


class Broken:
    """Something on a client whose close fails by a defect."""

    lease_id = 1

    async def close(self, **_: object) -> None:
        raise ZeroDivisionError("a defect")


@pytest.mark.parametrize("group", ["campaigns", "subscriptions", "sessions"])
async def test_a_defect_in_one_part_leaves_nothing_open(world: World, group: str) -> None:
    client = world.another_client()
    campaign = await soon(client.election(world.name).campaign("a"))
    observer = await soon(client.election(world.name).observe())
    session = await client.session().__aenter__()
    getattr(client._runtime, group).add(Broken())
    await soon(client.close())
    assert observer.closed
    assert not session.is_alive
    assert await world.client.lease(campaign.lease_id) is None
    assert await world.client.lease(session.lease_id) is None
    with pytest.raises(Exception, match="closed"):
        await client._runtime.store.lease(1)
    assert [type(each["exception"]) for each in world.unhandled] == [ZeroDivisionError]
    world.unhandled.clear()


@pytest.mark.parametrize("ended", [True, False])
async def test_a_coroutine_callback_of_a_campaign_is_waited_for(world: World, ended: bool) -> None:
    """Also where the campaign has ended long before, and nobody but the callback remembers it."""
    client = world.another_client()
    order: list[str] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def work(*_: object) -> None:
        begun.set()
        await go_on.wait()
        order.append("the callback has ended")

    campaign = await soon(client.election(world.name).campaign("a"))
    campaign.on("elected", work)
    await soon(begun.wait())
    if ended:
        await campaign.resign()
        del campaign
    closing = asyncio.create_task(client.close())
    await asyncio.sleep(0)
    go_on.set()
    await soon(closing)
    assert order == ["the callback has ended"]


_USES: dict[str, Callable[[Client, Election], Awaitable[object]]] = {
    "leader": lambda client, election: election.leader(),
    "candidates": lambda client, election: election.candidates(),
    "resume": lambda client, election: election.resume(1),
    "observe": lambda client, election: election.observe().__aenter__(),
    "monitor": lambda client, election: client.monitor().__aenter__(),
    "session": lambda client, election: client.session().__aenter__(),
    "lease": lambda client, election: client.lease(1),
    "status": lambda client, election: client.status(),
    "close": lambda client, election: client.close(),
}


@pytest.mark.parametrize("use", [*_USES, "campaign"])
def test_a_second_event_loop_is_named_as_what_is_wrong(use: str) -> None:
    """As by a second asyncio.run() with the client of the first."""
    client = Client.over(MemoryStore())
    election = client.election("job")
    asyncio.run(_ask(election))

    async def again() -> object:
        return election.campaign("a") if use == "campaign" else await _USES[use](client, election)

    with pytest.raises(InvalidConfig, match="another event loop; make one client in each"):
        asyncio.run(again())


async def _ask(election: Election) -> None:
    assert await election.leader() is None


def test_the_end_of_the_event_loop_is_not_called_a_closed_client() -> None:
    """A program that ends without closing its client is told why its healthy leadership ended."""
    told: list[str] = []

    async def leave_it_open() -> None:
        campaign = await Client.over(MemoryStore()).election("job").campaign("a").wait()
        campaign.on("error", lambda error: told.append(str(error)))

    asyncio.run(leave_it_open())
    (message,) = told
    assert "event loop ends" in message
    assert "client was closed" not in message
