"""The steps of a drill, carried out on a scene; each ends with a judgement, or with `StepFailed`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

from election_core import Candidate

from .actor import ACCEPTED, REFUSED, UNREACHABLE
from .judging import TOLD, Judgement, Measures, Succession, judge, unlike
from .model import Member, Step
from .players import Player, StepFailed
from .scene import Cause, Scene

__all__ = ["carry_out"]

_TELL_GRACE = 1.0
"""Seconds after the successor's election that a leader's `error` may take to get here; its own time is what counts."""
_SETTLE = 15.0
"""Seconds in which one that comes back has to learn that it leads no more."""


async def carry_out(step: Step, scene: Scene) -> Judgement:
    """Do what a step says and judge what came of it.

    Raises:
        ElectionError, EtcdFailed: it could not be done, or did not come true.
    """
    return await _VERBS[step.do](step, scene)


async def _campaign(step: Step, scene: Scene) -> Judgement:
    players = scene.whom(step.candidates)
    for player in players:
        key = await player.campaign(step.value or player.part.name)
        if not await scene.until(lambda key=key: any(each.key == key for each in scene.line), step.within):  # type: ignore[misc]
            why = player.failed.get(key)
            raise StepFailed(f"{player.part.name} is not in line after {step.within:g} s. {why.says if why else ''}")
    return Judgement(True, f"{_names(players)} joined the line.")


async def _await_leader(step: Step, scene: Scene) -> Judgement:
    wanted = step.candidates and [player.part.name for player in scene.whom(step.candidates)]
    old = scene.cause.candidate if scene.cause else None

    def leads() -> bool:
        leader = next(iter(scene.line), None)
        return leader is not None and not leader.is_same_candidate(old) and (not wanted or scene.queue[0] in wanted)

    if not await scene.until(leads, step.within):
        who = " or ".join(wanted) if wanted else "a new leader" if old else "a leader"
        now = f"{scene.queue[0]} leads" if scene.line else "nobody leads"
        raise StepFailed(f"{who} was not seen to lead within {step.within:g} s; {now}.")
    return await _leading(step, scene)


async def _expect(step: Step, scene: Scene) -> Judgement:
    if not await scene.until(lambda: unlike(step, scene.queue) is None, step.within):
        raise StepFailed(f"After {step.within:g} s {unlike(step, scene.queue)}.")
    if step.hold and (why := await _change(step, scene)):
        raise StepFailed(f"It did not stay so for {step.hold:g} s: {why}.")
    leader, cause = next(iter(scene.line), None), scene.cause
    if leader is not None and cause is not None and not leader.is_same_candidate(cause.candidate):
        return await _leading(step, scene)
    return Judgement(True, f"It was seen {step.expectation}{f' for {step.hold:g} s' if step.hold else ''}.")


async def _change(step: Step, scene: Scene) -> str | None:
    """What is otherwise than expected within the time that it has to stay so, be it for a moment."""
    changes = scene.changes
    if await scene.until(lambda: unlike(step, scene.queue) is not None or scene.changes > changes, step.hold):
        return unlike(step, scene.queue) or "the leadership changed, and changed back"
    return None


async def _leading(step: Step, scene: Scene) -> Judgement:
    """Somebody leads: whether it knows and can write, and whether the one before it does not."""
    leader = scene.line[0]
    player = scene.owner(leader)
    if player is None:
        raise StepFailed(f"{scene.queue[0]} leads, who takes no part in the drill.")
    name = player.part.name
    if not await scene.until(lambda: leader.key in player.elected, step.within):
        raise StepFailed(f"{name} leads, and was not told within {step.within:g} s.")
    write = str(await player.do("write"))
    cause, scene.cause = scene.cause, None
    if cause is None or leader.is_same_candidate(cause.candidate):
        return Judgement(write == ACCEPTED, f"{name} leads; a write with its token was {write}.")
    return judge(await _succession(scene, cause, leader, player, write))


async def _succession(scene: Scene, cause: Cause, leader: Candidate, player: Player, write: str) -> Succession:
    old, key = cause.player, cause.candidate.key
    if cause.verb in TOLD and not old.is_frozen:
        await scene.until(lambda: key in old.failed, _TELL_GRACE)
    error = old.failed.get(key)
    late_write = str(await old.do("write")) if old.can_act else None
    if late_write is None and not old.is_dead:
        scene.deposed.append(cause)
    left_at, led_at = scene.times(cause.candidate, leader)
    return Succession(
        cause.verb,
        old.part.name,
        player.part.name,
        cause.began_at,
        left_at,
        led_at,
        player.elected[leader.key],
        None if error is None else error.at,
        write,
        late_write,
    )


def _blame(step: Step, scene: Scene, players: list[Player]) -> None:
    """Note what is about to be done to the leader, if it is done to it."""
    if scene.line and (player := scene.owner(scene.line[0])) in players and player is not None:
        scene.cause = Cause(step.do, monotonic(), scene.line[0], player)


async def _proclaim(step: Step, scene: Scene) -> Judgement:
    players, value = scene.whom(step.candidates), step.value or ""
    for player in players:
        await player.do("proclaim", value)
        if not await scene.until(
            lambda player=player: scene.candidacy(player).value == value.encode(),  # type: ignore[misc]
            step.within,
        ):
            raise StepFailed(f"What {player.part.name} proclaims was not seen within {step.within:g} s.")
    return Judgement(True, f"{_names(players)} was seen to proclaim {value!r}.")


async def _leave(step: Step, scene: Scene) -> Judgement:
    players = scene.whom(step.candidates)
    leaving = {each.key for each in scene.line if scene.owner(each) in players} if step.do == "resign" else set()
    _blame(step, scene, players)
    await asyncio.gather(*(player.do(step.do) for player in players))
    await _see_gone(step, scene, leaving)
    return Judgement(True, f"{_names(players)} {'left' if step.do == 'resign' else 'crashed'}.")


async def _see_gone(step: Step, scene: Scene, keys: set[bytes]) -> None:
    """Wait until the observer has seen it, so that what is expected next is judged by what came of it."""
    if not await scene.until(lambda: keys.isdisjoint(each.key for each in scene.line), step.within):
        raise StepFailed(f"The observer has not seen within {step.within:g} s that the key is gone.")


async def _evict(step: Step, scene: Scene) -> Judgement:
    players = scene.whom(step.candidates)
    candidates = [scene.candidacy(player) for player in players]
    _blame(step, scene, players)
    for candidate in candidates:
        await scene.election.evict(candidate, revoke=step.do == "revoke-lease")
    await _see_gone(step, scene, {candidate.key for candidate in candidates})
    return Judgement(True, f"The {step.do.partition('-')[2]} of {_names(players)} is gone.")


async def _cut(step: Step, scene: Scene) -> Judgement:
    players = scene.whom(step.candidates)
    if step.mode != "slow":
        _blame(step, scene, players)
    for player in players:
        player.cut(step.mode, step.delay)
    how = {"cut": "is refused", "black-hole": "is swallowed", "slow": f"is answered {step.delay:g} s late"}
    return Judgement(True, f"What {_names(players)} sends {how[step.mode]}.")


async def _freeze(step: Step, scene: Scene) -> Judgement:
    return await _strike(step, scene, scene.freeze_member, Player.freeze, "stands still")


async def _kill(step: Step, scene: Scene) -> Judgement:
    return await _strike(step, scene, scene.kill_member, Player.kill, "was killed")


async def _strike(
    step: Step,
    scene: Scene,
    at_member: Callable[[Member], Awaitable[None]],
    at_player: Callable[[Player], None],
    outcome: str,
) -> Judgement:
    """Do it to the member that the step names, or else to its candidates."""
    if step.member is not None:
        await at_member(step.member)
        return Judgement(True, f"The member {outcome}.")
    players = scene.whom(step.candidates)
    _blame(step, scene, players)
    for player in players:
        at_player(player)
    return Judgement(True, f"{_names(players)} {outcome}.")


async def _thaw(step: Step, scene: Scene) -> Judgement:
    if not step.candidates:
        scene.thaw_members()
    for player in scene.whom(step.candidates):
        player.thaw()
    return await _settled(scene, f"{', '.join(step.candidates) or 'All that stood still'} went on")


async def _heal(step: Step, scene: Scene) -> Judgement:
    if not step.candidates:
        await scene.restart_members()
    for player in scene.whom(step.candidates):
        player.heal()
    return await _settled(scene, f"The connection of {', '.join(step.candidates) or 'everybody'} was whole again")


async def _settled(scene: Scene, begin: str) -> Judgement:
    """Those who led and come back: whether they learn that they lead no more, and can write no more."""
    sentences, to_error, refused, began = [begin], None, None, monotonic()
    for cause in [each for each in scene.deposed if each.player.can_act]:
        scene.deposed.remove(cause)
        name, key, failed = cause.player.part.name, cause.candidate.key, cause.player.failed
        write = await _late_write(cause.player)
        if write != REFUSED:
            reason = f"{begin}, and a write of {name} with its old token was {write}."
            return Judgement(False, reason, Measures(refused=0))
        refused = 1 + (refused or 0)
        if not await scene.until(lambda key=key, failed=failed: key in failed, _SETTLE):  # type: ignore[misc]
            raise StepFailed(f"{begin}, and {name} was not told that it leads no more.")
        knew = "knew that it leads no more"
        if cause.verb not in TOLD:
            to_error = failed[key].at - cause.began_at
            knew = f"learned after {max(failed[key].at - began, 0):.3f} s that it leads no more"
        sentences.append(f"{name} {knew}, and a write with its old token was refused")
    return Judgement(True, f"{'; '.join(sentences)}.", Measures(to_error=to_error, refused=refused))


async def _late_write(player: Player) -> str:
    """What becomes of a write with the old token, once etcd can be reached again."""
    deadline, write = monotonic() + _SETTLE, UNREACHABLE
    while write == UNREACHABLE and monotonic() < deadline:
        write = str(await player.do("write"))
    return write


async def _wait(step: Step, scene: Scene) -> Judgement:
    await asyncio.sleep(step.hold)
    return Judgement(True, f"{step.hold:g} s went by.")


def _names(players: list[Player]) -> str:
    return ", ".join(player.part.name for player in players) or "nobody"


_VERBS: dict[str, Callable[[Step, Scene], Awaitable[Judgement]]] = {
    "campaign": _campaign,
    "await-leader": _await_leader,
    "expect": _expect,
    "proclaim": _proclaim,
    "resign": _leave,
    "abandon": _leave,
    "revoke-lease": _evict,
    "delete-key": _evict,
    "cut": _cut,
    "freeze": _freeze,
    "kill": _kill,
    "thaw": _thaw,
    "heal": _heal,
    "wait": _wait,
}
