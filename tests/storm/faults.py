"""Brings the planned faults about; each is logged when it begins and when it has ended."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

from electiontui.embedded import EmbeddedEtcd, EmbeddedMember

from ..faults.proxy import Direction, Proxy
from .crew import Crew
from .log import Log, now
from .operator import Operator, Unanswered
from .plan import NET, Fault

__all__ = ["Injector"]

_START_PATIENCE = 20.0
_FLOOD = 400


class Injector:
    """Breaks the members, the ways to them, and the candidates."""

    # The mutable state: whose turn it is to break members, which candidates and ways are broken
    # now, and how many faults there were.

    def __init__(self, log: Log, etcd: EmbeddedEtcd, crew: Crew, operator: Operator) -> None:
        self._log, self._etcd, self._crew, self._operator = log, etcd, crew, operator
        self._members = asyncio.Lock()
        self._busy: set[tuple[object, ...]] = set()
        self._begun = 0

    async def run(self, faults: list[Fault], count: int) -> None:
        """Each at its time, until so many came about; returns when the last one has ended."""
        began = now()
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                await asyncio.sleep(max(0.0, began + fault.at - now()))
                if self._begun >= count:
                    break
                group.create_task(self._inject(fault), name=f"fault {fault.number}")

    async def _inject(self, fault: Fault) -> None:
        if fault.kind.startswith(("member", "quorum")):
            async with self._members:
                await self._break_members(fault)
        elif fault.kind in ("delete", "revoke"):
            await self._remove(fault)
        elif fault.kind in ("compact", "flood"):
            await self._work(fault)
        elif (aimed := self._aimed(fault)) is not None:
            self._busy |= aimed.resources
            try:
                await (self._break_net(aimed) if fault.kind in NET else self._break_process(aimed))
            finally:
                self._busy -= aimed.resources
        else:
            self._say(fault, "nobody")

    def _aimed(self, fault: Fault) -> Fault | None:
        """The fault on the leader if it aims at that one, else on whom it was planned for, else on anybody free."""
        count = len(self._crew.hands)
        leaders = [int(each.value.decode().partition(".")[0][1:]) for each in self._operator.line[:1] if fault.aims]
        for target in (*leaders, *((fault.target + each) % count for each in range(count))):
            aimed = replace(fault, target=target)
            if not aimed.resources & self._busy:
                return aimed
        return None

    def _say(self, fault: Fault, phase: str, **fields: Any) -> None:
        facts: dict[str, Any] = {"id": fault.number, "kind": fault.kind, "phase": phase, "target": fault.target}
        self._begun += phase == "begin"
        self._log.write("fault", **facts, **fields)

    async def _break_members(self, fault: Fault) -> None:
        count = int(fault.extra or 1)
        members = [self._etcd.members[(fault.target + each) % 3] for each in range(count)]
        kills = fault.kind.endswith("kill")
        self._say(fault, "begin", members=count)
        for member in members:
            await asyncio.to_thread(member.kill if kills else member.freeze)
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            self._say(fault, "mend")
            for member in members:
                await asyncio.to_thread(member.restart if kills else member.thaw)
        is_back = True
        for member in members if kills else ():
            is_back = await _answers(member) and is_back
        self._say(fault, "end", back=is_back)

    async def _break_net(self, fault: Fault) -> None:
        proxies = [self._crew.hands[fault.target].proxies[each] for each in fault.proxies]
        self._say(fault, "begin", proxies=fault.proxies, extra=fault.extra, seconds=fault.seconds)
        for proxy in proxies:
            _disturb(proxy, fault)
        await asyncio.sleep(fault.seconds)
        for proxy in proxies:
            proxy.heal()
        self._say(fault, "end")

    async def _break_process(self, fault: Fault) -> None:
        hand = self._crew.hands[fault.target]
        self._say(fault, "begin", seconds=fault.seconds)
        if fault.kind == "stop":
            hand.signal(signal.SIGSTOP)
            await asyncio.sleep(fault.seconds)
            hand.signal(signal.SIGCONT)
        elif fault.kind == "kill":
            hand.downtime = fault.seconds
            hand.signal(signal.SIGKILL)
        else:
            hand.tell(f"block {fault.seconds:.3f}")
            await asyncio.sleep(fault.seconds)
        self._say(fault, "end")

    async def _remove(self, fault: Fault) -> None:
        """Delete the key or revoke the lease of whoever is at that place in line now."""
        line = self._operator.line
        if not line:
            return self._say(fault, "nobody")
        victim = line[min(fault.target, len(line) - 1)]
        self._say(fault, "begin", value=victim.value.decode(), key=victim.key.decode(), lease=f"{victim.lease:x}")
        try:
            remove = (
                self._operator.delete(victim.key) if fault.kind == "delete" else self._operator.revoke(victim.lease)
            )
            outcome = "done" if await remove else "was gone"
        except Unanswered:
            outcome = "unknown"
        self._say(fault, "end", outcome=outcome)

    async def _work(self, fault: Fault) -> None:
        self._say(fault, "begin")
        with suppress(Unanswered):
            await (self._operator.compact() if fault.kind == "compact" else self._operator.flood(_FLOOD))
        self._say(fault, "end")


def _disturb(proxy: Proxy, fault: Fault) -> None:
    if fault.kind == "cut":
        proxy.cut()
    elif fault.kind == "black-hole":
        proxy.black_hole(cast(Direction, fault.extra))
    elif fault.kind == "stall":
        proxy.stall()
    elif fault.kind == "delay":
        proxy.delay(float(fault.extra))
    elif fault.kind == "half-open":
        proxy.half_open()
    else:
        proxy.reset()


async def _answers(member: EmbeddedMember) -> bool:
    """Wait until a member that was started again takes part; whether it did in time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_START_PATIENCE):
            while not await asyncio.to_thread(_is_healthy, member.endpoint):  # noqa: ASYNC110 - etcd tells nobody
                await asyncio.sleep(0.05)
            return True
    return False


def _is_healthy(endpoint: str) -> bool:
    host, _, port = endpoint.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=1.0)
    try:
        connection.request("GET", "/health")
        return bool(json.loads(connection.getresponse().read()).get("health") == "true")
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
