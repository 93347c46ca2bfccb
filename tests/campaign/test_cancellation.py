"""Guarantee 4: an operation that is cancelled, at whatever await, leaves no key, no lease, no task and no secret."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from election_core import Campaign

from .stage import Stage
from .sweep import Operation, Play, moments, run


async def nobody(play: Play) -> None:
    """The election is vacant."""


async def other_leads(play: Play) -> None:
    """Somebody else leads and goes on."""
    await play.somebody_leads()


async def mine_leads(play: Play) -> None:
    await play.campaign().wait()


async def mine_waits(play: Play) -> None:
    await play.somebody_leads()
    campaign = play.campaign()
    await campaign.proclaim("mine")


async def campaign_and_wait(play: Play) -> None:
    await play.campaign().wait()


async def await_the_campaign(play: Play) -> None:
    campaign = await play.campaign()
    await campaign.resign()


async def await_the_campaign_behind_another(play: Play) -> None:
    resigning = asyncio.ensure_future(_resign_others(play))
    try:
        campaign = await play.campaign()
    finally:
        await asyncio.shield(resigning)
    await campaign.resign()


async def wait_behind(play: Play) -> None:
    """The leader ahead leaves in the meantime."""
    campaign = play.campaign()
    await campaign.proclaim("behind")
    resigning = asyncio.ensure_future(_resign_others(play))
    try:
        await campaign.wait()
    finally:
        await asyncio.shield(resigning)


async def _resign_others(play: Play) -> None:
    await play.other.close()


async def with_block(play: Play) -> None:
    async with play.campaign() as campaign:
        await campaign.proclaim("in the block")
        await asyncio.sleep(0)


async def with_block_that_fails(play: Play) -> None:
    try:
        async with play.campaign():
            await asyncio.sleep(0)
            raise KeyError("the body's own")
    except KeyError:
        pass


async def with_block_on_a_session(play: Play) -> None:
    async with play.client.session() as session, play.election.campaign("a", session=session) as campaign:
        await campaign.proclaim("in the block")


async def two_elections_on_a_session(play: Play) -> None:
    async with play.client.session() as session:
        campaigns = [play.client.election(name).campaign("a", session=session) for name in ("a", "b")]
        for campaign in campaigns:
            await campaign.wait()
        await campaigns[0].resign()


async def proclaim(play: Play) -> None:
    await play.campaigns[0].proclaim("new")


async def proclaim_at_once(play: Play) -> None:
    await play.campaign().proclaim("new")


async def resign(play: Play) -> None:
    await play.campaigns[0].resign()


async def resign_at_once(play: Play) -> None:
    await play.campaign().resign()


async def resign_twice(play: Play) -> None:
    await asyncio.gather(play.campaigns[0].resign(), play.campaigns[0].resign())


async def take_up_after_a_restart(play: Play) -> None:
    lease_id = play.campaigns[0].lease_id
    play.campaigns[0].abandon()
    play.campaigns.append(play.election.campaign("again", lease_id=lease_id))
    await play.campaigns[-1].wait()


async def ask(play: Play) -> None:
    await play.election.leader()
    await play.election.candidates()


async def observe(play: Play) -> None:
    observer = await play.election.observe()
    await play.other.election("job").campaign("seen").wait()
    await anext(observer)
    await observer.cancel()


async def observe_in_a_block(play: Play) -> None:
    async with play.election.observe() as observer:
        assert not observer.has_leader


async def monitor(play: Play) -> None:
    async with play.client.monitor("") as monitor:
        await play.other.election("job").campaign("seen").wait()
        await anext(monitor)


async def session(play: Play) -> None:
    async with play.client.session():
        await asyncio.sleep(0)


async def close(play: Play) -> None:
    """With everything open that can be."""
    await play.client.close()


async def everything_open(play: Play) -> None:
    await play.campaign().wait()
    play.campaign()
    session = await play.client.session().__aenter__()
    play.campaigns.append(play.client.election("shared").campaign("a", session=session))
    await play.election.observe()
    await play.client.monitor("")


async def client_block(play: Play) -> None:
    async with play.client:
        await play.campaign().wait()


SCENES: dict[str, tuple[Operation, Operation]] = {
    "campaign and wait": (nobody, campaign_and_wait),
    "await the campaign itself": (nobody, await_the_campaign),
    "await the campaign itself behind a leader that leaves": (other_leads, await_the_campaign_behind_another),
    "wait behind a leader that leaves": (other_leads, wait_behind),
    "with": (nobody, with_block),
    "with, body fails": (nobody, with_block_that_fails),
    "with, on a session": (nobody, with_block_on_a_session),
    "two elections on a session": (nobody, two_elections_on_a_session),
    "proclaim": (mine_leads, proclaim),
    "proclaim while waiting": (mine_waits, proclaim),
    "proclaim while starting": (nobody, proclaim_at_once),
    "resign": (mine_leads, resign),
    "resign while waiting": (mine_waits, resign),
    "resign while starting": (nobody, resign_at_once),
    "resign twice": (mine_leads, resign_twice),
    "take up after a restart": (mine_leads, take_up_after_a_restart),
    "leader and candidates": (mine_leads, ask),
    "observe": (nobody, observe),
    "observe in a block": (nobody, observe_in_a_block),
    "monitor": (nobody, monitor),
    "session": (nobody, session),
    "close": (everything_open, close),
    "close right after the start": (nobody, client_block),
}


TIDY = {
    "await the campaign itself",
    "with",
    "with, body fails",
    "with, on a session",
    "two elections on a session",
    "session",
}
"""Those that end by themselves all that they have begun; the others leave it to the client."""


@pytest.mark.parametrize("scene", SCENES)
def test_cancelled_at_any_moment(scene: str) -> None:
    """The cancellation arrives, and what the operation had begun is ended."""
    prepare, operation = SCENES[scene]
    count = 0
    for rounds, outcome in moments(prepare, operation, is_tidy=scene in TIDY):
        assert not outcome.problems, f"cancelled after {rounds} rounds"
        assert outcome.completed or outcome.cancelled, f"the cancellation after {rounds} rounds was swallowed"
        count = rounds
    assert count >= 2, "the operation has awaits to be cancelled at"


@pytest.mark.parametrize("scene", SCENES)
def test_cancelled_again_while_it_cleans_up(scene: str) -> None:
    """H52: the second cancellation hits the clean-up after the first one, sooner or later, and so does a third."""
    prepare, operation = SCENES[scene]
    for pause in (1, 2, 3, 5):
        for rounds, outcome in moments(prepare, operation, then=(pause, pause), is_tidy=scene in TIDY):
            assert not outcome.problems, f"cancelled after {rounds} rounds and then twice after {pause} more"
            assert outcome.completed or outcome.cancelled


@pytest.mark.parametrize("rounds", [1, 2, 3, 5, 8, 13, 21])
async def test_closing_goes_to_its_end_before_the_cancellation_is_passed_on(stage: Stage, rounds: int) -> None:
    """Else a program that is cancelled, and ends, would leave its keys behind."""
    play = Play(stage)
    await everything_open(play)
    closing = asyncio.ensure_future(play.client.close())
    for _ in range(rounds):
        await asyncio.sleep(0)
    assert closing.cancel()
    await asyncio.wait({closing})
    assert closing.cancelled()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert await stage.candidates() == []
    assert await stage.living_leases() == []


@pytest.mark.parametrize("waits", ["the campaign itself", "its wait()"])
async def test_a_campaign_that_is_given_up_is_withdrawn(stage: Stage, waits: str) -> None:
    """Whoever awaits a campaign itself keeps no other hold of it; whoever awaits its wait() has it."""
    play = Play(stage)
    leader = await play.somebody_leads()
    campaign = play.election.campaign("mine")
    await campaign.proclaim("mine")
    waiting = asyncio.ensure_future(_await(campaign) if waits == "the campaign itself" else campaign.wait())
    await stage.clock.elapse(1)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled()
    await leader.resign()
    await stage.clock.elapse(1)
    assert await stage.values() == ([] if waits == "the campaign itself" else [b"mine"])


async def _await(campaign: Campaign) -> None:
    await campaign


def test_the_sweep_finds_what_is_left_behind() -> None:
    """It is itself put to the test, with operations that do leave something."""

    async def leak_a_lease(play: Play) -> None:
        await play.stage.store().grant(1, 60)
        play.stage.leases.add(1)

    async def leak_a_task(play: Play) -> None:
        await asyncio.sleep(0)
        play.leaked = asyncio.create_task(asyncio.Event().wait())  # type: ignore[attr-defined]

    async def swallow(play: Play) -> None:
        with suppress(asyncio.CancelledError):
            await play.campaign().wait()

    assert run(nobody, leak_a_lease, [10]).problems == ["leases are left behind"]
    assert run(nobody, leak_a_task, [10]).problems == ["tasks are left running"]
    assert not run(nobody, swallow, [2]).cancelled
