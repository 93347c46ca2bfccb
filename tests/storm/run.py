"""One storm from its beginning to its end: a cluster, candidates, faults, calm, and what is left."""

from __future__ import annotations

import asyncio
from pathlib import Path

from election_core.core.known_bugs import known_bugs
from electiontui.embedded import EmbeddedEtcd

from ..servers import binary_for
from .crew import Crew
from .faults import Injector
from .log import Log
from .operator import Operator
from .plan import DIVERGING, plan
from .storm import Storm
from .witness import Witness

__all__ = ["GRACE", "rage"]

GRACE = 3.0
"""Seconds over the TTL within which there must be a leader."""
_SETTLED_FOR = 2.0
_HEAL_PATIENCE = 40.0


async def rage(storm: Storm, path: Path) -> None:
    """Have the storm, with its log in ``path``; nothing of it is left after."""
    log = Log(path, "storm")
    log.write("storm", seed=storm.seed, ttl=storm.ttl, candidates=storm.candidates, command=storm.command)
    try:
        async with EmbeddedEtcd(nodes=3, binary=binary_for(storm.series)) as etcd:
            operator = Operator(log, etcd.endpoints)
            watching = asyncio.create_task(operator.watch_line())
            try:
                witness = Witness(path, etcd.endpoints)
                async with witness, Crew(log, path, storm, etcd.endpoints) as crew:
                    await _rage(storm, log, etcd, crew, operator)
                log.write("replayed", **await witness.compare())
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
                await operator.close()
    finally:
        log.close()


async def _rage(storm: Storm, log: Log, etcd: EmbeddedEtcd, crew: Crew, operator: Operator) -> None:
    wanted = None if storm.faults is None else storm.faults * 5 // 4 + 10  # some come upon nobody
    faults = plan(
        storm.seed,
        candidates=len(crew.hands),
        ttl=storm.ttl,
        faults=wanted,
        seconds=storm.seconds,
        kills_members=not any(DIVERGING in bug for bug in known_bugs(etcd.version)),
    )
    count = len(faults) if storm.faults is None else storm.faults
    await asyncio.sleep(2.0)
    log.write("begin", planned=len(faults), version=etcd.version)
    await Injector(log, etcd, crew, operator).run(faults, count)
    crew.heal()
    await asyncio.to_thread(etcd.wait_healthy, _HEAL_PATIENCE)
    await asyncio.sleep(2.0)  # whoever was killed last is started again
    crew.tell("hold")
    log.write("calm")
    await asyncio.sleep(storm.ttl + GRACE)
    log.write("settled")
    await asyncio.sleep(_SETTLED_FOR)
    log.write("finish", line=[each.value.decode() for each in operator.line])
    late = await crew.finish()
    log.write("finished", late=late)
    log.write("final", **await operator.last_facts())
