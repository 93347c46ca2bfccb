"""What every store owes: leases, and the keys that live on them."""

from __future__ import annotations

import asyncio
import time

import pytest
from contract_bench import Bench, changes

from election_core.errors import ElectionError, LeadershipLost
from election_core.model import KeyDeleted
from election_core.names import MAX_TTL
from election_core.store import KeyRange, LeaseInfo, Put, RenewalStream


async def test_a_lease_lives_as_long_as_asked_for(bench: Bench) -> None:
    lease_id = bench.new_lease_id()
    assert await bench.store.grant(lease_id, 60) == LeaseInfo(lease_id, 60, 60)
    info = await bench.store.lease(lease_id)
    assert info is not None
    assert info == LeaseInfo(lease_id, 60, info.remaining)
    assert 50 <= info.remaining <= 60


async def test_a_lease_has_a_minimum_and_a_maximum(bench: Bench) -> None:
    assert (await bench.store.grant(bench.new_lease_id(), 1)).granted_ttl == 2
    assert (await bench.store.grant(bench.new_lease_id(), MAX_TTL)).granted_ttl == MAX_TTL
    with pytest.raises(ElectionError):
        await bench.store.grant(bench.new_lease_id(), MAX_TTL + 1)


async def test_a_repeated_grant_leaves_the_lease_as_it_is(bench: Bench) -> None:
    lease_id = await bench.lease(ttl=60)
    await bench.put("a", lease_id=lease_id)
    again = await bench.store.grant(lease_id, 3600)
    assert again.granted_ttl == 60
    assert again.remaining <= 60
    assert await bench.names() == ["a"]


async def test_there_is_no_unknown_lease(bench: Bench) -> None:
    unknown = bench.new_lease_id()
    assert await bench.store.lease(unknown) is None
    assert await bench.store.revoke(unknown) is False


async def test_revoking_deletes_all_keys_in_one_revision(bench: Bench) -> None:
    lease_id, other = await bench.lease(), await bench.lease()
    for name in ("b", "a", "c"):
        await bench.put(name, lease_id=lease_id)
    last = await bench.put("of-another", lease_id=other)
    async with bench.store.watch([bench.all]) as watch:
        assert await bench.store.revoke(lease_id) is True
        (change,) = await changes(watch, 1)
    assert change.revision == last + 1
    assert change.events == tuple(KeyDeleted(bench.key(name)) for name in ("a", "b", "c"))
    assert await bench.names() == ["of-another"]
    assert await bench.store.lease(lease_id) is None
    assert await bench.store.revoke(lease_id) is False


async def test_revoking_a_lease_without_keys_makes_no_revision(bench: Bench) -> None:
    lease_id = await bench.lease()
    last = await bench.put("a")
    assert await bench.store.revoke(lease_id)
    assert (await bench.do()).revision == last


async def test_a_revoked_lease_takes_no_key(bench: Bench) -> None:
    lease_id = await bench.lease()
    await bench.store.revoke(lease_id)
    with pytest.raises(LeadershipLost, match="lease"):
        await bench.put("a", lease_id=lease_id)
    assert await bench.names() == []


async def test_a_key_moves_to_the_lease_it_was_last_written_on(bench: Bench) -> None:
    first, second = await bench.lease(), await bench.lease()
    await bench.put("moved", lease_id=first)
    await bench.put("freed", lease_id=first)
    await bench.do(Put(bench.key("moved"), b"", second), Put(bench.key("freed"), b"", 0))
    await bench.store.revoke(first)
    assert await bench.names() == ["freed", "moved"]
    await bench.store.revoke(second)
    assert await bench.names() == ["freed"]


async def test_renewals_are_answered_in_order(bench: Bench) -> None:
    known, other, unknown = await bench.lease(60), await bench.lease(90), bench.new_lease_id()
    async with bench.store.renewals() as renewals:
        assert renewals.endpoint in bench.store.endpoints
        for lease_id in (known, unknown, other, known):
            await renewals.send(lease_id)
        answers = aiter(renewals)
        async with asyncio.timeout(5):
            found = [await anext(answers) for _ in range(4)]
        assert found == [(known, 60), (unknown, 0), (other, 90), (known, 60)]
        await bench.store.revoke(known)
        await renewals.send(known)
        async with asyncio.timeout(5):
            assert await anext(answers) == (known, 0)


async def test_an_unrenewed_lease_expires_with_all_its_keys_at_once(bench: Bench) -> None:
    """And no sooner than it may; a renewed one lives on."""
    granting = time.monotonic()
    lease_id, renewed = await bench.lease(ttl=1), await bench.lease(ttl=1)
    await bench.do(*(Put(bench.key(name), b"", lease_id) for name in ("b", "a")))
    await bench.put("renewed", lease_id=renewed)
    async with bench.store.renewals() as renewals, bench.store.watch([bench.all]) as watch:
        renewing = asyncio.create_task(_keep_alive(renewals, renewed))
        (change,) = await changes(watch, 1)
        assert time.monotonic() - granting >= 2
        renewing.cancel()
    assert change.events == (KeyDeleted(bench.key("a")), KeyDeleted(bench.key("b")))
    assert await bench.store.lease(lease_id) is None
    assert await bench.store.lease(renewed) is not None
    with pytest.raises(LeadershipLost):
        await bench.put("a", lease_id=lease_id)


async def _keep_alive(renewals: RenewalStream, lease_id: int) -> None:
    answers = aiter(renewals)
    while True:
        await renewals.send(lease_id)
        assert await anext(answers) == (lease_id, 2)
        await asyncio.sleep(0.5)


async def test_an_early_renewal_is_no_promise(bench: Bench) -> None:
    """A lease that is renewed and then revoked is gone, whatever the renewal said."""
    lease_id = await bench.lease()
    async with bench.store.renewals() as renewals:
        await renewals.send(lease_id)
        async with asyncio.timeout(5):
            assert await anext(aiter(renewals)) == (lease_id, 60)
    await bench.put("a", lease_id=lease_id)
    async with bench.store.watch([KeyRange(bench.key("a"))], deletes_only=True) as watch:
        await bench.store.revoke(lease_id)
        (change,) = await changes(watch, 1)
    assert change.events == (KeyDeleted(bench.key("a")),)
