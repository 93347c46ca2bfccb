"""What every store owes: reads, transactions, status and the end. Leases and watches have files of their own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from contract_bench import Bench, changes, names_of

from election_core.errors import ElectionError, InvalidConfig, LeadershipLost, Unavailable
from election_core.etcd import EtcdStore
from election_core.etcd import store as etcd_store_module
from election_core.model import Candidate
from election_core.names import MAX_VALUE
from election_core.store import Delete, Guard, KeyRange, Put, Read, Txn


async def test_reads_a_key_as_it_was_written(bench: Bench) -> None:
    lease_id = await bench.lease()
    created = await bench.put("a", b"one", lease_id)
    written = await bench.put("a", b"\xff\0two", lease_id)
    snapshot = await bench.store.read(Read(KeyRange(bench.key("a"))))
    assert snapshot.candidates == (Candidate(bench.key("a"), b"\xff\0two", lease_id, created, written),)
    assert snapshot.revision == written == created + 1
    assert snapshot.observed_at.tzinfo is not None


async def test_a_key_that_comes_back_is_another(bench: Bench) -> None:
    created = await bench.put("a")
    await bench.delete("a")
    assert await bench.names() == []
    again = await bench.put("a")
    (candidate,) = (await bench.store.read(Read(bench.all))).candidates
    assert again > created
    assert candidate.create_revision == candidate.mod_revision == again


async def test_orders(bench: Bench) -> None:
    for name in ("c", "a", "b"):
        await bench.put(name)
    await bench.put("c", b"later")
    assert await bench.names() == ["a", "b", "c"]
    assert await bench.names(order="oldest") == ["c", "a", "b"]
    assert await bench.names(order="newest") == ["b", "a", "c"]


async def test_limits(bench: Bench) -> None:
    for name in ("c", "a", "b"):
        await bench.put(name)
    assert await bench.names(limit=2) == ["a", "b"]
    assert await bench.names(order="oldest", limit=2) == ["c", "a"]
    assert await bench.names(order="newest", limit=1) == ["b"]


async def test_max_create_revision(bench: Bench) -> None:
    """How a candidate finds the one ahead of it."""
    first, second = await bench.put("first"), await bench.put("second")
    await bench.put("third")
    await bench.put("first", b"later")
    assert await bench.names(max_create_revision=second) == ["first", "second"]
    assert await bench.names(order="newest", limit=1, max_create_revision=second - 1) == ["first"]
    assert await bench.names(max_create_revision=first - 1) == []


async def test_ranges(bench: Bench) -> None:
    for name in ("a", "a/x", "a/y", "a0", "b"):
        await bench.put(name)

    async def found(start: str, end: bytes | None) -> list[bytes]:
        snapshot = await bench.store.read(Read(KeyRange(bench.key(start), end)))
        return [each.key.removeprefix(bench.prefix) for each in snapshot.candidates]

    assert await found("a", None) == [b"a"]
    assert await found("a/", bench.key("a0")) == [b"a/x", b"a/y"]
    assert await found("a/x", bench.key("b")) == [b"a/x", b"a/y", b"a0"]
    assert await found("c", None) == []
    assert (await found("b", b"\0"))[0] == b"b"
    everything = (await bench.store.read(Read(KeyRange.prefix(b"")))).candidates
    assert {bench.key("a"), bench.key("b")} <= {each.key for each in everything}


async def test_pages_are_of_one_revision(etcd_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys come and go after the first page; the snapshot is what was there before."""
    monkeypatch.setattr(etcd_store_module, "_PAGE", 2)
    for name in "abcde":
        await etcd_bench.put(name)
    pages = 0
    fetch = EtcdStore._range

    async def fetch_and_change(self: EtcdStore, query: Read, **extra: Any) -> Any:
        nonlocal pages
        pages += 1
        reply = await fetch(self, query, **extra)
        if pages == 1:
            await etcd_bench.delete("d")
            await etcd_bench.put("f")
        return reply

    monkeypatch.setattr(EtcdStore, "_range", fetch_and_change)
    snapshot = await etcd_bench.store.read(Read(etcd_bench.all))
    assert names_of(snapshot.candidates) == list("abcde")
    assert snapshot.revision == snapshot.candidates[-1].mod_revision
    assert pages == 3
    assert await etcd_bench.names() == list("abcef")


