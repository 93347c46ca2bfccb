"""What every store owes who reads much: keys alone, and a revision that is past."""

from __future__ import annotations

import pytest

from election_core.core.model import Candidate
from election_core.errors import Compacted, ElectionError
from election_core.store import Delete, Put, Read

from .key_space import KeySpace


async def test_keys_can_be_read_without_their_values(space: KeySpace) -> None:
    lease_id = await space.lease()
    created = await space.put("a", b"one", lease_id)
    written = await space.put("a", b"two", lease_id)
    snapshot = await space.store.read(Read(space.all, keys_only=True))
    assert snapshot.candidates == (Candidate(space.key("a"), b"", lease_id, created, written),)


async def test_a_revision_that_is_past_can_be_read(space: KeySpace) -> None:
    await space.put("a", b"one")
    then = await space.put("b", b"two")
    await space.do(Put(space.key("a"), b"later", 0), Delete(space.key("b")), Put(space.key("c"), b"new", 0))
    await space.delete("c")
    snapshot = await space.store.read(Read(space.all, revision=then))
    assert [each.value for each in snapshot.candidates] == [b"one", b"two"]
    assert snapshot.revision == then
    assert await space.names() == ["a"]
    assert await space.names(revision=then + 1) == ["a", "c"]
    assert await space.names(revision=then, limit=1) == ["a"]


async def test_a_revision_that_is_compacted_cannot(space: KeySpace) -> None:
    """At once: no member has it, so asking others is in vain."""
    then = await space.put("a", b"one")
    now = await space.put("a", b"two")
    await space.compact(now)
    for limit in (0, 1):
        with pytest.raises(Compacted):
            await space.store.read(Read(space.all, revision=then, limit=limit))
    assert await space.names(revision=now) == ["a"]


async def test_a_revision_that_is_still_to_come_cannot(space: KeySpace) -> None:
    now = await space.put("a")
    with pytest.raises(ElectionError):
        await space.store.read(Read(space.all, revision=now + 1_000_000))
