"""Callbacks of observers and monitors: whatever they do, the watching goes on, and none is lost at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from election_core import Client, ElectionObserver

from .world import World, soon, take, until


async def closes_the_client(observer: ElectionObserver, client: Client) -> None:
    await client.close()


async def cancels_the_observer(observer: ElectionObserver, client: Client) -> None:
    await observer.cancel()


async def closes_it_in_a_task(observer: ElectionObserver, client: Client) -> None:
    await asyncio.create_task(client.close())


@pytest.mark.parametrize("raised", [asyncio.CancelledError, RuntimeError, GeneratorExit])
async def test_a_callback_that_raises_anything_is_reported_and_the_observer_goes_on(
    world: World, raised: type[BaseException]
) -> None:
    def fail(value: str | None) -> None:
        raise raised

    async with world.elsewhere.observe() as observer:
        observer.on("change", fail)
        for value in ("a", "b"):
            async with world.election.campaign(value):
                pass
        assert [each.kind for each in await take(observer, 4)] == ["elected", "vacated"] * 2
        assert not observer.closed
    reports, world.unhandled = world.unhandled, []
    assert [type(each["exception"]) for each in reports] == [raised] * 4
    assert all(world.name in each["message"] for each in reports)


async def test_a_callback_is_removed_by_what_on_returned(world: World) -> None:
    told: list[str | None] = []
    async with world.elsewhere.observe() as observer:
        remove = observer.on("change", told.append)
        campaign = await world.leading("a")
        await take(observer, 1)
        remove()
        remove()
        await campaign.resign()
        await take(observer, 1)
        assert told == ["a"]


class Slow:
    """A coroutine callback that takes its time."""

    def __init__(self) -> None:
        self.began, self.go_on, self.ended = asyncio.Event(), asyncio.Event(), False

    async def __call__(self, *args: object) -> None:
        self.began.set()
        await self.go_on.wait()
        self.ended = True


@pytest.mark.parametrize("how", ["the observer is cancelled", "the client is closed"])
async def test_a_coroutine_callback_is_not_lost_at_the_end(world: World, how: str) -> None:
    client, slow = world.another_client(), Slow()
    observer = await client.election(world.name).observe()
    observer.on("change", slow)
    await world.leading("a")
    await soon(slow.began.wait())
    ending = asyncio.ensure_future(observer.cancel() if how == "the observer is cancelled" else client.close())
    await asyncio.wait({ending}, timeout=0.2)
    assert not ending.done()
    slow.go_on.set()
    await soon(ending)
    assert slow.ended


async def test_a_callback_that_cancels_its_observer_and_goes_on_is_waited_for_by_the_client(world: World) -> None:
    client, slow = world.another_client(), Slow()
    observer = await client.election(world.name).observe()

    async def cancel_and_go_on(value: str | None) -> None:
        await observer.cancel()
        await slow()

    observer.on("change", cancel_and_go_on)
    await world.leading("a")
    await soon(slow.began.wait())
    ending = asyncio.ensure_future(client.close())
    await asyncio.wait({ending}, timeout=0.2)
    assert not ending.done()
    slow.go_on.set()
    await soon(ending)
    assert slow.ended


@pytest.mark.parametrize("ends", [closes_the_client, cancels_the_observer, closes_it_in_a_task])
async def test_coroutine_callbacks_may_end_what_calls_them(
    world: World, ends: Callable[[ElectionObserver, Client], Awaitable[None]]
) -> None:
    """Several at once, while the client is closed from outside too: nobody waits for whom it keeps waiting."""
    client, done, began = world.another_client(), list[str](), asyncio.Semaphore(0)
    observer = await client.election(world.name).observe()

    async def end_it(value: str | None) -> None:
        began.release()
        await ends(observer, client)
        await asyncio.sleep(0)
        done.append(str(value))

    observer.on("change", end_it)
    observer.on("change", end_it)
    await world.leading("a")
    await soon(began.acquire())
    async with asyncio.timeout(3):
        await client.close()
    await until(lambda: len(done) == 2, "both go on")
    assert observer.closed
