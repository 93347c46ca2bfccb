"""Guarantee 5 where things go wrong: cuts, compactions, slow readers. On a server in memory, on a clock by hand."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from election_core import Campaign, Client, Compacted, ElectionError, ElectionObserver, Transition, Unavailable
from election_core.shell.subscription import Subscription
from election_core.store import KeyRange, Store, WatchStream
from election_core.testing import MemoryStore

from .stage import Stage

SUBSCRIPTIONS: dict[str, Callable[[Client], Subscription]] = {
    "observer": lambda client: client.election("job").observe(),
    "monitor": lambda client: client.monitor(),
}


@pytest.fixture(params=SUBSCRIPTIONS)
def watch(request: pytest.FixtureRequest) -> Callable[[Client], Subscription]:
    return SUBSCRIPTIONS[request.param]


class Scene:
    """A leader, and a subscription over a link of its own."""

    def __init__(self, stage: Stage, watch: Callable[[Client], Subscription]) -> None:
        self.stage = stage
        self.election = stage.client().election("job")
        self.link: MemoryStore = stage.store(timeout=2.0)
        self.subscription = watch(stage.client(self.link))
        self.events: list[str] = []
        self.errors: list[object] = []
        self.subscription.on("disconnected", lambda _: self.events.append("disconnected"))
        self.subscription.on("disconnected", self.errors.append)
        self.subscription.on("connected", lambda: self.events.append("connected"))

    async def begin(self) -> Campaign:
        leader = await self.stage.finish(self.election.campaign("0").wait())
        await self.stage.finish(self.subscription.__aenter__())
        return leader

    async def next_term(self, leader: Campaign, value: str) -> Campaign:
        await self.stage.finish(leader.resign())
        return await self.stage.finish(self.election.campaign(value).wait())

    async def read(self) -> list[Transition]:
        await self.subscription.cancel()
        return [transition async for transition in self.subscription]


async def test_a_cut_without_compaction_hides_nothing(stage: Stage, watch: Callable[[Client], Subscription]) -> None:
    scene = Scene(stage, watch)
    leader = await scene.begin()
    scene.link.partition()
    for value in ("1", "2", "3"):
        leader = await scene.next_term(leader, value)
        await stage.clock.elapse(5)
    assert scene.events == ["disconnected"]
    assert isinstance(scene.errors[0], Unavailable)
    assert not scene.subscription.connected
    scene.link.heal()
    await stage.clock.elapse(3)
    assert scene.events == ["disconnected", "connected"]
    assert scene.subscription.connected
    transitions = await scene.read()
    kinds = [(each.kind, each.after and each.after.value) for each in transitions]
    assert kinds == [pair for i in (b"1", b"2", b"3") for pair in (("vacated", None), ("elected", i))]
    assert not any(each.gap for each in transitions)
    assert [each.revision for each in transitions] == sorted({each.revision for each in transitions})


@pytest.mark.parametrize("vacant", [False, True])
async def test_a_cut_with_compaction_is_a_gap(
    stage: Stage, watch: Callable[[Client], Subscription], vacant: bool
) -> None:
    """Also where nobody led on both sides of it: the next transition says that terms may be missing."""
    scene = Scene(stage, watch)
    leader = await scene.begin()
    if vacant:
        await stage.finish(leader.resign())
        await stage.clock.elapse(0)
    scene.link.partition()
    leader = await scene.next_term(leader, "1")
    if vacant:
        await stage.finish(leader.resign())
    stage.server.compact()
    await stage.clock.elapse(10)
    scene.link.heal()
    await stage.clock.elapse(3)
    assert any(isinstance(error, Compacted) for error in scene.errors)
    assert scene.subscription.connected
    last = await stage.finish(scene.election.campaign("2").wait()) if vacant else await scene.next_term(leader, "2")
    await stage.clock.elapse(0)
    transitions = await scene.read()
    seen = [(each.kind, each.gap) for each in transitions]
    if vacant:
        assert seen == [("vacated", False), ("elected", True)]
    else:
        assert seen == [("succeeded", True), ("vacated", False), ("elected", False)]
    after = transitions[-1].after
    assert after is not None
    assert after.create_revision == last.fencing_token


@pytest.mark.parametrize("compacted", [True, False])
async def test_an_election_that_came_and_went_while_a_monitor_was_cut_off(stage: Stage, compacted: bool) -> None:
    """It is seen for the first time when somebody leads it again, which is not its beginning unless all was seen."""
    scene = Scene(stage, SUBSCRIPTIONS["monitor"])
    await scene.begin()
    unseen = stage.client().election("unseen")
    scene.link.partition()
    await stage.clock.elapse(10)
    await stage.finish((await stage.finish(unseen.campaign("1").wait())).resign())
    if compacted:
        stage.server.compact()
    scene.link.heal()
    await stage.clock.elapse(3)
    assert scene.subscription.connected
    await stage.finish(unseen.campaign("2").wait())
    await stage.clock.elapse(0)
    seen = [(each.election, each.kind, each.gap) for each in await scene.read()]
    if compacted:
        assert seen == [("unseen", "elected", True)]
    else:
        assert seen == [("unseen", kind, False) for kind in ("elected", "vacated", "elected")]


class FailingWatches:
    """A store whose watches fail as none should."""

    def __init__(self, store: Store) -> None:
        self._below = store
        self.failure: BaseException | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)

    def watch(self, keys: Sequence[KeyRange], **how: Any) -> AbstractAsyncContextManager[WatchStream]:
        if self.failure is not None:
            raise self.failure
        return self._below.watch(keys, **how)


@pytest.mark.parametrize("failure", [RuntimeError("odd"), asyncio.CancelledError()], ids=["error", "cancelled"])
async def test_a_defect_does_not_end_the_watching_without_a_word(stage: Stage, failure: BaseException) -> None:
    """Neither does a cancellation that nobody asked for. Whoever reads is told each time, by an error of its own."""
    link = stage.store()
    store = FailingWatches(link)
    told: list[ElectionError] = []
    observer = await stage.client(store).election("job").observe()
    observer.on("error", told.append)
    store.failure = failure
    link.break_streams()
    await stage.clock.elapse(3)
    assert observer.closed
    assert [each.__cause__ for each in told] == [failure]
    for _ in range(2):
        with pytest.raises(ElectionError, match="defect of election_core") as caught:
            await anext(observer)
        assert caught.value is not told[0]
        assert len(traceback.extract_tb(caught.value.__traceback__)) == 2
    stage.unhandled.clear()


def test_an_exit_in_a_callback_ends_the_program_and_is_no_defect() -> None:
    told: list[object] = []
    observers: list[ElectionObserver] = []

    async def program() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        election = Client.over(MemoryStore()).election("job")
        observers.append(await election.observe())
        observers[0].on("change", lambda _: sys.exit(3))
        await election.campaign("a")
        await asyncio.Event().wait()

    with pytest.raises(SystemExit) as caught:
        asyncio.run(program())
    assert caught.value.code == 3
    assert told == []
    (observer,) = observers
    assert observer.closed
    assert str(observer.last_error) == (
        "The watching of the election 'job' was ended by SystemExit(3); start again if the program goes on."
    )


async def test_streams_that_break_cost_nothing(stage: Stage, watch: Callable[[Client], Subscription]) -> None:
    scene = Scene(stage, watch)
    leader = await scene.begin()
    for i in range(1, 8):
        scene.link.break_streams()
        leader = await scene.next_term(leader, str(i))
        await stage.clock.elapse(1)
    transitions = await scene.read()
    assert [each.after.value for each in transitions if each.after] == [b"%d" % i for i in range(1, 8)]
    assert not any(each.gap for each in transitions)


async def test_staleness_tells_for_how_long_nothing_was_heard(
    stage: Stage, watch: Callable[[Client], Subscription]
) -> None:
    scene = Scene(stage, watch)
    await scene.begin()
    for _ in range(20):
        await stage.clock.elapse(0.7)
        assert scene.subscription.staleness <= 1.1
    scene.link.partition()
    await stage.clock.elapse(30)
    assert 29 <= scene.subscription.staleness <= 31.1
    scene.link.heal()
    await stage.clock.elapse(3)
    assert scene.subscription.staleness <= 1.1


async def test_a_slow_reader_is_told_that_it_missed_something(
    stage: Stage, watch: Callable[[Client], Subscription]
) -> None:
    """A thousand transitions are kept until the first one reads."""
    scene = Scene(stage, watch)
    leader = await scene.begin()
    for i in range(1_100):
        await leader.proclaim(str(i))
    await stage.clock.elapse(0)
    transitions = await scene.read()
    assert len(transitions) == 1_000
    assert [each.gap for each in transitions] == [True] + [False] * 999
    assert transitions[-1].after is not None
    assert transitions[-1].after.value == b"1099"


async def test_watching_without_a_server_fails_in_time(stage: Stage, watch: Callable[[Client], Subscription]) -> None:
    scene = Scene(stage, watch)
    scene.link.partition()
    began = stage.clock.now()
    with pytest.raises(Unavailable):
        await stage.finish(scene.subscription.__aenter__())
    assert stage.clock.now() - began <= 2.2
    assert scene.subscription.closed
    scene.link.heal()


async def test_an_observer_that_is_cut_off_shows_what_it_knew(stage: Stage) -> None:
    scene = Scene(stage, SUBSCRIPTIONS["observer"])
    leader = await scene.begin()
    scene.link.partition()
    await scene.next_term(leader, "1")
    await stage.clock.elapse(1)
    observer = scene.subscription
    assert observer.leader() == "0"  # type: ignore[attr-defined]
    scene.link.heal()
    await stage.clock.elapse(3)
    assert observer.leader() == "1"  # type: ignore[attr-defined]
