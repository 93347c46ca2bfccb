"""The clock by hand, and what breaks on demand in the store in memory. Its rules are the contract's tests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from election_core import Client
from election_core.clock import Alarm, sleep
from election_core.core.model import KeyDeleted
from election_core.errors import Compacted, LeadershipLost, Unavailable
from election_core.store import Delete, Guard, KeyRange, Put, Read, Txn, WatchResponse, WatchStream
from election_core.testing import ManualClock, MemoryStore

ALL = KeyRange.prefix(b"")


def put(key: bytes, lease_id: int = 0, *, create_revision: int | None = None) -> Txn:
    guard = Guard(b"never-there", 0) if create_revision is None else Guard(key, create_revision)
    return Txn(guard, (Put(key, b"v", lease_id),))


async def keys(store: MemoryStore) -> list[bytes]:
    return [each.key for each in (await store.read(Read(ALL))).candidates]


async def settle() -> None:
    """Let everything run that is not waiting for the clock."""
    for _ in range(20):
        await asyncio.sleep(0)


async def next_change(watch: WatchStream) -> WatchResponse:
    async for response in watch:
        if response.revisions:
            return response
    raise AssertionError("a watch ends only by an error")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(clock: ManualClock) -> MemoryStore:
    return MemoryStore(clock=clock, timeout=5.0)


class TestManualClock:
    def test_fires_in_order_at_each_timers_own_moment(self, clock: ManualClock) -> None:
        fired: list[tuple[str, float]] = []

        def note(name: str) -> Callable[[], None]:
            return lambda: fired.append((name, clock.now()))

        for name, moment in (("late", 3.0), ("early", 1.0), ("also late", 3.0), ("not yet", 3.5)):
            clock.call_at(moment, note(name))
        clock.advance(3.25)
        assert fired == [("early", 1.0), ("late", 3.0), ("also late", 3.0)]
        assert clock.now() == 3.25
        clock.advance(0.25)
        assert fired[3:] == [("not yet", 3.5)]

    def test_fires_what_is_set_on_the_way(self, clock: ManualClock) -> None:
        fired: list[float] = []

        def again() -> None:
            fired.append(clock.now())
            clock.call_at(clock.now() + 2, again)

        clock.call_at(2, again)
        clock.advance(7)
        assert fired == [2, 4, 6]

    def test_a_cancelled_timer_does_not_fire(self, clock: ManualClock) -> None:
        fired: list[str] = []
        timer = clock.call_at(2, lambda: fired.append("cancelled"))
        clock.call_at(1, timer.cancel)
        clock.call_at(3, lambda: fired.append("kept"))
        clock.advance(3)
        assert fired == ["kept"]

    def test_time_does_not_go_back(self, clock: ManualClock) -> None:
        clock.advance(5)
        moments: list[float] = []
        clock.call_at(1, lambda: moments.append(clock.now()))
        clock.advance(0)
        assert moments == [5]
        with pytest.raises(ValueError, match="back"):
            clock.advance(-1)

    def test_a_callback_cannot_advance_it(self, clock: ManualClock) -> None:
        clock.call_at(1, lambda: clock.advance(1))
        with pytest.raises(RuntimeError, match="callback"):
            clock.advance(1)

    async def test_what_is_due_at_once_needs_no_advance(self, clock: ManualClock) -> None:
        async with asyncio.timeout(5):
            await sleep(clock, 0)
            await Alarm(clock).sleep_until(-1)

    async def test_elapse_lets_tasks_react_to_each_moment(self, clock: ManualClock) -> None:
        moments: list[float] = []

        async def tick() -> None:
            while True:
                moments.append(clock.now())
                await sleep(clock, 10)

        ticking = asyncio.create_task(tick())
        await clock.elapse(35)
        assert moments == [0, 10, 20, 30]
        assert clock.now() == 35
        ticking.cancel()

    async def test_advance_is_a_blocked_loop(self, clock: ManualClock) -> None:
        sleeping = asyncio.create_task(sleep(clock, 10))
        await settle()
        clock.advance(100)
        assert not sleeping.done()
        await sleeping


class TestLeases:
    async def test_a_lease_ends_at_its_time_and_not_before(self, store: MemoryStore, clock: ManualClock) -> None:
        await store.grant(1, 10)
        for key in (b"b", b"a"):
            await store.txn(put(key, 1))
        async with store.watch([ALL]) as watch:
            clock.advance(9.5)
            info = await store.lease(1)
            assert info is not None
            assert info.remaining == 0
            assert await keys(store) == [b"a", b"b"]
            clock.advance(0.5)
            (revision,) = (await next_change(watch)).revisions
        assert revision.events == (KeyDeleted(b"a"), KeyDeleted(b"b"))
        assert await store.lease(1) is None
        with pytest.raises(LeadershipLost):
            await store.txn(put(b"a", 1))

    async def test_a_renewal_starts_the_time_afresh(self, store: MemoryStore, clock: ManualClock) -> None:
        await store.grant(1, 10)
        await store.grant(2, 10)
        async with store.renewals() as renewals:
            clock.advance(8)
            await renewals.send(1)
            assert await anext(aiter(renewals)) == (1, 10)
            clock.advance(9.5)
            assert await store.lease(2) is None
            assert await store.lease(1) is not None
            clock.advance(0.5)
            assert await store.lease(1) is None

    async def test_leases_of_one_moment_end_in_revisions_of_their_own(
        self, store: MemoryStore, clock: ManualClock
    ) -> None:
        for lease_id in (2, 1):
            await store.grant(lease_id, 10)
            await store.txn(put(b"%d" % lease_id, lease_id))
        async with store.watch([ALL]) as watch:
            clock.advance(10)
            seen = [(await next_change(watch)).revisions[0] for _ in range(2)]
        assert [each.events for each in seen] == [(KeyDeleted(b"1"),), (KeyDeleted(b"2"),)]
        assert seen[0].revision + 1 == seen[1].revision

    @pytest.mark.parametrize("request_kind", ["read", "txn", "lease", "renewal", "revoke"])
    async def test_no_request_finds_a_lease_after_its_time(self, request_kind: str) -> None:
        """Not even where the timer is late, as on a blocked event loop."""

        class LateClock(ManualClock):
            def call_at(self, moment: float, callback: Callable[[], None]) -> Any:
                return super().call_at(moment + 1000, callback)

        clock = LateClock()
        store = MemoryStore(clock=clock)
        await store.grant(1, 10)
        await store.txn(put(b"a", 1))
        clock.advance(10)
        if request_kind == "read":
            assert await keys(store) == []
        elif request_kind == "txn":
            assert (await store.txn(put(b"a", create_revision=0))).succeeded
        elif request_kind == "lease":
            assert await store.lease(1) is None
        elif request_kind == "revoke":
            assert await store.revoke(1) is False
        else:
            async with store.renewals() as renewals:
                await renewals.send(1)
                assert await anext(aiter(renewals)) == (1, 0)

    async def test_the_minimum_can_be_chosen(self, clock: ManualClock) -> None:
        assert (await MemoryStore(clock=clock, minimum_ttl=5).grant(1, 1)).granted_ttl == 5

    async def test_expire(self, store: MemoryStore) -> None:
        await store.grant(1, 10)
        await store.txn(put(b"a", 1))
        assert store.expire(1) is True
        assert await keys(store) == []
        assert store.expire(1) is False


class TestCompact:
    async def test_up_to_now(self, store: MemoryStore) -> None:
        last = (await store.txn(put(b"a"))).revision
        assert store.compact() == last
        with pytest.raises(Compacted) as caught:
            async with store.watch([ALL], start_revision=last) as watch:
                await next_change(watch)
        assert caught.value.compact_revision == last

    async def test_not_twice_and_not_ahead(self, store: MemoryStore) -> None:
        last = (await store.txn(put(b"a"))).revision
        with pytest.raises(ValueError, match="compacted"):
            store.compact(last + 1)
        store.compact()
        with pytest.raises(ValueError, match="compacted"):
            store.compact(last)


class TestPartition:
    async def test_a_call_hangs_until_its_timeout(self, store: MemoryStore, clock: ManualClock) -> None:
        store.partition()
        writing = asyncio.create_task(store.txn(put(b"a")))
        await settle()
        clock.advance(4.9)
        await settle()
        assert not writing.done()
        clock.advance(0.1)
        with pytest.raises(Unavailable) as caught:
            await writing
        assert caught.value.endpoint == store.endpoints[0]
        store.heal()
        assert await keys(store) == []

    async def test_a_call_that_was_open_may_have_been_carried_out(self, store: MemoryStore, clock: ManualClock) -> None:
        writing = asyncio.create_task(store.txn(put(b"a")))
        for _ in range(2):  # to the server, but not back
            await asyncio.sleep(0)
        store.partition()
        await clock.elapse(5)
        with pytest.raises(Unavailable):
            await writing
        assert await keys(store.another()) == [b"a"]

    async def test_healing_lets_a_call_through(self, store: MemoryStore, clock: ManualClock) -> None:
        store.partition()
        writing = asyncio.create_task(store.txn(put(b"a")))
        await clock.elapse(4)
        store.heal()
        assert (await writing).succeeded
        assert await keys(store) == [b"a"]

    async def test_another_client_is_not_cut_off(self, store: MemoryStore) -> None:
        other = store.another(endpoint="memory:2")
        store.partition()
        await other.txn(put(b"a"))
        assert await keys(other) == [b"a"]
        assert other.endpoints == ("memory:2",)
        store.heal()
        assert await keys(store) == [b"a"]

    async def test_streams_are_silent_and_then_fail(self, store: MemoryStore, clock: ManualClock) -> None:
        other = store.another()
        async with store.watch([ALL]) as watch, store.renewals() as renewals:
            store.partition()
            await renewals.send(1)
            await other.txn(put(b"a"))
            reading = [asyncio.ensure_future(next_change(watch)), asyncio.ensure_future(anext(aiter(renewals)))]
            await clock.elapse(4.9)
            assert not any(each.done() for each in reading)
            await clock.elapse(0.1)
            for each in reading:
                with pytest.raises(Unavailable):
                    await each
            store.heal()
            with pytest.raises(Unavailable):
                await next_change(watch)
            with pytest.raises(Unavailable):
                await renewals.send(1)

    async def test_healing_in_time_delivers_what_was_held_up(self, store: MemoryStore, clock: ManualClock) -> None:
        """A renewal counts from its arrival."""
        other = store.another()
        await store.grant(1, 10)
        async with store.watch([ALL]) as watch, store.renewals() as renewals:
            store.partition()
            await renewals.send(1)
            await other.txn(put(b"a"))
            await clock.elapse(4)
            store.heal()
            assert await anext(aiter(renewals)) == (1, 10)
            assert (await next_change(watch)).revisions[0].events[0].key == b"a"
            await clock.elapse(9)
        assert await store.lease(1) is not None

    async def test_the_server_goes_on(self, store: MemoryStore, clock: ManualClock) -> None:
        await store.grant(1, 10)
        await store.txn(put(b"a", 1))
        store.partition()
        clock.advance(10)
        store.heal()
        assert await keys(store) == []

    async def test_status_says_so(self, store: MemoryStore, clock: ManualClock) -> None:
        store.partition()
        asking = asyncio.create_task(store.status())
        await clock.elapse(5)
        (status,) = await asking
        assert not status.reachable
        assert status.error

    async def test_closing_does_not_wait_for_it(self, store: MemoryStore) -> None:
        store.partition()
        writing = asyncio.create_task(store.txn(put(b"a")))
        await settle()
        await store.close()
        with pytest.raises(Unavailable, match="closed"):
            await writing


async def _grant_and_revoke(store: MemoryStore) -> None:
    await store.grant(1, 10)
    await store.revoke(1)


class TestFaults:
    async def test_break_streams(self, store: MemoryStore) -> None:
        async with store.watch([ALL]) as watch, store.renewals() as renewals:
            store.break_streams()
            with pytest.raises(Unavailable):
                await next_change(watch)
            with pytest.raises(Unavailable):
                await anext(aiter(renewals))
        async with store.watch([ALL]) as watch:
            await store.txn(put(b"a"))
            assert (await next_change(watch)).revisions[0].events[0].key == b"a"

    async def test_drop_next_reply(self, store: MemoryStore) -> None:
        store.drop_next_reply()
        assert await store.grant(1, 10)
        await store.txn(Txn(Guard(b"a", 0), (Delete(b"a"),)))
        with pytest.raises(Unavailable):
            await store.txn(put(b"a"))
        assert await keys(store) == [b"a"]
        await store.txn(put(b"b"))

    @pytest.mark.parametrize("call", ["grant", "revoke"])
    async def test_drop_next_reply_of_a_lease(self, store: MemoryStore, call: Any) -> None:
        store.drop_next_reply(call)
        with pytest.raises(Unavailable):
            await _grant_and_revoke(store)
        assert (await store.lease(1) is not None) is (call == "grant")
        await store.grant(1, 10)
        assert await store.revoke(1)

    async def test_lose_event(self, store: MemoryStore) -> None:
        first = (await store.txn(put(b"a"))).revision
        other = store.another()
        async with store.watch([ALL]) as watch, other.watch([ALL]) as unharmed:
            store.lose_event(b"a")
            await store.txn(Txn(Guard(b"z", 0), (Delete(b"a"), Put(b"b", b"", 0))))
            await store.txn(put(b"a"))
            seen = [(await next_change(watch)).revisions[0] for _ in range(2)]
            assert [event.key for each in seen for event in each.events] == [b"b", b"a"]
            assert len((await next_change(unharmed)).revisions[0].events) == 2
        async with store.watch([ALL], start_revision=first + 1) as again:
            assert len((await next_change(again)).revisions[0].events) == 2

    async def test_refuse_watch(self, store: MemoryStore) -> None:
        store.refuse_watch()
        with pytest.raises(Unavailable, match="refused"):
            async with store.watch([ALL]):
                pass
        async with store.watch([ALL]) as watch:
            assert watch.revision == 1

    async def test_suspicions_are_kept(self, store: MemoryStore) -> None:
        store.suspect("memory:1")
        assert store.suspected == ["memory:1"]

    async def test_the_guard_is_the_guard(self, store: MemoryStore) -> None:
        assert store.guard(Guard(b"a", 1)) == Guard(b"a", 1)


CALLS: dict[str, Callable[[MemoryStore], Awaitable[object]]] = {
    "txn": lambda store: store.txn(put(b"a", 1)),
    "grant": lambda store: store.grant(2, 10),
    "revoke": lambda store: store.revoke(1),
}


@pytest.mark.parametrize("call", CALLS)
async def test_a_cancelled_call_has_been_carried_out_or_not(call: str) -> None:
    """Both happen: a sweep over every await finds the one and the other."""
    outcomes = []
    for rounds in range(1, 4):
        store = MemoryStore(clock=ManualClock())
        await store.grant(1, 10)
        before = (await keys(store), await store.lease(1), await store.lease(2))
        task = asyncio.ensure_future(CALLS[call](store))
        for _ in range(rounds):
            await asyncio.sleep(0)
        task.cancel()
        outcome = await asyncio.gather(task, return_exceptions=True)
        after = (await keys(store), await store.lease(1), await store.lease(2))
        outcomes.append((isinstance(outcome[0], asyncio.CancelledError), after != before))
    assert outcomes == [(True, False), (True, True), (False, True)]


async def test_cancelling_an_opening_watch_leaves_none() -> None:
    for rounds in range(1, 4):
        store = MemoryStore(clock=ManualClock())
        opening = asyncio.ensure_future(store.watch([ALL]).__aenter__())
        for _ in range(rounds):
            await asyncio.sleep(0)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        if rounds < 3:
            assert opening.cancelled()
            assert not store._watches
            assert not store._link.streams


async def test_a_cancelled_reader_loses_no_event(store: MemoryStore) -> None:
    await store.grant(1, 10)
    await store.txn(put(b"a", 1))
    async with store.watch([ALL]) as watch:
        reading = asyncio.ensure_future(next_change(watch))
        await settle()
        store.expire(1)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert reading.cancelled()
        assert (await next_change(watch)).revisions[0].events[0].key == b"a"


async def test_a_quiet_watch_gives_one_sign_of_life_at_a_time(store: MemoryStore, clock: ManualClock) -> None:
    async with store.watch([ALL]) as watch:
        reading = asyncio.ensure_future(anext(aiter(watch)))
        await clock.elapse(30)
        assert not reading.done(), "nobody asked for them"
        assert watch.silent_for == 0
        watch.wants_progress = True
        await clock.elapse(0.9)
        assert not reading.done()
        await clock.elapse(0.1)
        assert (await reading).revisions == ()
        await clock.elapse(30)
        await store.txn(put(b"a"))
        responses = aiter(watch)
        assert [len((await anext(responses)).revisions) for _ in range(2)] == [0, 1]


async def test_an_ended_watch_leaves_no_timer(store: MemoryStore, clock: ManualClock) -> None:
    async with store.watch([ALL]):
        assert clock._next_moment() is not None
    assert clock._next_moment() is None


async def test_the_example_of_the_package() -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    async with Client.over(store, clock) as first, Client.over(store.another(), clock) as second:
        old = await first.election("job").campaign("host-a").wait()
        new = second.election("job").campaign("host-b")
        await clock.elapse(3600)
        assert old.is_leader
        store.partition()
        await clock.elapse(59)
        assert not old.is_leader
        assert not new.is_leader
        await clock.elapse(1)
        assert new.is_leader
        store.heal()
