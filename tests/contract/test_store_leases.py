"""What every store owes: leases, and the keys that live on them."""

from __future__ import annotations

import asyncio
import time

import pytest

from election_core.core.model import KeyDeleted
from election_core.core.names import MAX_TTL
from election_core.errors import ElectionError, LeadershipLost
from election_core.store import KeyRange, LeaseInfo, Put, Read, RenewalStream

from .key_space import KeySpace, changes


async def test_a_lease_lives_as_long_as_asked_for(space: KeySpace) -> None:
    lease_id = space.new_lease_id()
    assert await space.store.grant(lease_id, 60) == LeaseInfo(lease_id, 60, 60)
    info = await space.store.lease(lease_id)
    assert info is not None
    assert info == LeaseInfo(lease_id, 60, info.remaining)
    assert 50 <= info.remaining <= 60


async def test_a_lease_has_a_minimum_and_a_maximum(space: KeySpace) -> None:
    assert (await space.store.grant(space.new_lease_id(), 1)).granted_ttl == 2
    assert (await space.store.grant(space.new_lease_id(), MAX_TTL)).granted_ttl == MAX_TTL
    with pytest.raises(ElectionError):
        await space.store.grant(space.new_lease_id(), MAX_TTL + 1)


async def test_a_repeated_grant_leaves_the_lease_as_it_is(space: KeySpace) -> None:
    lease_id = await space.lease(ttl=60)
    await space.put("a", lease_id=lease_id)
    again = await space.store.grant(lease_id, 3600)
    assert again.granted_ttl == 60
    assert again.remaining <= 60
    assert await space.names() == ["a"]


async def test_there_is_no_unknown_lease(space: KeySpace) -> None:
    unknown = space.new_lease_id()
    assert await space.store.lease(unknown) is None
    assert await space.store.revoke(unknown) is False


async def test_the_keys_that_end_with_a_lease(space: KeySpace) -> None:
    lease_id = await space.lease()
    assert await space.store.keys_on(lease_id) == ()
    for name in ("b", "a"):
        await space.put(name, lease_id=lease_id)
    await space.put("of-none")
    assert await space.store.keys_on(lease_id) == (space.key("a"), space.key("b"))
    await space.store.revoke(lease_id)
    assert await space.store.keys_on(lease_id) == ()


async def test_revoking_deletes_all_keys_in_one_revision(space: KeySpace) -> None:
    lease_id, other = await space.lease(), await space.lease()
    for name in ("b", "a", "c"):
        await space.put(name, lease_id=lease_id)
    last = await space.put("of-another", lease_id=other)
    async with space.store.watch([space.all]) as watch:
        assert await space.store.revoke(lease_id) is True
        (change,) = await changes(watch, 1)
    assert change.revision == last + 1
    assert change.events == tuple(KeyDeleted(space.key(name)) for name in ("a", "b", "c"))
    assert await space.names() == ["of-another"]
    assert await space.store.lease(lease_id) is None
    assert await space.store.revoke(lease_id) is False


async def test_revoking_a_lease_without_keys_makes_no_revision(space: KeySpace) -> None:
    lease_id = await space.lease()
    last = await space.put("a")
    assert await space.store.revoke(lease_id)
    assert (await space.store.read(Read(space.all))).revision == last


async def test_a_revoked_lease_takes_no_key(space: KeySpace) -> None:
    lease_id = await space.lease()
    await space.store.revoke(lease_id)
    with pytest.raises(LeadershipLost, match="lease"):
        await space.put("a", lease_id=lease_id)
    assert await space.names() == []


async def test_a_key_moves_to_the_lease_it_was_last_written_on(space: KeySpace) -> None:
    first, second = await space.lease(), await space.lease()
    await space.put("moved", lease_id=first)
    await space.put("freed", lease_id=first)
    await space.do(Put(space.key("moved"), b"", second), Put(space.key("freed"), b"", 0))
    await space.store.revoke(first)
    assert await space.names() == ["freed", "moved"]
    await space.store.revoke(second)
    assert await space.names() == ["freed"]


async def test_renewals_are_answered_in_order(space: KeySpace) -> None:
    known, other, unknown = await space.lease(60), await space.lease(90), space.new_lease_id()
    async with space.store.renewals() as renewals:
        assert renewals.endpoint in space.store.endpoints
        for lease_id in (known, unknown, other, known):
            await renewals.send(lease_id)
        answers = aiter(renewals)
        async with asyncio.timeout(5):
            found = [await anext(answers) for _ in range(4)]
        assert found == [(known, 60), (unknown, 0), (other, 90), (known, 60)]
        await space.store.revoke(known)
        await renewals.send(known)
        async with asyncio.timeout(5):
            assert await anext(answers) == (known, 0)


async def test_an_unrenewed_lease_expires_with_all_its_keys_at_once(space: KeySpace) -> None:
    """And no sooner than it may; a renewed one lives on."""
    granting = time.monotonic()
    lease_id, renewed = await space.lease(ttl=1), await space.lease(ttl=1)
    await space.do(*(Put(space.key(name), b"", lease_id) for name in ("b", "a")))
    await space.put("renewed", lease_id=renewed)
    async with space.store.renewals() as renewals, space.store.watch([space.all]) as watch:
        renewing = asyncio.create_task(_keep_alive(renewals, renewed))
        (change,) = await changes(watch, 1)
        assert time.monotonic() - granting >= 2
        renewing.cancel()
    assert change.events == (KeyDeleted(space.key("a")), KeyDeleted(space.key("b")))
    assert await space.store.lease(lease_id) is None
    assert await space.store.lease(renewed) is not None
    with pytest.raises(LeadershipLost):
        await space.put("a", lease_id=lease_id)


async def _keep_alive(renewals: RenewalStream, lease_id: int) -> None:
    answers = aiter(renewals)
    while True:
        await renewals.send(lease_id)
        assert await anext(answers) == (lease_id, 2)
        await asyncio.sleep(0.5)


async def test_an_early_renewal_is_no_promise(space: KeySpace) -> None:
    """A lease that is renewed and then revoked is gone, whatever the renewal said."""
    lease_id = await space.lease()
    async with space.store.renewals() as renewals:
        await renewals.send(lease_id)
        async with asyncio.timeout(5):
            assert await anext(aiter(renewals)) == (lease_id, 60)
    await space.put("a", lease_id=lease_id)
    async with space.store.watch([KeyRange(space.key("a"))], deletes_only=True) as watch:
        await space.store.revoke(lease_id)
        (change,) = await changes(watch, 1)
    assert change.events == (KeyDeleted(space.key("a")),)
