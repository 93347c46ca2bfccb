"""What every store owes: watches. What must not be seen is told by the change that is seen in its place."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from election_core.core.model import Candidate, KeyDeleted, KeyPut
from election_core.errors import Compacted
from election_core.store import Delete, KeyRange, Put

from .key_space import KeySpace, changes, names_of


async def test_sees_what_happens_from_now_on(space: KeySpace) -> None:
    lease_id = await space.lease()
    before = await space.put("a", b"before")
    async with space.store.watch([space.all]) as watch:
        assert watch.revision == before
        assert watch.endpoint in space.store.endpoints
        rewritten = await space.put("a", b"after", lease_id)
        created = await space.put("b")
        deleted = await space.delete("a")
        seen = await changes(watch, 3)
    assert [each.revision for each in seen] == [rewritten, created, deleted]
    assert [each.events for each in seen] == [
        (KeyPut(Candidate(space.key("a"), b"after", lease_id, before, rewritten)),),
        (KeyPut(Candidate(space.key("b"), b"v", 0, created, created)),),
        (KeyDeleted(space.key("a")),),
    ]
    assert all(each.observed_at.tzinfo is not None for each in seen)


async def test_sees_the_past_and_then_the_present(space: KeySpace) -> None:
    await space.put("unseen")
    first = await space.put("a")
    second = await space.delete("a")
    third = await space.put("a")
    async with space.store.watch([space.all], start_revision=first) as watch:
        assert watch.revision == third
        past = await changes(watch, 3)
        fourth = await space.put("b")
        (present,) = await changes(watch, 1)
    assert [each.revision for each in (*past, present)] == [first, second, third, fourth]
    assert past[2].events == (KeyPut(Candidate(space.key("a"), b"v", 0, third, third)),)


async def test_can_start_in_the_middle_of_the_past(space: KeySpace) -> None:
    await space.put("a")
    middle = await space.put("b")
    await space.put("elsewhere/c")
    async with space.store.watch([KeyRange.prefix(space.key("b"))], start_revision=middle) as watch:
        await space.put("b")
        seen = await changes(watch, 2)
    assert [names_of(each.events) for each in seen] == [["b"], ["b"]]
    assert seen[0].revision == middle


async def test_can_start_in_the_future(space: KeySpace) -> None:
    last = await space.put("a")
    async with space.store.watch([space.all], start_revision=last + 3) as watch:
        for name in ("b", "c", "d"):
            await space.put(name)
        (change,) = await changes(watch, 1)
    assert names_of(change.events) == ["d"]


async def test_sees_only_its_keys(space: KeySpace) -> None:
    keys = [KeyRange.prefix(space.key("a/"))]
    async with space.store.watch(keys) as watch, space.store.watch([KeyRange(space.key("a"))]) as single:
        for name in ("a", "a/x", "a0", "b", "a/y"):
            await space.put(name)
        await space.put("a", b"again")
        assert [names_of(each.events) for each in await changes(watch, 2)] == [["x"], ["y"]]
        assert [names_of(each.events) for each in await changes(single, 2)] == [["a"], ["a"]]


async def test_can_leave_out_what_is_written(space: KeySpace) -> None:
    past = await space.put("a")
    await space.delete("a")
    async with (
        space.store.watch([space.all], deletes_only=True) as live,
        space.store.watch([space.all], deletes_only=True, start_revision=past) as replayed,
    ):
        await space.do(Put(space.key("b"), b"", 0), Put(space.key("c"), b"", 0))
        await space.do(Put(space.key("d"), b"", 0), Delete(space.key("c")))
        await space.delete("b")
        assert [names_of(each.events) for each in await changes(live, 2)] == [["c"], ["b"]]
        seen = await changes(replayed, 3)
    assert [names_of(each.events) for each in seen] == [["a"], ["c"], ["b"]]
    assert all(isinstance(event, KeyDeleted) for each in seen for event in each.events)


@pytest.mark.parametrize("from_the_past", [False, True])
async def test_revisions_arrive_whole(space: KeySpace, from_the_past: bool) -> None:
    lease_id = await space.lease()
    last = await space.put("last", lease_id=lease_id)

    async def change() -> None:
        await space.do(
            Put(space.key("b"), b"", lease_id), Delete(space.key("last")), Put(space.key("a"), b"", lease_id)
        )
        await space.store.revoke(lease_id)

    if from_the_past:
        await change()
    async with space.store.watch([space.all], start_revision=last + 1 if from_the_past else 0) as watch:
        if not from_the_past:
            await change()
        written, revoked = await changes(watch, 2)
    assert names_of(written.events) == ["b", "last", "a"]
    assert [type(event) for event in written.events] == [KeyPut, KeyDeleted, KeyPut]
    assert revoked.events == (KeyDeleted(space.key("a")), KeyDeleted(space.key("b")))
    assert [written.revision, revoked.revision] == [last + 1, last + 2]


async def test_several_ranges_on_one_watch(space: KeySpace) -> None:
    """A revision that touches both may come as two parts, in any order, and so may different revisions."""
    async with space.store.watch([KeyRange.prefix(space.key("a")), KeyRange(space.key("b"))]) as watch:
        first = await space.put("a1")
        second = await space.put("b")
        await space.put("neither")
        third = await space.delete("b", "a1")
        seen = await changes(watch, 4)
    assert sorted((each.revision, *names_of(each.events)) for each in seen) == [
        (first, "a1"),
        (second, "b"),
        (third, "a1"),
        (third, "b"),
    ]


@pytest.mark.parametrize("lost", [1, 2])
async def test_history_that_is_compacted_is_refused(space: KeySpace, lost: int) -> None:
    """Also when only the very first revision is gone; what etcd itself does then is to leave out its deletes."""
    await space.put("a")
    start = await space.delete("a")
    await space.put("a")
    await space.compact(start + lost - 1)
    with pytest.raises(Compacted) as caught:
        async with space.store.watch([space.all], start_revision=start) as watch:
            await changes(watch, 1)
    assert caught.value.compact_revision == start + lost - 1
    assert caught.value.endpoint in space.store.endpoints


async def test_history_after_a_compaction_is_complete(space: KeySpace) -> None:
    compacted = await space.put("a")
    deleted = await space.delete("a")
    await space.compact(compacted)
    async with space.store.watch([space.all], start_revision=deleted) as watch:
        created = await space.put("b")
        seen = await changes(watch, 2)
    assert [each.revision for each in seen] == [deleted, created]
    assert seen[0].events == (KeyDeleted(space.key("a")),)


async def test_a_compaction_leaves_open_watches_and_keys_alone(space: KeySpace) -> None:
    created = await space.put("a")
    async with space.store.watch([space.all]) as watch:
        await space.compact(await space.put("b"))
        await space.delete("b")
        seen = await changes(watch, 2)
    assert [names_of(each.events) for each in seen] == [["b"], ["b"]]
    assert await space.names(max_create_revision=created) == ["a"]


async def test_watches_do_not_disturb_each_other(space: KeySpace) -> None:
    async with space.store.watch([space.all]) as kept:
        async with space.store.watch([space.all]) as ended:
            await space.put("a")
            assert names_of((await changes(ended, 1))[0].events) == ["a"]
        await space.put("b")
        assert [names_of(each.events) for each in await changes(kept, 2)] == [["a"], ["b"]]


@pytest.mark.parametrize("steps", range(6))
async def test_a_watch_that_is_left_while_it_opens_leaves_its_events_to_nobody(space: KeySpace, steps: int) -> None:
    """H36: neither a watch that was there before nor the next one is given them."""
    async with space.store.watch([KeyRange(space.key("kept"))]) as kept:
        opening = asyncio.create_task(space.store.watch([KeyRange(space.key("left"))]).__aenter__())
        for _ in range(steps):
            await asyncio.sleep(0)
        opening.cancel()
        async with space.store.watch([KeyRange(space.key("next"))]) as following:
            with suppress(asyncio.CancelledError):
                await opening
            for name in ("left", "next", "kept"):
                await space.put(name)
            assert [names_of(each.events) for each in await changes(following, 1)] == [["next"]]
            assert [names_of(each.events) for each in await changes(kept, 1)] == [["kept"]]


async def test_a_watch_can_be_cancelled_and_another_opened(space: KeySpace) -> None:
    started = asyncio.Event()

    async def wait_for_ever() -> None:
        async with space.store.watch([space.all]) as watch:
            started.set()
            async for response in watch:
                assert not response.revisions

    for name in ("a", "b"):
        started.clear()
        waiting = asyncio.create_task(wait_for_ever())
        await started.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with space.store.watch([space.all]) as watch:
            await space.put(name)
            assert names_of((await changes(watch, 1))[0].events) == [name]


async def test_cancelling_while_it_opens_leaves_nothing_behind(space: KeySpace) -> None:
    for rounds in range(4):
        opening = asyncio.create_task(space.store.watch([space.all]).__aenter__())
        for _ in range(rounds):
            await asyncio.sleep(0)
        opening.cancel()
        with suppress(asyncio.CancelledError):
            await opening
    async with space.store.watch([space.all]) as watch:
        await space.put("a")
        assert names_of((await changes(watch, 1))[0].events) == ["a"]


async def test_a_quiet_watch_gives_signs_of_life(space: KeySpace) -> None:
    last = await space.put("elsewhere")
    async with space.store.watch([KeyRange(space.key("quiet"))]) as watch, asyncio.timeout(10):
        watch.wants_progress = True
        response = await anext(aiter(watch))
        assert 0 <= watch.silent_for < 2
    assert response.revisions == ()
    assert response.revision >= last


async def test_who_reads_a_quiet_watch_can_be_woken(space: KeySpace) -> None:
    async with space.store.watch([space.all]) as watch:
        responses = aiter(watch)
        reading = asyncio.ensure_future(anext(responses))
        await asyncio.sleep(0)
        watch.wake()
        watch.wake()
        async with asyncio.timeout(10):
            assert (await reading).revisions == ()
        written = await space.put("a")
        assert [each.revision for each in await changes(watch, 1)] == [written]
