"""What every store owes: reads, transactions, status and the end. Leases and watches have files of their own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from election_core.core.model import Candidate
from election_core.core.names import MAX_VALUE
from election_core.errors import ElectionError, InvalidConfig, LeadershipLost, Unavailable
from election_core.etcd import EtcdStore
from election_core.etcd import store as etcd_store_module
from election_core.store import Delete, Guard, KeyRange, Put, Read, Txn

from .key_space import KeySpace, changes, names_of


async def test_reads_a_key_as_it_was_written(space: KeySpace) -> None:
    lease_id = await space.lease()
    created = await space.put("a", b"one", lease_id)
    written = await space.put("a", b"\xff\0two", lease_id)
    snapshot = await space.store.read(Read(KeyRange(space.key("a"))))
    assert snapshot.candidates == (Candidate(space.key("a"), b"\xff\0two", lease_id, created, written),)
    assert snapshot.revision == written == created + 1
    assert snapshot.observed_at.tzinfo is not None


async def test_a_key_that_comes_back_is_another(space: KeySpace) -> None:
    created = await space.put("a")
    await space.delete("a")
    assert await space.names() == []
    again = await space.put("a")
    (candidate,) = (await space.store.read(Read(space.all))).candidates
    assert again > created
    assert candidate.create_revision == candidate.mod_revision == again


async def test_orders(space: KeySpace) -> None:
    for name in ("c", "a", "b"):
        await space.put(name)
    await space.put("c", b"later")
    assert await space.names() == ["a", "b", "c"]
    assert await space.names(order="oldest") == ["c", "a", "b"]
    assert await space.names(order="newest") == ["b", "a", "c"]


async def test_limits(space: KeySpace) -> None:
    for name in ("c", "a", "b"):
        await space.put(name)
    assert await space.names(limit=2) == ["a", "b"]
    assert await space.names(order="oldest", limit=2) == ["c", "a"]
    assert await space.names(order="newest", limit=1) == ["b"]


async def test_max_create_revision(space: KeySpace) -> None:
    """How a candidate finds the one ahead of it."""
    first, second = await space.put("first"), await space.put("second")
    await space.put("third")
    await space.put("first", b"later")
    assert await space.names(max_create_revision=second) == ["first", "second"]
    assert await space.names(order="newest", limit=1, max_create_revision=second - 1) == ["first"]
    assert await space.names(max_create_revision=first - 1) == []


async def test_values_may_be_left_on_the_server(space: KeySpace) -> None:
    lease_id = await space.lease()
    created = await space.put("a", b"one", lease_id)
    written = await space.put("a", b"two", lease_id)
    query = Read(space.all, keys_only=True)
    expected = (Candidate(space.key("a"), b"", lease_id, created, written),)
    assert (await space.store.read(query)).candidates == expected
    never = Txn(Guard(space.key("a"), -1), then=(Delete(space.key("a")),), otherwise=(query,))
    assert (await space.store.txn(never)).reads == (expected,)


@pytest.mark.parametrize("exists", [True, False])
async def test_a_guard_that_never_holds(space: KeySpace, exists: bool) -> None:
    """Whatever it would do is not done; no revision is made and no watch is told."""
    revision = await space.put("a" if exists else "b")
    async with space.store.watch([space.all]) as watch:
        for _ in range(3):
            never = Txn(Guard(space.key("a"), -1), then=(Delete(space.key("a")),), otherwise=(Read(space.all),))
            result = await space.store.txn(never)
            assert not result.succeeded
            assert result.revision == revision
            assert [names_of(each) for each in result.reads] == [["a" if exists else "b"]]
        later = await space.put("c")
        assert later == revision + 1
        assert [each.revision for each in await changes(watch, 1)] == [later]


async def test_ranges(space: KeySpace) -> None:
    for name in ("a", "a/x", "a/y", "a0", "b"):
        await space.put(name)

    async def found(start: str, end: bytes | None) -> list[bytes]:
        snapshot = await space.store.read(Read(KeyRange(space.key(start), end)))
        return [each.key.removeprefix(space.prefix) for each in snapshot.candidates]

    assert await found("a", None) == [b"a"]
    assert await found("a/", space.key("a0")) == [b"a/x", b"a/y"]
    assert await found("a/x", space.key("b")) == [b"a/x", b"a/y", b"a0"]
    assert await found("c", None) == []
    assert (await found("b", b"\0"))[0] == b"b"
    everything = (await space.store.read(Read(KeyRange.prefix(b"")))).candidates
    assert {space.key("a"), space.key("b")} <= {each.key for each in everything}


async def test_pages_are_of_one_revision(etcd_space: KeySpace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys come and go after the first page; the snapshot is what was there before."""
    monkeypatch.setattr(etcd_store_module, "_PAGES", (2, 0))
    for name in "abcde":
        await etcd_space.put(name)
    pages = 0
    fetch = EtcdStore._range

    async def fetch_and_change(self: EtcdStore, query: Read) -> Any:
        nonlocal pages
        pages += 1
        reply = await fetch(self, query)
        if pages == 1:
            await etcd_space.delete("d")
            await etcd_space.put("f")
        return reply

    monkeypatch.setattr(EtcdStore, "_range", fetch_and_change)
    snapshot = await etcd_space.store.read(Read(etcd_space.all))
    assert names_of(snapshot.candidates) == list("abcde")
    assert snapshot.revision == snapshot.candidates[-1].mod_revision
    assert pages == 3
    assert await etcd_space.names() == list("abcef")


