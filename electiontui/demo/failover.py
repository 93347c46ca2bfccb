"""A short failover as text: three candidates, one resigns, one crashes, and how long each hand-over took."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from time import perf_counter

from election_core import Campaign, Candidate, Client, Election, Monitor, TermLog, Unavailable, utc_now

from ..commands.output import print_line
from ..embedded import EmbeddedEtcd
from ..pictures.lanes import Window
from ..pictures.lines import timeline_text
from ..pictures.table import table

__all__ = ["play_failover"]

NAME = "failover"
TTL = 2
"""Seconds; the crash costs about as much."""
_COLUMNS = 80
_DWELL = 0.7
"""Seconds that the script dwells, for the timeline to have something to show."""


async def play_failover(etcd: EmbeddedEtcd) -> None:
    """Play it on ``etcd`` and print what happened; takes about six seconds.

    Raises:
        ElectionError: etcd or the election failed.
    """
    async with Client(etcd.endpoints) as client, client.monitor() as monitor:
        log = TermLog(NAME, None, utc_now(), known=True)
        monitor.on("change", log.record)
        election = client.election(NAME, ttl=TTL)
        first, second, third = [await _join(election, f"node-{letter}", monitor) for letter in "abc"]
        print_line(f"etcd {etcd.version} on {etcd.endpoint}, three candidates, TTL {TTL} s\n")
        for line in table(monitor.elections.values()):
            print_line(line)
        print_line("")
        await asyncio.sleep(_DWELL)
        resigned = await _hand_over(first.resign(), second)
        print_line(f"node-a resigned: node-b elected after {resigned * 1000:.1f} ms")
        await asyncio.sleep(_DWELL)
        crashed = await _hand_over(_crash(second), third)
        print_line(f"node-b crashed:  node-c elected after {crashed:.2f} s, {crashed / TTL:.2f} of the TTL\n")
        await asyncio.sleep(_DWELL)
        await _until(lambda: _leader(monitor) == b"node-c")
        print_line(_timeline(log, monitor.elections[NAME].queue))
        await third.resign()


async def _join(election: Election, value: str, monitor: Monitor) -> Campaign:
    """Campaign, and wait until the monitor has seen the candidate in its place."""
    place = len(_queue(monitor))
    campaign = election.campaign(value)
    await _until(lambda: len(_queue(monitor)) > place)
    return campaign


async def _hand_over(leaving: Coroutine[None, None, None], successor: Campaign) -> float:
    """Seconds from the beginning of the leader's leaving to the successor's being elected."""
    began = perf_counter()
    departure = asyncio.create_task(leaving)
    await successor.wait()
    took = perf_counter() - began
    await departure
    return took


async def _crash(campaign: Campaign) -> None:
    campaign.abandon()


def _queue(monitor: Monitor) -> tuple[Candidate, ...]:
    return monitor.elections[NAME].queue if NAME in monitor.elections else ()


def _leader(monitor: Monitor) -> bytes | None:
    return next((candidate.value for candidate in _queue(monitor)), None)


async def _until(condition: Callable[[], bool]) -> None:
    """Wait for what the monitor is about to see.

    Raises:
        Unavailable: it does not within ten seconds.
    """
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise Unavailable("The monitor saw nothing for ten seconds; this machine may be very busy, try again.")


def _timeline(log: TermLog, queue: Sequence[Candidate]) -> str:
    until = utc_now()
    return timeline_text(log, queue, Window(until, until - log.terms[0].began_at, _COLUMNS))
