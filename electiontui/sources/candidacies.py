"""The user's candidacies: campaign, proclaim, resign, with the outcome as it was observed."""

from __future__ import annotations

import asyncio
import getpass
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from election_core import Campaign, CampaignClosed, Client, Transition

from ..text import safe
from .deeds import Deeds
from .own_loop import OwnLoop
from .view import ClusterView

__all__ = ["Candidacies", "Candidacy"]

_DEFAULT_TTL = 60
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
    """Its properties may be read in any thread; what acts on it goes through `Candidacies`."""
    began: float = field(default_factory=monotonic)
    last_action: str = "campaigning"

    @property
    def is_over(self) -> bool:
        return self.campaign.state.is_terminal


class Candidacies:
    """Owns every campaign started from the dashboard until it is resigned; no screen does.

    They run on a client and an event loop of their own, in a thread of its own: the screen's loop may be blocked by its
    terminal, or end, and the leases are renewed all the same. The client is made with the first campaign.
    """

    # The mutable state: the candidacies in order of creation, closed ones included until forgotten, added in the own
    # loop alone; the client, which belongs to that loop; and the outcome of closing, once it has begun.

    def __init__(self, view: ClusterView, client_factory: Callable[[], Client]) -> None:
        """``client_factory`` is called in the own loop, with the first campaign."""
        self._view = view
        self._client_factory = client_factory
        self._client: Client | None = None
        self._loop = OwnLoop("own candidacies")
        self._all: dict[str, Candidacy] = {}
        self._created = 0
        self.usual_value, self.usual_ttl = _who_and_where(), _DEFAULT_TTL
        """What a campaign is likely to want: the TTL is that of the last one."""
        self.deeds = Deeds()
        """What came of what the user did."""
        self._stopwatches: set[asyncio.Task[None]] = set()
        self._closing_lock = threading.Lock()
        self._closing: Future[list[str]] | None = None

    def __iter__(self) -> Iterator[Candidacy]:
        return iter(list(self._all.values()))

    def __getitem__(self, label: str) -> Candidacy:
        return self._all[label]

    @property
    def live(self) -> list[Candidacy]:
        """Those that wait or lead."""
        return [candidacy for candidacy in self if not candidacy.is_over]

    async def start(self, name: str, value: str, ttl: int) -> Candidacy:
        """Campaign in an election of the view; the campaign goes on in the background.

        Cancelling it leaves open whether it was started.

        Raises:
            InvalidConfig: the name, value or TTL can never work; nothing was written.
            CampaignClosed: everything is being resigned.
        """
        candidacy = await self._loop.run(self._join(self._view.base, name, value, ttl))
        self.usual_ttl = ttl
        return candidacy

    async def _join(self, base: str, name: str, value: str, ttl: int) -> Candidacy:
        if self._closing is not None:
            raise CampaignClosed("The dashboard is being left; nothing new is begun.")
        if self._client is None:
            self._client = self._client_factory()
        campaign = self._client.election(name, ttl=ttl, prefix=base).campaign(value)
        candidacy = Candidacy(_label(self._created), base + name, ttl, campaign)
        self._created += 1
        self._all[candidacy.label] = candidacy

        def elected() -> None:
            took = monotonic() - candidacy.began
            self._tell(candidacy, f"elected after {took:.3f} s", "elected", took)

        def failed(exc: BaseException) -> None:
            self._tell(candidacy, safe(str(exc), 200))

        campaign.on("elected", elected)
        campaign.on("error", failed)
        return candidacy

    def _tell(self, candidacy: Candidacy, text: str, kind: str = "", seconds: float | None = None) -> str:
        candidacy.last_action = text
        self.deeds.note(candidacy.path, f"{safe(candidacy.campaign.value, 40)}: {text}", kind, seconds)
        return text

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
            await self._loop.run(candidacy.campaign.proclaim(value))
            transition = await _observed(seen)
        took = monotonic() - began
        if transition is None:
            return self._tell(candidacy, "proclaimed, not yet seen in the watch")
        return self._tell(candidacy, f"proclaimed, seen after {took:.3f} s", "proclaimed", took)

    async def resign(self, candidacy: Candidacy) -> str:
        """Resign, and say who was seen to lead and how long the hand-over took. Cancelling it resigns all the same.

        Raises:
            ElectionError: etcd did not answer; it can be tried again.
        """
        key, led, began = candidacy.campaign.key, candidacy.campaign.is_leader, monotonic()
        with self._view.expectations.expect(_ends(key)) as seen:
            # Shielded, since what is cancelled before the other thread has taken it up would never be begun.
            await asyncio.shield(self._loop.run(candidacy.campaign.resign()))
            transition = await _observed(seen) if led else None
        took = monotonic() - began
        if not led:
            return self._tell(candidacy, "left the queue")
        handed_over = transition is not None and transition.after is not None
        kind, seconds = ("handed over", took) if handed_over else ("", None)
        return self._tell(candidacy, _hand_over(transition, took), kind, seconds)

    async def abandon(self, candidacy: Candidacy) -> str:
        """Stop renewing the lease without revoking it, as a crash would. Cancelling it abandons all the same.

        What came of it is told when it is seen, up to a lease later.
        """

        async def stop() -> None:
            candidacy.campaign.abandon()

        led, began = candidacy.campaign.is_leader, monotonic()
        await asyncio.shield(self._loop.run(stop()))
        if led:
            stopwatch = asyncio.create_task(self._time_the_end(candidacy, began), name="stopwatch")
            self._stopwatches.add(stopwatch)
            stopwatch.add_done_callback(self._stopwatches.discard)
        return self._tell(candidacy, f"abandoned; its lease ends within {candidacy.ttl} s")

    async def _time_the_end(self, candidacy: Candidacy, began: float) -> None:
        """Wait until the watch shows the end of an abandoned leader."""
        key = candidacy.campaign.key
        with self._view.expectations.expect(_ends(key)) as seen:
            transition = await _observed(seen, candidacy.ttl + _OUTCOME_TIMEOUT)
        took = monotonic() - began
        if transition is None:
            self._tell(candidacy, f"abandoned {took:.0f} s ago, and not seen to be gone")
        elif transition.after is None:
            self._tell(candidacy, f"crash: vacant, seen after {took:.3f} s")
        else:
            leader = safe(transition.after.value, 40)
            self._tell(candidacy, f"crash: {leader} leads, after {took:.3f} s", "crash", took)

    def forget_closed(self) -> None:
        """Drop the candidacies that are over from the list."""
        for candidacy in self:
            if candidacy.is_over:
                del self._all[candidacy.label]

    async def close(self, timeout: float) -> None:
        """Try for ``timeout`` seconds to resign everything; `left_behind` tells how it went.

        Cancelling it, or closing the loop that it is called in, stops none of that.
        """
        for stopwatch in self._stopwatches:
            stopwatch.cancel()
        if self._loop.has_begun:
            await asyncio.wait({asyncio.wrap_future(self._close(timeout))}, timeout=timeout)

    def close_now(self, timeout: float) -> None:
        """The same from any thread, which it blocks for at most that time; it needs no loop but its own."""
        if self._loop.has_begun:
            with suppress(TimeoutError):
                self._close(timeout).result(timeout)

    async def left_behind(self) -> list[str]:
        """What could not be resigned by closing, a line each for the user to read."""
        return [] if self._closing is None else await asyncio.shield(asyncio.wrap_future(self._closing))

    def _close(self, timeout: float) -> Future[list[str]]:
        """Have everything resigned, once; gives what could not be."""
        with self._closing_lock:
            if self._closing is None:
                self._closing = self._loop.submit(self._end(timeout))
            return self._closing

    async def _end(self, timeout: float) -> list[str]:
        leaving = self.live
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await _resign_all(leaving)
        if self._client is not None:
            # One more try, and the end of whatever is begun from now on.
            await self._client.close()
        outcomes = await _resign_all(leaving)
        return [_left_behind(each) for each, outcome in zip(leaving, outcomes, strict=True) if outcome is not None]


async def _resign_all(leaving: list[Candidacy]) -> list[object]:
    return await asyncio.gather(*(each.campaign.resign() for each in leaving), return_exceptions=True)


async def _observed(seen: asyncio.Future[Transition], within: float = _OUTCOME_TIMEOUT) -> Transition | None:
    try:
        async with asyncio.timeout(within):
            return await seen
    except TimeoutError:
        return None


def _ends(key: bytes | None) -> Callable[[Transition], bool]:
    """Whether a transition is the end of the leadership of a candidate."""
    return lambda t: t.before is not None and t.before.key == key and t.kind != "proclaimed"


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


def _who_and_where() -> str:
    """``user@host``, or the host alone where the user has no name."""
    host = socket.gethostname()
    with suppress(OSError, KeyError):
        return f"{getpass.getuser()}@{host}"
    return host


def _label(number: int) -> str:
    letters = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        letters = chr(ord("a") + digit) + letters
    return letters
