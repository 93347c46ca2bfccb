"""`Client.find_elections`: what holds elections, by pages of keys."""

from __future__ import annotations

import pytest

from election_core import InvalidConfig
from election_core.core.model import Snapshot
from election_core.shell import search
from election_core.store import Put, Read

from .world import World


async def found_by(world: World, prefix: str) -> dict[str, list[bytes]]:
    found = world.another_client().find_elections(prefix)
    return {name: [each.value for each in candidates] async for name, candidates in found}


async def prepare(world: World) -> None:
    for name, values in {"a": ("1", "2"), "b/c": ("3",), "d": ("4",)}.items():
        for value in values:
            lease_id = await world.raw.lease()
            key = world.raw.key(f"{name}/{lease_id:x}")
            world.may_stay.add(key)
            await world.raw.do(Put(key, value.encode(), lease_id))
    for other in ("a/stray", "b/other", "c", "z/other", "z/y/other"):
        await world.write(world.raw.key(other), b"theirs")


async def test_it_finds_every_election_with_its_line(world: World) -> None:
    await prepare(world)
    assert await found_by(world, f"election/{world.name}/") == {
        "a": [b"1", b"2", b"theirs"],
        "b/c": [b"3"],
        "d": [b"4"],
    }


@pytest.mark.parametrize("size", [1, 2, 3, 4])
async def test_each_is_found_once_however_the_pages_fall(
    world: World, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(search, "KEY_PAGES", (size,))
    await prepare(world)
    found = world.client.find_elections(f"election/{world.name}/")
    names = [name async for name, _ in found]
    assert names == ["a", "b/c", "d"]
    assert found.seen == 9


async def test_from_the_root_names_are_paths(world: World) -> None:
    await prepare(world)
    assert (await found_by(world, ""))[f"election/{world.name}/b/c"] == [b"3"]


async def test_it_reads_no_value_of_another_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await prepare(world)
    store = world.raw.store
    read, seen = type(store).read, list[bytes]()

    async def reading(self: object, query: Read) -> Snapshot:
        snapshot = await read(store, query)
        seen.extend(each.key for each in snapshot.candidates if each.value == b"theirs")
        return snapshot

    client = world.another_client()
    monkeypatch.setattr(client._runtime.store, "read", reading.__get__(store))
    assert len([name async for name, _ in client.find_elections(f"election/{world.name}/")]) == 3
    assert seen == [world.raw.key("a/stray")], "which stands in line"


async def test_it_can_be_broken_off(world: World) -> None:
    await prepare(world)
    async for name, _ in world.client.find_elections(f"election/{world.name}/"):
        assert name == "a"
        break


async def test_where_there_is_none_it_ends_at_once(world: World) -> None:
    assert await found_by(world, f"election/{world.name}/none/") == {}
    with pytest.raises(InvalidConfig):
        world.client.find_elections(None)  # type: ignore[arg-type]