async def test_no_key_is_missed_in_order_of_age(etcd_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(etcd_store_module, "_PAGE", 2)
    for name in "cbadfe":
        await etcd_bench.put(name)
    assert await etcd_bench.names(order="oldest") == list("cbadfe")
    assert await etcd_bench.names(order="newest") == list("efdabc")


@pytest.mark.parametrize("guarded", ["absent", "created", "rewritten", "other revision", "deleted", "created again"])
async def test_guards_compare_the_create_revision(bench: Bench, guarded: str) -> None:
    expected, holds = 0, True
    if guarded != "absent":
        expected = await bench.put("a")
    if guarded == "rewritten":
        await bench.put("a", b"later")
    if guarded == "other revision":
        expected, holds = expected + 1, False
    if guarded in ("deleted", "created again"):
        await bench.delete("a")
        holds = False
    if guarded == "created again":
        await bench.put("a")
    then, otherwise = Put(bench.key("then"), b"", 0), Put(bench.key("otherwise"), b"", 0)
    result = await bench.store.txn(Txn(Guard(bench.key("a"), expected), (then,), (otherwise,)))
    assert result.succeeded is holds
    assert ("then" in await bench.names()) is holds
    assert ("otherwise" in await bench.names()) is not holds


async def test_a_guard_for_absence_fails_on_a_key(bench: Bench) -> None:
    last = await bench.put("a")
    result = await bench.store.txn(Txn(Guard(bench.key("a"), 0), (Put(bench.key("a"), b"other", 0),)))
    assert not result.succeeded
    assert result.reads == ()
    assert result.revision == last
    assert (await bench.store.read(Read(bench.all))).candidates[0].value == b"v"


async def test_operations_run_in_order_at_one_revision(bench: Bench) -> None:
    old = await bench.put("old")
    result = await bench.do(
        Read(bench.all),
        Put(bench.key("new"), b"1", 0),
        Read(bench.all, order="oldest", limit=2),
        Delete(bench.key("old")),
        Put(bench.key("last"), b"2", 0),
        Read(bench.all, order="newest"),
    )
    assert result.succeeded
    assert result.revision == old + 1
    assert [names_of(found) for found in result.reads[:2]] == [["old"], ["old", "new"]]
    assert sorted(names_of(result.reads[2])) == ["last", "new"]
    assert {each.create_revision for each in result.reads[2]} == {result.revision}
    assert (await bench.store.read(Read(bench.all))).revision == result.revision


async def test_what_changes_nothing_makes_no_revision(bench: Bench) -> None:
    last = await bench.put("a")
    assert (await bench.do(Read(bench.all))).revision == last
    assert (await bench.do(Delete(bench.key("none")))).revision == last
    assert (await bench.do()).revision == last
    assert await bench.put("a") == last + 1


async def test_a_write_on_an_unknown_lease_writes_nothing_at_all(bench: Bench) -> None:
    last = await bench.put("a")
    with pytest.raises(LeadershipLost, match="lease"):
        await bench.do(Put(bench.key("b"), b"", 0), Delete(bench.key("a")), Put(bench.key("c"), b"", 99))
    snapshot = await bench.store.read(Read(bench.all))
    assert names_of(snapshot.candidates) == ["a"]
    assert snapshot.revision == last


async def test_the_branch_not_taken_may_name_an_unknown_lease(bench: Bench) -> None:
    put = Put(bench.key("a"), b"", 0)
    result = await bench.store.txn(Txn(Guard(bench.key("a"), 0), (put,), (Put(bench.key("a"), b"", 99),)))
    assert result.succeeded


@pytest.mark.parametrize("deletes", [True, False])
async def test_a_key_is_written_once_in_a_transaction(bench: Bench, deletes: bool) -> None:
    key = bench.key("a")
    with pytest.raises(ElectionError):
        await bench.do(Put(key, b"1", 0), Delete(key) if deletes else Put(key, b"2", 0))
    assert await bench.names() == []


@pytest.mark.parametrize("count", [128, 129])
async def test_a_transaction_has_128_operations_at_most(bench: Bench, count: int) -> None:
    puts = [Put(bench.key(f"{number}"), b"", 0) for number in range(count)]
    if count > 128:
        with pytest.raises(ElectionError):
            await bench.do(*puts)
    else:
        await bench.do(*puts)
    assert len(await bench.names()) == (128 if count == 128 else 0)


async def test_the_longest_value_is_stored(bench: Bench) -> None:
    value = b"x" * MAX_VALUE
    await bench.put("a", value)
    assert (await bench.store.read(Read(bench.all))).candidates[0].value == value


async def test_a_value_beyond_the_request_limit_is_refused(etcd_bench: Bench) -> None:
    with pytest.raises(InvalidConfig, match="larger"):
        await etcd_bench.put("a", b"x" * 1_572_864)
    assert await etcd_bench.names() == []


async def test_status(bench: Bench) -> None:
    (status,) = await bench.store.status()
    assert status.endpoint == bench.store.endpoints[0]
    assert status.reachable
    assert status.is_raft_leader
    assert status.version
    assert status.round_trip is not None
    assert 0 <= status.round_trip < bench.store.timeout


async def test_suspicion_of_the_only_endpoint_changes_nothing(bench: Bench) -> None:
    bench.store.suspect(bench.store.endpoints[0])
    await bench.put("a")
    assert await bench.names() == ["a"]


async def test_closing_ends_what_is_open(bench: Bench) -> None:
    async with bench.store.watch([bench.all]) as watch, bench.store.renewals() as renewals:
        reading = [asyncio.ensure_future(changes(watch, 1)), asyncio.ensure_future(anext(aiter(renewals)))]
        await asyncio.sleep(0)
        await bench.store.close()
        results = await asyncio.gather(*reading, return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable, Unavailable]


async def test_a_closed_store_is_unavailable(bench: Bench) -> None:
    store = bench.store
    await store.close()
    with pytest.raises(Unavailable):
        await store.read(Read(bench.all))
    with pytest.raises(Unavailable):
        await bench.put("a")
    with pytest.raises(Unavailable):
        await store.grant(bench.new_lease_id(), 60)
    with pytest.raises(Unavailable):
        async with store.watch([bench.all]):
            pass
    with pytest.raises(Unavailable):
        async with store.renewals() as renewals:
            await renewals.send(1)
    (status,) = await store.status()
    assert not status.reachable
    assert "closed" in status.error
    await store.close()
