"""Looking for what is wrong in a view, for as long as somebody wants to know, and what of it is acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Iterable, Sequence
from datetime import datetime

from election_core import Client, LeaseInfo, Oddity

from ..findings import Finding, Limits, Seen, find_in_steps, leases_wanted
from .shown import HasRead
from .slices import in_slices
from .view import ClusterView

__all__ = ["Lookout", "look_up"]

_AT_ONCE = 8
_ROUND = 200
"""Leases looked up in one round; each costs etcd a request."""
_ODDITIES = 6.0
"""Seconds for which a look through all candidates is good."""
_FINDINGS = 20_000
"""Acknowledged findings that are remembered."""


class Lookout:
    """Findings of a view, made when they are asked for.

    Attributes:
        leases: what was found of the leases of candidates that are in line, by id.
    """

    # The mutable state: the leases, where the next round goes on, the oddities of the last look, and what was
    # acknowledged.

    def __init__(self, view: ClusterView, limits: Limits | None = None, ignored: Container[str] = ()) -> None:
        """``limits``: from where on something counts as wrong; ``ignored``: kinds that are left out."""
        self._view, self._limits, self._ignored = view, limits, ignored
        self.leases: dict[int, LeaseInfo] = {}
        self._next = 0
        self._odd: tuple[HasRead | None, float, list[Oddity]] = (None, 0.0, [])
        self._acknowledged: dict[tuple[object, ...], None] = {}

    async def findings(self, now: datetime) -> list[Finding]:
        """What is wrong now, in order; it takes some 50 ms for 10,000 elections, in slices."""
        view = self._view
        seen = Seen(
            elections=view.elections,
            now=now,
            logs=view.logs,
            leases=self.leases,
            members=view.members.now,
            silent=view.members.silent(view.clock.seconds()),
            oddities=self._oddities(view.read),
            keys=view.keys_read,
        )
        found = await in_slices(find_in_steps(seen, self._limits))
        return [finding for finding in found if finding.kind not in self._ignored]

    def _oddities(self, monitor: HasRead | None) -> list[Oddity]:
        """They take half as long as all the rest, and those that have gone do no harm."""
        of, at, _ = self._odd
        if monitor is not None and (of is not monitor or self._view.clock.seconds() - at >= _ODDITIES):
            self._odd = monitor, self._view.clock.seconds(), monitor.oddities()
        return self._odd[2] if self._odd[0] is monitor else []

    async def look_at_leases(self, suspects: Iterable[str] = ()) -> None:
        """Look the next 200 leases up: first those of suspected elections' leaders, then all in turn, so that many
        are not asked for at once. Cancelling it loses nothing.

        Raises:
            ElectionError: etcd did not answer; what was known stays.
        """
        elections = self._view.elections
        all_wanted = list(leases_wanted(elections))
        first = [state.leader.lease_id for name in suspects if (state := elections.get(name)) and state.leader]
        start = self._next if self._next < len(all_wanted) else 0
        chosen = list(dict.fromkeys([*first[: _ROUND // 2], *all_wanted[start : start + _ROUND]]))[:_ROUND]
        self._next = start + _ROUND
        found = await look_up(self._view.client, chosen, at_once=_AT_ONCE)
        # One that is gone has taken its key with it, so it is in no line for long.
        gone = set(chosen) - found.keys() | (self.leases.keys() - set(all_wanted))
        self.leases = {lease: info for lease, info in (self.leases | found).items() if lease not in gone}

    def acknowledge(self, finding: Finding) -> None:
        """It need not be shown until it changes."""
        self._acknowledged[finding.identity] = None
        if len(self._acknowledged) > _FINDINGS:
            del self._acknowledged[next(iter(self._acknowledged))]

    def recall(self, finding: Finding) -> None:
        """Take the acknowledgement back."""
        self._acknowledged.pop(finding.identity, None)

    @property
    def has_acknowledged(self) -> bool:
        """Whether anything is acknowledged."""
        return bool(self._acknowledged)

    def is_acknowledged(self, finding: Finding) -> bool:
        return finding.identity in self._acknowledged

    def forget_ended(self, findings: Iterable[Finding]) -> None:
        """Of these alone the acknowledgements stand: what ended and comes back is news."""
        if self._acknowledged:
            lasting = {finding.identity for finding in findings}
            self._acknowledged = {each: None for each in self._acknowledged if each in lasting}


async def look_up(client: Client, leases: Sequence[int], *, at_once: int) -> dict[int, LeaseInfo]:
    """Look leases up, some at a time; what does not exist is left out.

    Raises:
        ElectionError: etcd did not answer; the others are given up.
    """
    found: dict[int, LeaseInfo] = {}
    waiting = iter(leases)

    async def work() -> None:
        for lease_id in waiting:
            info = await client.lease(lease_id)
            if info is not None:
                found[lease_id] = info

    tasks = [asyncio.create_task(work()) for _ in range(min(at_once, len(leases)))]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return found
