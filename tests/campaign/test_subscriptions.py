"""Guarantee 5 where things go wrong: cuts, compactions, slow readers. On a server in memory, on a clock by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from election_core import Campaign, Client, Compacted, Transition, Unavailable
from election_core.shell.subscription import Subscription
from election_core.testing import MemoryStore

from .stage import Stage

SUBSCRIPTIONS: dict[str, Callable[[Client], Subscription]] = {
    "observer": lambda client: client.election("job").observe(),
    "monitor": lambda client: client.monitor(),
}


@pytest.fixture(params=SUBSCRIPTIONS)
def follow(request: pytest.FixtureRequest) -> Callable[[Client], Subscription]:
    return SUBSCRIPTIONS[request.param]


class Scene:
    """A leader, and a follower over a link of its own."""

    def __init__(self, stage: Stage, follow: Callable[[Client], Subscription]) -> None:
        self.stage = stage
        self.election = stage.client().election("job")
        self.link: MemoryStore = stage.store(timeout=2.0)
        self.follower = follow(stage.client(self.link))
        self.events: list[str] = []
        self.errors: list[object] = []
        self.follower.on("disconnected", lambda _: self.events.append("disconnected"))
        self.follower.on("disconnected", self.errors.append)
        self.follower.on("connected", lambda: self.events.append("connected"))

    async def begin(self) -> Campaign:
        leader = await self.stage.finish(self.election.campaign("0").wait())
        await self.stage.finish(self.follower.__aenter__())
        return leader

    async def next_term(self, leader: Campaign, value: str) -> Campaign:
        await self.stage.finish(leader.resign())
        return await self.stage.finish(self.election.campaign(value).wait())

    async def read(self) -> list[Transition]:
        await self.follower.cancel()
        return [transition async for transition in self.follower]


async def test_a_cut_without_compaction_hides_nothing(stage: Stage, follow: Callable[[Client], Subscription]) -> None:
    scene = Scene(stage, follow)
    leader = await scene.begin()
    scene.link.partition()
    for value in ("1", "2", "3"):
        leader = await scene.next_term(leader, value)
        await stage.clock.elapse(5)
    assert scene.events == ["disconnected"]
    assert isinstance(scene.errors[0], Unavailable)
    assert not scene.follower.connected
    scene.link.heal()
    await stage.clock.elapse(3)
    assert scene.events == ["disconnected", "connected"]
    assert scene.follower.connected
    transitions = await scene.read()
    kinds = [(each.kind, each.after and each.after.value) for each in transitions]
    assert kinds == [pair for i in (b"1", b"2", b"3") for pair in (("vacated", None), ("elected", i))]
    assert not any(each.gap for each in transitions)
    assert [each.revision for each in transitions] == sorted({each.revision for each in transitions})


@pytest.mark.parametrize("vacant", [False, True])
async def test_a_cut_with_compaction_is_a_gap(
    stage: Stage, follow: Callable[[Client], Subscription], vacant: bool
) -> None:
    """Also where nobody led on both sides of it: the next transition says that terms may be missing."""
    scene = Scene(stage, follow)
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
    assert scene.follower.connected
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


async def test_streams_that_break_cost_nothing(stage: Stage, follow: Callable[[Client], Subscription]) -> None:
    scene = Scene(stage, follow)
    leader = await scene.begin()
    for i in range(1, 8):
        scene.link.break_streams()
        leader = await scene.next_term(leader, str(i))
        await stage.clock.elapse(1)
    transitions = await scene.read()
    assert [each.after.value for each in transitions if each.after] == [b"%d" % i for i in range(1, 8)]
    assert not any(each.gap for each in transitions)


async def test_staleness_tells_for_how_long_nothing_was_heard(
    stage: Stage, follow: Callable[[Client], Subscription]
) -> None:
    scene = Scene(stage, follow)
    await scene.begin()
    for _ in range(20):
        await stage.clock.elapse(0.7)
        assert scene.follower.staleness <= 1.1
    scene.link.partition()
    await stage.clock.elapse(30)
    assert 29 <= scene.follower.staleness <= 31.1
    scene.link.heal()
    await stage.clock.elapse(3)
    assert scene.follower.staleness <= 1.1


async def test_a_slow_reader_is_told_that_it_missed_something(
    stage: Stage, follow: Callable[[Client], Subscription]
) -> None:
    """A thousand transitions are kept until the first one reads."""
    scene = Scene(stage, follow)
    leader = await scene.begin()
    for i in range(1_100):
        await leader.proclaim(str(i))
    await stage.clock.elapse(0)
    transitions = await scene.read()
    assert len(transitions) == 1_000
    assert [each.gap for each in transitions] == [True] + [False] * 999
    assert transitions[-1].after is not None
    assert transitions[-1].after.value == b"1099"


async def test_following_without_a_server_fails_in_time(stage: Stage, follow: Callable[[Client], Subscription]) -> None:
    scene = Scene(stage, follow)
    scene.link.partition()
    began = stage.clock.now()
    with pytest.raises(Unavailable):
        await stage.finish(scene.follower.__aenter__())
    assert stage.clock.now() - began <= 2.2
    assert scene.follower.closed
    scene.link.heal()


async def test_an_observer_that_is_cut_off_shows_what_it_knew(stage: Stage) -> None:
    scene = Scene(stage, SUBSCRIPTIONS["observer"])
    leader = await scene.begin()
    scene.link.partition()
    await scene.next_term(leader, "1")
    await stage.clock.elapse(1)
    observer = scene.follower
    assert observer.leader() == "0"  # type: ignore[attr-defined]
    scene.link.heal()
    await stage.clock.elapse(3)
    assert observer.leader() == "1"  # type: ignore[attr-defined]
