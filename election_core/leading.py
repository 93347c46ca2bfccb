"""Long-lived leadership: campaign, work while leading, and campaign again after a loss."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from .backoff import Backoff
from .campaign import Campaign
from .campaign_state import CampaignState
from .clock import Clock, sleep
from .errors import ElectionError, LeadershipLost, Unavailable

if TYPE_CHECKING:
    from .election import Election

__all__ = ["keep_leading"]

_log = logging.getLogger("election_core.campaign")

T = TypeVar("T")


async def keep_leading(
    election: Election, value: str | bytes, work: Callable[[Campaign], Awaitable[T]], clock: Clock
) -> T:
    """See `Election.lead`."""
    backoff = Backoff(first=0.2, last=10.0)
    while True:
        elected_at: float | None = None
        campaign = election.campaign(value)
        try:
            async with campaign:
                elected_at = clock.now()
                return await work(campaign)
        except ElectionError as exc:
            if not _is_worth_another_try(campaign, exc, elected_at):
                raise
            _log.info("election %r: campaigning again: %s", election.name, exc)
        if elected_at is not None and clock.now() - elected_at > election.ttl:
            backoff.reset()
        await sleep(clock, backoff.pause())


def _is_worth_another_try(campaign: Campaign, exc: ElectionError, elected_at: float | None) -> bool:
    """Whether it was the leadership or etcd that failed, and not the work."""
    if isinstance(exc, LeadershipLost):
        return campaign.state is CampaignState.LOST
    return isinstance(exc, Unavailable) and elected_at is None
