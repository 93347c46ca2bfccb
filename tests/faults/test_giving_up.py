"""Giving up is an everyday thing: however many candidates do it at whatever moment, the server lives on.

Some releases of etcd 3.5 end when a client gives up a transaction that only reads.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from election_core.shell.recipe import Recipe
from election_core.shell.rereads import Reread, question
from election_core.store import Put
from electiontui.embedded import EmbeddedEtcd

from ..servers import distro_binary, is_alive
from .clients import Raw, new_client, note, raw_store

SIDE_BY_SIDE = 8
PLACES = 64
LOOKS = 2000


@pytest.fixture
def mortal() -> Iterator[EmbeddedEtcd]:
    """An etcd 3.5 that nobody else needs."""
    with EmbeddedEtcd(binary=distro_binary("etcd")) as etcd:
        yield etcd


@pytest.mark.parametrize(("ahead", "campaigns"), [(5, 1500), (500, 500)])
async def test_campaigns_that_are_given_up_leave_the_server_alive(
    mortal: EmbeddedEtcd, name: str, ahead: int, campaigns: int
) -> None:
    """Each is given up within 30 ms, which hits every step of joining and of reading the place in line."""
    await line_up(mortal.endpoint, name, ahead)
    began, moments = time.monotonic(), random.Random(ahead)
    left = iter(range(campaigns))

    async def give_up_again_and_again() -> None:
        # Candidates of one client would share a watch, and one reading of the line.
        async with new_client(mortal.endpoint) as client:
            for _ in left:
                if not is_alive(mortal.members[0].pid):
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(moments.uniform(0, 0.03)), client.election(name).campaign("gives up"):
                        pass

    await asyncio.gather(*(give_up_again_and_again() for _ in range(SIDE_BY_SIDE)))
    took, done = time.monotonic() - began, campaigns - len(list(left))
    note(f"given up behind {ahead}", campaigns=done, seconds=took)
    assert is_alive(mortal.members[0].pid), f"the server ended after {done} campaigns"
    async with new_client(mortal.endpoint) as client:
        assert len(await client.election(name).candidates()) == ahead


async def test_looks_at_many_places_that_are_given_up_leave_the_server_alive(mortal: EmbeddedEtcd, name: str) -> None:
    """H53: the one transaction that is sent to read from goes through etcd's log, and changes nothing there."""
    await line_up(mortal.endpoint, name, PLACES)
    async with raw_store(mortal.endpoint) as store:
        recipe = Recipe(store, name, root := f"election/{name}/".encode())
        before = await recipe.candidates()
        looks = [Reread(recipe, await recipe.place(each), 60.0, print) for each in before.candidates]
    moments, left, done = random.Random(1), iter(range(LOOKS)), 0

    async def give_up_again_and_again() -> None:
        nonlocal done
        async with raw_store(mortal.endpoint) as store:
            for _ in left:
                if not is_alive(mortal.members[0].pid):
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(moments.uniform(0, 0.03)):
                        await store.txn(question(looks))
                        done += 1

    began = time.monotonic()
    await asyncio.gather(*(give_up_again_and_again() for _ in range(SIDE_BY_SIDE)))
    note("looks given up", looks=LOOKS - len(list(left)), done=done, seconds=time.monotonic() - began)
    assert is_alive(mortal.members[0].pid)
    async with raw_store(mortal.endpoint) as store:
        result = await store.txn(question(looks))
        after = await Recipe(store, name, root).candidates()
    assert all(look.place.is_confirmed_by(newest) for look, newest in zip(looks, result.reads, strict=True))
    assert (after.revision, after.candidates) == (before.revision, before.candidates)


async def line_up(endpoint: str, name: str, candidates: int) -> None:
    """So many keys in line, each with a revision of its own, on one lease."""
    async with raw_store(endpoint) as store:
        await store.grant(7, 600)
        for number in range(candidates):
            await Raw(store).do(Put(f"election/{name}/{number:x}".encode(), b"", 7))
