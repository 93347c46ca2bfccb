"""All watches of a client on one member are on one stream: none takes another's events, delays it, or ends it."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from contextlib import AsyncExitStack
from statistics import median
from typing import Any

import pytest

from election_core import Client, PermissionDenied, Unavailable
from election_core.etcd import EtcdStore
from election_core.etcd.watch import EtcdWatch
from election_core.etcd.watch_call import WatchCall
from election_core.store import KeyRange, Put, WatchStream
from electiontui.embedded import EmbeddedEtcd

from ..gateway import ask
from ..metrics import metrics
from ..servers import EACH_ETCD
from .clients import Moments, Raw, eventually, holds, in_line, new_client, note, raw_store, read_until, value_of
from .proxy import Proxy
from .scripted import RANGE, WATCH, ScriptedEtcd

PATIENCE = 2.0
"""Seconds that a watch waits for a sign of life: a machine that is busy may be silent for a part of one, too."""


@pytest.fixture(params=EACH_ETCD)
def server(request: pytest.FixtureRequest) -> EmbeddedEtcd:
    etcd: EmbeddedEtcd = request.getfixturevalue(request.param)
    return etcd


def streams(etcd: EmbeddedEtcd, method: str = "Watch") -> int:
    """How many streams of a method the server has been asked for."""
    for line in metrics(etcd.endpoint).splitlines():
        if line.startswith("grpc_server_started_total") and f'grpc_method="{method}"' in line:
            return int(float(line.rpartition(" ")[2]))
    raise AssertionError(f"the server counts no {method}")


async def keys_of(watch: WatchStream) -> list[bytes]:
    """What the next message of a watch is about, which must come."""
    async with asyncio.timeout(10):
        response = await anext(aiter(watch))
    return [event.key for each in response.revisions for event in each.events]


async def test_three_hundred_campaigns_take_one_stream(server: EmbeddedEtcd, name: str) -> None:
    """H58: a server may allow no more than a hundred on a connection."""
    async with new_client(server.endpoint) as client, new_client(server.endpoint) as other:
        before = await asyncio.to_thread(streams, server)
        leaders = [client.election(f"{name}/{number}", ttl=30).campaign("leader") for number in range(150)]
        await asyncio.gather(*(each.wait() for each in leaders))
        waiters = [other.election(f"{name}/{number}", ttl=30).campaign("waiter") for number in range(150)]
        await in_line(client, f"{name}/149", 2)
        await asyncio.gather(*(each.resign() for each in leaders))
        async with asyncio.timeout(20):
            await asyncio.gather(*(each.wait() for each in waiters))
        assert await asyncio.to_thread(streams, server) - before == 2


async def test_one_question_a_second_whatever_it_carries(etcd: EmbeddedEtcd, name: str) -> None:
    asked: list[float] = []

    def count(response: Any) -> Any:
        if not response.created and not response.canceled and not response.events:
            asked.append(time.monotonic())
        return response

    async with ScriptedEtcd(etcd.endpoint) as scripted, raw_store(scripted.endpoint) as store, AsyncExitStack() as all_:
        scripted.edit_watch(count)
        watches = [
            await all_.enter_async_context(store.watch([KeyRange(f"{name}/{number}".encode())])) for number in range(50)
        ]
        watches[0].wants_progress = True
        asked.clear()  # to open so many may take some seconds
        for _ in range(3):
            assert await keys_of(watches[0]) == []
        assert len(asked) <= 4
        assert max(each.silent_for for each in watches) < 1
        assert all(isinstance(each, EtcdWatch) and not each._unread for each in watches[1:])


async def test_who_answers_no_question_is_judged_by_a_read(scripted: ScriptedEtcd, name: str) -> None:
    """H57: also where nothing else tells that there is a proxy in between; and once it does not answer that either."""
    scripted.edit_watch(lambda response: response if response.created or response.events else None)
    async with (
        raw_store(scripted.endpoint, timeout=PATIENCE) as store,
        store.watch([KeyRange(f"{name}/a".encode())]) as watch,
    ):
        await holds(lambda: watch.silent_for < 2 + PATIENCE, 3 * (1 + PATIENCE))
        await Raw(store).do(Put(f"{name}/a".encode(), b"", 0))
        assert await keys_of(watch) == [f"{name}/a".encode()]
        scripted.delay(RANGE, 60)
        with pytest.raises(Unavailable, match="silent for too long"):
            await keys_of(watch)


@pytest.mark.parametrize("watch_id", [0, -1, 1 << 32, (1 << 32) + 1, (1 << 32) + 3])
async def test_a_refused_watch_with_any_id_leaves_the_others_alone(
    scripted: ScriptedEtcd, name: str, watch_id: int
) -> None:
    """H35: it may be that of a watch which is established, or of one that is being created behind it."""
    async with raw_store(scripted.endpoint) as store, AsyncExitStack() as stack:
        first, second = [
            await stack.enter_async_context(store.watch([KeyRange(f"{name}/{each}".encode())])) for each in "ab"
        ]
        scripted.refuse_watches("etcdserver: permission denied", 1, watch_id)
        refused = asyncio.create_task(store.watch([KeyRange(f"{name}/refused".encode())]).__aenter__())
        behind_it = asyncio.create_task(stack.enter_async_context(store.watch([KeyRange(f"{name}/c".encode())])))
        with pytest.raises(PermissionDenied):
            await refused
        third = await behind_it
        for each in ("refused", "a", "b", "c"):
            await Raw(store).do(Put(f"{name}/{each}".encode(), b"", 0))
        for each, watch in (("a", first), ("b", second), ("c", third)):
            assert await keys_of(watch) == [f"{name}/{each}".encode()]
        assert scripted.calls[WATCH] == 1


async def test_an_answer_to_another_creation_ends_the_stream(scripted: ScriptedEtcd, name: str) -> None:
    """H35: nothing is guessed: all are opened again, and nobody is given another's events."""
    swap: list[bool] = []

    def swapped(response: Any) -> Any:
        if response.created and swap:
            response.watch_id += swap.pop()
        return response

    async with raw_store(scripted.endpoint) as store, store.watch([KeyRange(f"{name}/a".encode())]) as first:
        swap.append(True)
        scripted.edit_watch(swapped)
        with pytest.raises(Unavailable, match="another id"):
            async with store.watch([KeyRange(f"{name}/b".encode())]):
                pass
        await Raw(store).do(Put(f"{name}/b".encode(), b"", 0))
        with pytest.raises(Unavailable, match="another id"):
            await keys_of(first)
        async with store.watch([KeyRange(f"{name}/b".encode())]) as second:
            await Raw(store).do(Put(f"{name}/b".encode(), b"", 0))
            assert await keys_of(second) == [f"{name}/b".encode()]


