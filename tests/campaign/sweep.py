"""Cancels an operation at every moment of its life, one run for each.

A run is an event loop of its own, in which everything is on a server in memory and on a clock that stands still, so
every run goes the same way up to the cancellation. A moment is a number of rounds of the event loop since the
operation began: a task is resumed at most once per round, so all its awaits are hit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from election_core import Campaign, Client, Election
from election_core.testing import ManualClock

from .stage import Stage

MOST_ROUNDS = 400


class Play:
    """What an operation acts on: a client with an election in which, where wanted, somebody else leads already."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.client = stage.client()
        self.other = stage.client()
        self.campaigns: list[Campaign] = []

    @property
    def election(self) -> Election:
        return self.client.election("job")

    async def somebody_leads(self) -> Campaign:
        return await self.other.election("job").campaign("other").wait()

    def campaign(self) -> Campaign:
        self.campaigns.append(self.election.campaign("mine"))
        return self.campaigns[-1]


Operation = Callable[[Play], Awaitable[object]]


@dataclass
class Outcome:
    """How one run went."""

    completed: bool
    """The operation was over before the cancellation."""
    cancelled: bool
    """It ended by the cancellation and by nothing else."""
    problems: list[str] = field(default_factory=list)


def run(prepare: Operation, operation: Operation, cancel_after: list[int], *, is_tidy: bool = False) -> Outcome:
    """One run, with a cancellation after so many rounds, and further ones after so many more.

    ``is_tidy``: the operation leaves nothing behind, also while the client goes on.
    """
    return asyncio.run(_run(prepare, operation, cancel_after, is_tidy))


def moments(
    prepare: Operation, operation: Operation, *, then: tuple[int, ...] = (), is_tidy: bool = False
) -> Iterator[tuple[int, Outcome]]:
    """A run for each moment, up to and including the first that the operation does not live to see."""
    for rounds in range(MOST_ROUNDS):
        outcome = run(prepare, operation, [rounds, *then], is_tidy=is_tidy)
        yield rounds, outcome
        if outcome.completed:
            return
    raise AssertionError("the operation never ends")


async def _run(prepare: Operation, operation: Operation, cancel_after: list[int], is_tidy: bool) -> Outcome:
    stage = Stage(ManualClock())
    play = Play(stage)
    await prepare(play)
    task = asyncio.ensure_future(_operate(operation, play))
    delivered = False
    for rounds in cancel_after:
        for _ in range(rounds):
            await asyncio.sleep(0)
        delivered = task.cancel() or delivered
    with suppress(asyncio.CancelledError, Exception):
        await stage.finish(task)
    outcome = Outcome(completed=not delivered, cancelled=task.cancelled())
    if not task.cancelled() and (exc := task.exception()) is not None:
        outcome.problems.append(f"it raised {exc!r}")
    del task
    if is_tidy:
        await stage.clock.elapse(0)
        if await stage.candidates() or await stage.living_leases():
            outcome.problems.append("keys or leases are left behind while the client goes on")
    problem = await _close(stage, play.client, play.other)
    return outcome if problem is None else Outcome(outcome.completed, outcome.cancelled, [*outcome.problems, problem])


async def _operate(operation: Operation, play: Play) -> None:
    await operation(play)


async def _close(stage: Stage, *clients: Client) -> str | None:
    try:
        for client in clients:
            await stage.finish(client.close())
        await stage.check_nothing_is_left()
    except AssertionError as exc:
        return str(exc)
    return None