async def test_no_key_is_missed_in_order_of_age(etcd_space: KeySpace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(etcd_store_module, "_PAGES", (2, 0))
    for name in "cbadfe":
        await etcd_space.put(name)
    assert await etcd_space.names(order="oldest") == list("cbadfe")
    assert await etcd_space.names(order="newest") == list("efdabc")


@pytest.mark.parametrize("guarded", ["absent", "created", "rewritten", "other revision", "deleted", "created again"])
async def test_guards_compare_the_create_revision(space: KeySpace, guarded: str) -> None:
    expected, holds = 0, True
    if guarded != "absent":
        expected = await space.put("a")
    if guarded == "rewritten":
        await space.put("a", b"later")
    if guarded == "other revision":
        expected, holds = expected + 1, False
    if guarded in ("deleted", "created again"):
        await space.delete("a")
        holds = False
    if guarded == "created again":
        await space.put("a")
    then, otherwise = Put(space.key("then"), b"", 0), Put(space.key("otherwise"), b"", 0)
    result = await space.store.txn(Txn(Guard(space.key("a"), expected), (then,), (otherwise,)))
    assert result.succeeded is holds
    assert ("then" in await space.names()) is holds
    assert ("otherwise" in await space.names()) is not holds


async def test_a_guard_for_absence_fails_on_a_key(space: KeySpace) -> None:
    last = await space.put("a")
    result = await space.store.txn(Txn(Guard(space.key("a"), 0), (Put(space.key("a"), b"other", 0),)))
    assert not result.succeeded
    assert result.reads == ()
    assert result.revision == last
    assert (await space.store.read(Read(space.all))).candidates[0].value == b"v"


async def test_operations_run_in_order_at_one_revision(space: KeySpace) -> None:
    old = await space.put("old")
    result = await space.do(
        Read(space.all),
        Put(space.key("new"), b"1", 0),
        Read(space.all, order="oldest", limit=2),
        Delete(space.key("old")),
        Put(space.key("last"), b"2", 0),
        Read(space.all, order="newest"),
    )
    assert result.succeeded
    assert result.revision == old + 1
    assert [names_of(found) for found in result.reads[:2]] == [["old"], ["old", "new"]]
    assert sorted(names_of(result.reads[2])) == ["last", "new"]
    assert {each.create_revision for each in result.reads[2]} == {result.revision}
    assert (await space.store.read(Read(space.all))).revision == result.revision


async def test_what_changes_nothing_makes_no_revision(space: KeySpace) -> None:
    last = await space.put("a")
    assert (await space.do(Delete(space.key("none")), Read(space.all))).revision == last
    assert (await space.do(Delete(space.key("none")))).revision == last
    assert await space.put("a") == last + 1


@pytest.mark.parametrize("reads", [True, False])
async def test_a_transaction_that_cannot_write_is_refused(space: KeySpace, reads: bool) -> None:
    """A client that gives one up kills servers of some releases. A write in the branch that is not taken is enough."""
    ops = (Read(space.all),) if reads else ()
    for then, otherwise in ((ops, ()), ((), ops), (ops, ops)):
        with pytest.raises(ValueError, match="only reads"):
            await space.store.txn(Txn(Guard(space.key("a"), 0), then, otherwise))
    write = (Put(space.key("a"), b"", 0),)
    assert (await space.store.txn(Txn(Guard(space.key("a"), 7), write, ops))).reads == ((),) * len(ops)
    assert (await space.store.txn(Txn(Guard(space.key("a"), 0), ops, write))).reads == ((),) * len(ops)


async def test_a_write_on_an_unknown_lease_writes_nothing_at_all(space: KeySpace) -> None:
    last = await space.put("a")
    with pytest.raises(LeadershipLost, match="lease"):
        await space.do(Put(space.key("b"), b"", 0), Delete(space.key("a")), Put(space.key("c"), b"", 99))
    snapshot = await space.store.read(Read(space.all))
    assert names_of(snapshot.candidates) == ["a"]
    assert snapshot.revision == last


async def test_the_branch_not_taken_may_name_an_unknown_lease(space: KeySpace) -> None:
    put = Put(space.key("a"), b"", 0)
    result = await space.store.txn(Txn(Guard(space.key("a"), 0), (put,), (Put(space.key("a"), b"", 99),)))
    assert result.succeeded


@pytest.mark.parametrize("deletes", [True, False])
async def test_a_key_is_written_once_in_a_transaction(space: KeySpace, deletes: bool) -> None:
    key = space.key("a")
    with pytest.raises(ElectionError):
        await space.do(Put(key, b"1", 0), Delete(key) if deletes else Put(key, b"2", 0))
    assert await space.names() == []


@pytest.mark.parametrize("count", [128, 129])
async def test_a_transaction_has_128_operations_at_most(space: KeySpace, count: int) -> None:
    puts = [Put(space.key(f"{number}"), b"", 0) for number in range(count)]
    if count > 128:
        with pytest.raises(ElectionError):
            await space.do(*puts)
    else:
        await space.do(*puts)
    assert len(await space.names()) == (128 if count == 128 else 0)


async def test_the_longest_value_is_stored(space: KeySpace) -> None:
    value = b"x" * MAX_VALUE
    await space.put("a", value)
    assert (await space.store.read(Read(space.all))).candidates[0].value == value


async def test_a_value_beyond_the_request_limit_is_refused(etcd_space: KeySpace) -> None:
    with pytest.raises(InvalidConfig, match="larger"):
        await etcd_space.put("a", b"x" * 1_572_864)
    assert await etcd_space.names() == []


async def test_status(space: KeySpace) -> None:
    (status,) = await space.store.status()
    assert status.endpoint == space.store.endpoints[0]
    assert status.reachable
    assert status.is_raft_leader
    assert status.version
    assert status.round_trip is not None
    assert 0 <= status.round_trip < space.store.timeout


async def test_suspicion_of_the_only_endpoint_changes_nothing(space: KeySpace) -> None:
    space.store.suspect(space.store.endpoints[0])
    await space.put("a")
    assert await space.names() == ["a"]


async def test_closing_ends_what_is_open(space: KeySpace) -> None:
    async with space.store.watch([space.all]) as watch, space.store.renewals() as renewals:
        reading = [asyncio.ensure_future(changes(watch, 1)), asyncio.ensure_future(anext(aiter(renewals)))]
        await asyncio.sleep(0)
        await space.store.close()
        results = await asyncio.gather(*reading, return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable, Unavailable]


async def test_a_closed_store_is_unavailable(space: KeySpace) -> None:
    store = space.store
    await store.close()
    with pytest.raises(Unavailable):
        await store.read(Read(space.all))
    with pytest.raises(Unavailable):
        await space.put("a")
    with pytest.raises(Unavailable):
        await store.grant(space.new_lease_id(), 60)
    with pytest.raises(Unavailable):
        async with store.watch([space.all]):
            pass
    with pytest.raises(Unavailable):
        async with store.renewals() as renewals:
            await renewals.send(1)
    (status,) = await store.status()
    assert not status.reachable
    assert "closed" in status.error
    await store.close()