@pytest.mark.parametrize("from_now", [True, False])
async def test_an_event_before_the_watch_is_established_is_not_lost(
    scripted: ScriptedEtcd, etcd: EmbeddedEtcd, name: str, from_now: bool
) -> None:
    """The first range is being watched already when the second is not yet."""
    first, second = f"{name}/a".encode(), f"{name}/b".encode()
    created: list[int] = []
    async with raw_store(etcd.endpoint) as direct, raw_store(scripted.endpoint) as store:
        last = await Raw(direct).do(Put(f"{name}/other".encode(), b"", 0))

        def between(response: Any) -> Any:
            if response.created and not created:
                created.append(write_at_once(etcd, first))
            return response

        scripted.edit_watch(between)
        ranges = [KeyRange(first), KeyRange(second)]
        async with store.watch(ranges, start_revision=0 if from_now else last) as watch:
            assert watch.revision >= created[0]
            await Raw(direct).do(Put(second, b"", 0))
            await Raw(direct).do(Put(first, b"2", 0))
            seen: list[bytes] = []
            while len(seen) < 3:
                seen += await keys_of(watch)
            assert sorted(seen) == [first, first, second]


def write_at_once(etcd: EmbeddedEtcd, key: bytes) -> int:
    """Write a key, and let this program do nothing else meanwhile; the revision of it."""
    return int(ask(etcd.endpoint, "kv/put", key=b64encode(key).decode(), value="")["header"]["revision"])


async def test_a_monitors_watch_has_a_stream_of_its_own(server: EmbeddedEtcd, name: str) -> None:
    """What is written to a whole prefix is not in the way of a campaign that waits for one key."""
    before = await asyncio.to_thread(streams, server)

    async def are_three() -> bool:
        return await asyncio.to_thread(streams, server) - before == 3

    async with new_client(server.endpoint) as client, client.election(name).campaign("leader"):
        client.election(name).campaign("waiter")
        async with client.monitor(f"{name}-all"), client.monitor(f"{name}-more"):
            await eventually(are_three, "one stream for both candidates, and one for each monitor")


async def test_a_busy_prefix_does_not_delay_a_waiter(etcd: EmbeddedEtcd, name: str) -> None:
    """The server is as busy where nobody watches that prefix."""
    took: dict[bool, list[float]] = {False: [], True: []}
    async with new_client(etcd.endpoint) as client, new_client(etcd.endpoint) as other, raw_store(etcd.endpoint) as raw:
        for is_watched in (False, True):
            async with client.monitor(name if is_watched else f"{name}-quiet") as monitor:
                work = asyncio.create_task(flood(raw, name))
                for number in range(10):
                    leader = await other.election(f"{is_watched}/{number}", prefix=f"{name}-e").campaign("leader")
                    waiter = Moments(client.election(f"{is_watched}/{number}", prefix=f"{name}-e").campaign("waiter"))
                    await two_in_line(other, f"{is_watched}/{number}", f"{name}-e")
                    began = time.monotonic()
                    await leader.resign()
                    took[is_watched].append(await waiter.elected() - began)
                work.cancel()
                assert monitor.connected
    note("hand-over", unwatched=median(took[False]), watched=median(took[True]))
    assert median(took[True]) < median(took[False]) + 0.25


