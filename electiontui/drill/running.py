"""Running a drill: round by round and step by step, with news of each for whoever shows it. Nothing is printed."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from election_core import Candidate, ElectionError, Transition

from ..embedded import EmbeddedEtcd, EtcdFailed
from .access import Access
from .model import BadDrill, Drill, Step
from .players import Where
from .report import Report, Result
from .scene import Scene, open_scene
from .steps import carry_out

__all__ = ["Began", "Left", "Progress", "Turned", "check_possible", "new_prefix", "run_drill"]

_DIVERGE = {"3.5.0", "3.5.1", "3.5.2"}
"""Members of these may have other data than the rest once they were killed (etcd #13766)."""


@dataclass(frozen=True, slots=True)
class Began:
    """A step has begun; its `Result` follows."""

    round: int
    step: Step


@dataclass(frozen=True, slots=True)
class Left:
    """Something could not be cleared away after a round, also after one that was cancelled."""

    what: str


@dataclass(frozen=True, slots=True)
class Turned:
    """The observer has seen a change of the drill's election."""

    transition: Transition
    line: tuple[Candidate, ...]
    """Who is in line, the leader first."""


Progress = Began | Result | Left | Turned


def new_prefix() -> str:
    """Where a drill keeps to itself: ``drill/`` and a random number."""
    return f"drill/{secrets.token_hex(4)}"


def check_possible(drill: Drill, access: Access, cluster: EmbeddedEtcd | None) -> None:
    """See that all steps can be done there, before anything is written.

    Raises:
        BadDrill: one cannot; the message begins with its line.
    """
    for step in drill.unrolled():
        if why := _obstacle(step, access, cluster):
            raise BadDrill(f"{drill.source or drill.name}:{step.line}: {why}")


def _obstacle(step: Step, access: Access, cluster: EmbeddedEtcd | None) -> str | None:
    if step.member is not None and cluster is None:
        return f"{step.do} of a member is done on a cluster of its own alone: add --embedded."
    if step.member is not None and step.do == "kill" and cluster is not None and cluster.version in _DIVERGE:
        return f"A member of etcd {cluster.version} must not be killed, its data may differ afterwards; freeze it."
    if step.do == "cut" and access.is_encrypted:
        return "A connection with TLS cannot be led through the drill's proxy, whom no certificate names."
    return None


async def run_drill(
    drill: Drill,
    access: Access,
    *,
    rounds: int = 1,
    cluster: EmbeddedEtcd | None = None,
    prefix: str | None = None,
    tell: Callable[[Progress], object] = lambda _: None,
) -> Report:
    """Run all rounds; a step that fails ends its round. Cancelling it clears away, too, in bounded time.

    Args:
        drill: what to do.
        access: the cluster to do it on.
        rounds: how often.
        cluster: the same cluster, where it is embedded and its members may be broken.
        prefix: what the drill's keys begin with; a new one of its own without.
        tell: called with each step as it begins and as it has ended, with what the drill's observer sees, and with what
            is left behind.

    Raises:
        BadDrill: it cannot be done there, or somebody else campaigns there; nothing was written.
        ElectionError: etcd cannot be reached at the beginning of a round, or refuses.
    """
    check_possible(drill, access, cluster)
    where = Where(access, prefix or new_prefix(), drill.name)
    versions = await _versions_where_free(where)
    results, left_behind = list[Result](), list[str]()
    for number in range(1, rounds + 1):
        left = list[str]()
        try:
            async with open_scene(drill, where, cluster, left) as scene:
                scene.seen = lambda transition, line: tell(Turned(transition, line))
                results += await _round(drill, scene, number, tell)
        finally:
            for each in left:
                tell(Left(each))
            left_behind += left
    return Report(drill.name, drill.about, versions, rounds, tuple(results), tuple(left_behind))


async def _versions_where_free(where: Where) -> str:
    """Versions of the members, having seen that nobody campaigns there."""
    async with where.access.client() as client:
        if line := await client.election(where.name, prefix=where.prefix).candidates():
            raise BadDrill(
                f"{line[0].value!r} leads {where.name!r} below {where.prefix!r}: a drill needs an election to itself."
            )
        versions = {status.version for status in await client.status() if status.version}
    return ", ".join(sorted(versions)) or "of unknown version"


async def _round(drill: Drill, scene: Scene, number: int, tell: Callable[[Progress], object]) -> list[Result]:
    results = list[Result]()
    failed: Step | None = None
    for step in drill.unrolled():
        if failed is not None:
            result = Result(number, step, "SKIP", f"Step {failed.number} failed.")
        else:
            tell(Began(number, step))
            result = await _done(step, scene, number)
            failed = step if result.verdict == "FAIL" else None
        results.append(result)
        tell(result)
    return results


async def _done(step: Step, scene: Scene, number: int) -> Result:
    began = monotonic()
    try:
        passes, reason, measures = await carry_out(step, scene)
    except (ElectionError, EtcdFailed) as exc:
        return Result(number, step, "FAIL", str(exc), monotonic() - began)
    return Result(number, step, "PASS" if passes else "FAIL", reason, monotonic() - began, measures)
