"""The user's candidacies: campaign, proclaim, resign, with the outcome as it was observed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from election_core import Campaign, Transition

from ..text import safe
from .view import ClusterView

__all__ = ["Candidacies", "Candidacy"]

_OUTCOME_TIMEOUT = 5.0
"""Seconds to wait until an action's outcome shows in the watch."""


@dataclass(slots=True, eq=False)
class Candidacy:
    """One campaign of the user's."""

    label: str
    """``a``, ``b``, … in order of creation."""
    path: str
    """The election from the root of the key space."""
    ttl: int
    campaign: Campaign
    began: float = field(default_factory=monotonic)
    last_action: str = "campaigning"

    @property
    def is_over(self) -> bool:
        return self.campaign.state.is_terminal


class Candidacies:
    """Owns every campaign started from the dashboard until it is resigned; no screen does."""

    # The mutable state: the candidacies in order of creation, closed ones included until forgotten, and those that
    # were resigned by closing.

    def __init__(self, view: ClusterView) -> None:
        self._view = view
        self._all: dict[str, Candidacy] = {}
        self._created = 0
        self._closed: list[Candidacy] = []

    def __iter__(self) -> Iterator[Candidacy]:
        return iter(self._all.values())

    def __getitem__(self, label: str) -> Candidacy:
        return self._all[label]

    @property
    def live(self) -> list[Candidacy]:
        """Those that wait or lead."""
        return [candidacy for candidacy in self if not candidacy.is_over]

    def start(self, name: str, value: str, ttl: int) -> Candidacy:
        """Campaign in an election of the view; the campaign goes on in the background.

        Raises:
            InvalidConfig: the name, value or TTL can never work; nothing was written.
        """
        election = self._view.client.election(name, ttl=ttl, prefix=self._view.base)
        campaign = election.campaign(value)
        label = _label(self._created)
        self._created += 1
        candidacy = Candidacy(label, self._view.base + name, ttl, campaign)
        self._all[label] = candidacy

        def elected() -> None:
            candidacy.last_action = f"elected after {monotonic() - candidacy.began:.3f} s"

        def failed(exc: BaseException) -> None:
            candidacy.last_action = safe(str(exc), 200)

        campaign.on("elected", elected)
        campaign.on("error", failed)
        return candidacy

    def position(self, candidacy: Candidacy) -> tuple[int, int] | None:
        """Place in the queue, 1 leads, and its length; ``None`` where the view does not show the candidate."""
        name = self._view.name_of(candidacy.path)
        state = self._view.elections.get(name) if name is not None else None
        if state is None or candidacy.is_over:
            return None
        keys = [candidate.key for candidate in state.queue]
        return (keys.index(candidacy.campaign.key) + 1, len(keys)) if candidacy.campaign.key in keys else None

    async def proclaim(self, candidacy: Candidacy, value: str) -> str:
        """Proclaim, and say what the watch showed. Cancelling it leaves open whether the value was written.

        Raises:
            ElectionError: etcd did not take it.
        """
        key, raw, began = candidacy.campaign.key, value.encode(), monotonic()
        with self._view.expectations.expect(
            lambda t: t.after is not None and t.after.key == key and t.after.value == raw
        ) as seen:
            await candidacy.campaign.proclaim(value)
            transition = await _observed(seen)
        took = monotonic() - began
        outcome = (
            "proclaimed, not yet seen in the watch" if transition is None else f"proclaimed, seen after {took:.3f} s"
        )
        candidacy.last_action = outcome
        return outcome

    async def resign(self, candidacy: Candidacy) -> str:
        """Resign, and say who was seen to lead and how long the hand-over took. Cancelling it resigns all the same.

        Raises:
            ElectionError: etcd did not answer; it can be tried again.
        """
        key, led, began = candidacy.campaign.key, candidacy.campaign.is_leader, monotonic()
        with self._view.expectations.expect(
            lambda t: t.before is not None and t.before.key == key and t.kind != "proclaimed"
        ) as seen:
            await candidacy.campaign.resign()
            transition = await _observed(seen) if led else None
        outcome = _hand_over(transition, monotonic() - began) if led else "left the queue"
        candidacy.last_action = outcome
        return outcome

    def abandon(self, candidacy: Candidacy) -> str:
        """Stop renewing the lease without revoking it, as a crash would."""
        candidacy.campaign.abandon()
        candidacy.last_action = f"abandoned; its lease ends within {candidacy.ttl} s"
        return candidacy.last_action

    def forget_closed(self) -> None:
        """Drop the candidacies that are over from the list."""
        self._all = {label: candidacy for label, candidacy in self._all.items() if not candidacy.is_over}

    async def close(self, timeout: float) -> None:
        """Try for ``timeout`` seconds to resign everything; `left_behind` tells how it went."""
        leaving = self.live
        self._closed += leaving
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await asyncio.gather(*(each.campaign.resign() for each in leaving), return_exceptions=True)

    async def left_behind(self) -> list[str]:
        """What could not be resigned, a line each for the user to read; ask once the client is closed."""
        outcomes = await asyncio.gather(*(each.campaign.resign() for each in self._closed), return_exceptions=True)
        pairs = zip(self._closed, outcomes, strict=True)
        return [_left_behind(candidacy) for candidacy, outcome in pairs if outcome is not None]


async def _observed(seen: asyncio.Future[Transition]) -> Transition | None:
    try:
        async with asyncio.timeout(_OUTCOME_TIMEOUT):
            return await seen
    except TimeoutError:
        return None


def _hand_over(transition: Transition | None, took: float) -> str:
    if transition is None:
        return "resigned; the watch has not shown the outcome yet"
    if transition.after is None:
        return f"resigned; vacant, seen after {took:.3f} s"
    return f"resigned; {safe(transition.after.value, 40)} leads, handed over in {took:.3f} s"


def _left_behind(candidacy: Candidacy) -> str:
    ours = candidacy.campaign
    return (
        f"could not resign {safe(ours.value, 40)!r} in {safe(candidacy.path, 60)}: etcd did not confirm it. Its key"
        f" {safe(ours.key)} stays until lease {ours.lease_id:x} ends, within {candidacy.ttl} s; to end it at once:"
        f" etcdctl lease revoke {ours.lease_id:x}"
    )


def _label(number: int) -> str:
    letters = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        letters = chr(ord("a") + digit) + letters
    return letters