async def two_in_line(client: Client, name: str, prefix: str) -> None:
    async def are_there() -> bool:
        return len(await client.election(name, prefix=prefix).candidates()) == 2

    await eventually(are_there, "two in line")


async def flood(store: EtcdStore, name: str) -> None:
    """A megabyte at a time, as fast as etcd takes it."""
    raw = Raw(store)
    while True:
        await raw.do(Put(f"{name}/busy".encode(), bytes(1_000_000), 0))


async def test_who_does_not_read_loses_its_watch_and_harms_nobody(
    etcd: EmbeddedEtcd, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H58: what is kept for it is bounded."""
    monkeypatch.setattr("election_core.etcd.watch._ROOM", 300_000)
    async with (
        raw_store(etcd.endpoint) as store,
        store.watch([KeyRange(f"{name}/slow".encode())]) as slow,
        store.watch([KeyRange(f"{name}/kept".encode())]) as kept,
    ):
        assert isinstance(slow, EtcdWatch)
        for _ in range(50):
            await Raw(store).do(Put(f"{name}/slow".encode(), bytes(10_000), 0))
        await Raw(store).do(Put(f"{name}/kept".encode(), b"", 0))
        assert await keys_of(kept) == [f"{name}/kept".encode()]
        assert slow._size <= 310_000
        with pytest.raises(Unavailable, match="not read"):
            await keys_of(slow)
        await Raw(store).do(Put(f"{name}/kept".encode(), b"", 0))
        assert await keys_of(kept) == [f"{name}/kept".encode()]


async def test_a_wide_watch_that_is_not_read_is_held_up_and_loses_nothing(
    etcd: EmbeddedEtcd, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H58: a first read of a busy prefix may take long; a watch that ended meanwhile would begin it over and over."""
    monkeypatch.setattr("election_core.etcd.watch._ROOM", 300_000)
    async with (
        raw_store(etcd.endpoint) as direct,
        raw_store(etcd.endpoint, timeout=PATIENCE) as store,
        store.watch([KeyRange.prefix(name.encode())], wide=True) as wide,
    ):
        assert isinstance(wide, EtcdWatch)
        for _ in range(100):
            await Raw(direct).do(Put(f"{name}/slow".encode(), bytes(10_000), 0))
        # Longer than it takes to ask for a sign of life and to miss it.
        await holds(lambda: wide._size <= 400_000, 1 + PATIENCE + 1 + 1)
        seen = 0
        while seen < 100:
            seen += len(await keys_of(wide))


async def test_all_come_back_on_one_stream(proxy: Proxy, etcd: EmbeddedEtcd, direct: Client, name: str) -> None:
    """H58: a stream that breaks takes all its watches with it, and nothing else."""
    async with new_client(proxy.endpoint) as client:
        elections = [client.election(f"{name}/{number}", ttl=30) for number in range(100)]
        leaders = [Moments(each.campaign("leader")) for each in elections]
        for each in leaders:
            await each.elected()
        waiters = [Moments(direct.election(f"{name}/{number}", ttl=30).campaign("waiter")) for number in range(100)]
        await asyncio.gather(*(in_line(direct, f"{name}/{number}", 2) for number in range(100)))
        before = await asyncio.to_thread(streams, etcd)
        reads = await asyncio.to_thread(streams, etcd, "Range")
        began, cut = time.monotonic(), shared_by(client)
        proxy.cut()
        proxy.heal()

        async def all_are_back() -> bool:
            return shared_by(client) is not cut and established(client) == 100

        await eventually(all_are_back, "all watches are back", 15)
        note("100 watches", back_after=time.monotonic() - began)
        assert await asyncio.to_thread(streams, etcd) - before <= 3
        assert await asyncio.to_thread(streams, etcd, "Range") - reads <= 250
        await asyncio.gather(*(each.campaign.resign() for each in leaders))
        for each in waiters:
            await each.elected()


def shared_by(client: Client) -> WatchCall | None:
    """The stream that its watches are on."""
    store = client._runtime.store
    assert isinstance(store, EtcdStore)
    return store._members.all[0].shared_watches


def established(client: Client) -> int:
    shared = shared_by(client)
    return 0 if shared is None else len(shared._watches)


async def test_a_denied_watch_ends_alone(scripted: ScriptedEtcd, direct: Client, name: str) -> None:
    """H35: with an account, a denial may be an outdated token's fault, and costs some; nobody else notices."""
    client = Client(scripted.endpoint, username="u", password="p")
    async with client, client.election(name).observe() as observer:
        broken: list[object] = []
        observer.on("disconnected", broken.append)
        scripted.refuse_watches("rpc error: code = PermissionDenied desc = etcdserver: permission denied", 5)
        with pytest.raises(PermissionDenied):
            await client.election(f"{name}-2").observe()
        leader = await direct.election(name).campaign("leader")
        await read_until(observer, lambda each: value_of(each) == "leader", 5)
        assert broken == []
        await leader.resign()
