"""``electiontui --plain``: how all elections are, and then every change, in sentences for a screen reader."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from election_core import ElectionState, Monitor, utc_now

from ..rows import LEADER_CELLS, describe
from ..sources.shown import Shown
from ..text import safe
from ..wall import Wall
from .alarming import Alarming
from .output import print_line
from .running import monitoring, run_command
from .settings import Settings
from .streams import say

__all__ = ["overview", "tell"]

_NAMED = 20
"""Elections named one by one at the start; of more than that the number is told."""


def tell(settings: Settings) -> int:
    """Print until ctrl+c; returns the exit code."""
    return run_command(_tell(settings), interrupted=0)


async def _tell(settings: Settings) -> None:
    async with settings.client() as client, monitoring(settings, client, settings.prefixes) as monitor:
        for line in overview(Shown(monitor).values(), settings.prefixes):
            print_line(line)
        _narrate(monitor)
        alarming = Alarming(settings, monitor, str, lambda name: True, monitor.take_changed)
        async with alarming:
            await _follow(monitor, alarming)


async def _follow(monitor: Monitor, alarming: Alarming) -> None:
    wall = Wall()
    async for transition in monitor:
        alarming.take(transition)
        wall.note(utc_now(), datetime.now(UTC))
        at = wall.local(transition.observed_at)
        print_line(f"At {at:%H:%M:%S}, {safe(transition.election)}: {describe(transition)}.")


def overview(elections: Iterable[ElectionState], prefixes: Iterable[str]) -> list[str]:
    """How many there are, who leads each of the first, and which are in trouble, a sentence each."""
    known = sorted(elections, key=lambda state: state.name)
    vacant = [state for state in known if state.leader is None]
    keyless = [state for state in known if state.leader is not None and not state.leader.lease_id]
    where = " and ".join(safe(prefix) or "the root" for prefix in prefixes)
    total = f"{len(known)} election{'' if len(known) == 1 else 's'} under {where}"
    lines = [f"{total}, {len(vacant)} vacant, {len(keyless)} led by a key without a lease."]
    lines += [_sentence(state) for state in [*vacant, *keyless][:_NAMED]]
    others = [state for state in known if state.leader is not None and state.leader.lease_id]
    lines += [_sentence(state) for state in others[:_NAMED]]
    if len(others) > _NAMED:
        lines.append(f"{len(others) - _NAMED} more are led; electiontui list names all.")
    return lines


def _sentence(state: ElectionState) -> str:
    if state.leader is None:
        return f"{safe(state.name)} is vacant."
    nameless = "somebody with an empty value" if state.leader.lease_id else "nobody known"
    who = safe(state.leader.value, LEADER_CELLS) or nameless
    waiting = len(state) - 1
    told = f"{safe(state.name)} is led by {who}, {waiting or 'nobody'} waiting"
    return f"{told}{'' if state.leader.lease_id else ', by a key without a lease that nothing ends'}."


def _narrate(monitor: Monitor) -> None:
    monitor.on("disconnected", lambda error: say(f"disconnected: {error}"))
    monitor.on("connected", lambda: say("connected again"))
